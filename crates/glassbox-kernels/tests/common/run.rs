//! Each kernel called on owned vectors, with the rest of the matrix that its tile is part of.

use glassbox_core::{AttentionShape, DType, PAGE};
use glassbox_kernels::panels::heads;
use glassbox_kernels::portable::fixed::{Q8_LIMIT, VALUE_LIMIT, key_limit};
use glassbox_kernels::{
    ActBlock, Activations, HeadPanels, Kernels, KvPages, KvPanels, Queries, Rows, Step, Steps,
    Tile, Turns, panels,
};

/// What a matrix holds before a tile of it is written, so that a write beside the tile is seen.
pub(crate) const UNTOUCHED: f32 = -77.25;

/// How many tiles of the same size lie around a tile: above it, left of it and right of it.
pub(crate) type Around = (usize, usize, usize);

/// Lets `body` write a tile of `n_rows` by `n_cols` inside a larger matrix, and gives back what
/// the tile holds then.
///
/// # Panics
/// When anything beside the tile was written.
#[allow(unsafe_code)]
pub(crate) fn in_part(
    (n_rows, n_cols): (usize, usize),
    (above, left, right): Around,
    body: impl FnOnce(&mut Tile<'_>),
) -> Vec<f32> {
    let across = left + 1 + right;
    let stride = across * n_cols;
    let mut matrix = vec![UNTOUCHED; (above + 2) * n_rows * stride];
    let grid = Tile::whole(&mut matrix, stride).grid(n_rows, n_cols);
    // SAFETY: it is the only part taken of this grid.
    body(&mut unsafe { grid.part(above * across + left) });
    let mut out = Vec::new();
    for (r, row) in matrix.chunks_exact(stride).enumerate() {
        for (c, &x) in row.iter().enumerate() {
            if r / n_rows == above && c / n_cols == left {
                out.push(x);
            } else {
                assert_eq!(x, UNTOUCHED, "row {r}, column {c} is beside the tile");
            }
        }
    }
    out
}

/// [`in_part`] of a linear layer of any type: `x` is `[n_tokens, width]`, `w` `[n_out, width]`.
pub(crate) fn linear(
    kernels: &Kernels,
    x: &[f32],
    width: usize,
    w: &[u8],
    dtype: DType,
    around: Around,
) -> Vec<f32> {
    let shape = (x.len() / width, w.len() / dtype.row_bytes(width).unwrap());
    let w = in_panels(w, width, dtype);
    match ActBlock::for_weights(dtype.block_len()) {
        None => {
            let step = kernels.step(dtype);
            let x = Steps {
                words: &steps(kernels, x, width, step),
                per_row: step.per_row(width),
            };
            in_part(shape, around, |dst| {
                kernels.linear_float(dst, &x, &w, dtype);
            })
        }
        Some(block) => {
            let x = Quantized::new(kernels, x, width, block);
            in_part(shape, around, |dst| {
                kernels.linear_quant(dst, &x.view(), &w, dtype);
            })
        }
    }
}

/// Rows as [`Steps`] has them.
pub(crate) fn steps(kernels: &Kernels, x: &[f32], width: usize, step: Step) -> Vec<u32> {
    let mut words = vec![99; x.len() / width * step.per_row(width)];
    kernels.steps_of_rows(&mut words, Rows { data: x, width }, step);
    words
}

/// The rows of a weight in panels.
pub(crate) fn in_panels(w: &[u8], width: usize, dtype: DType) -> Vec<u8> {
    let rows_bytes = panels::ROWS * dtype.row_bytes(width).unwrap();
    let panel_bytes = panels::bytes(width, dtype);
    let mut packed = vec![99; w.len().div_ceil(rows_bytes) * panel_bytes];
    for (panel, rows) in packed.chunks_mut(panel_bytes).zip(w.chunks(rows_bytes)) {
        panels::pack(panel, rows, width, dtype);
    }
    packed
}

/// A cache in f32, `[n_pages, PAGE, width]`.
pub(crate) struct Cache {
    pub(crate) keys: Vec<f32>,
    pub(crate) values: Vec<f32>,
}

impl Cache {
    /// [`in_part`] of attention of the rows `q`, the first at position `start`.
    pub(crate) fn attention(
        &self,
        kernels: &Kernels,
        q: &[f32],
        start: usize,
        table: &[u32],
        kv_head: usize,
        shape: AttentionShape,
        around: Around,
    ) -> Vec<f32> {
        let kv = KvPages {
            keys: &self.keys,
            values: &self.values,
            table,
        };
        let q_rows = Queries { data: q, start };
        in_part(group_size(q, shape), around, |dst| {
            kernels.attention_f32(dst, q_rows, kv, kv_head, shape);
        })
    }
}

/// Rows and columns of the outputs of one key-value head's group.
fn group_size(q: &[f32], shape: AttentionShape) -> (usize, usize) {
    let group = shape.n_heads / shape.n_kv_heads;
    (q.len() / shape.q_width(), group * shape.head_dim)
}

/// Writes the vector at a position of a page.
type Put<C> = fn(&mut [heads::Pair<C>], usize, &[i16]);

/// Vectors in integers, `[n_pages, PAGE, n_kv_heads]`, and the same in panels of cells `C`.
pub(crate) struct Heads<C> {
    shape: AttentionShape,
    pub(crate) q: Vec<i16>,
    pub(crate) d: Vec<f32>,
    panels: Vec<heads::Pair<C>>,
    scales: Vec<f32>,
}

/// In 16 bits.
pub(crate) type Heads16 = Heads<i16>;

impl<C: Cell> Heads<C> {
    pub(crate) fn new(
        kernels: &Kernels,
        x: &[f32],
        shape: AttentionShape,
        limit: i32,
        (pairs, put): (usize, Put<C>),
    ) -> Self {
        let (hd, n_heads) = (shape.head_dim, shape.n_kv_heads);
        let (mut q, mut d) = (vec![99; x.len()], vec![99.0; x.len() / hd]);
        kernels.fixed_rows(&mut q, &mut d, x, limit);
        let mut panels = vec![[C::narrow(99); 2]; d.len() / PAGE * pairs];
        let mut scales = vec![99.0; d.len()];
        let n_pages = d.len() / PAGE / n_heads;
        for (i, (q, d)) in q.chunks_exact(hd).zip(&d).enumerate() {
            let (page, pos, head) = (i / n_heads / PAGE, i / n_heads % PAGE, i % n_heads);
            let at = head * n_pages + page;
            put(&mut panels[at * pairs..][..pairs], pos, q);
            scales[at * PAGE + pos] = *d;
        }
        Heads {
            shape,
            q,
            d,
            panels,
            scales,
        }
    }

    pub(crate) fn keys(kernels: &Kernels, x: &[f32], shape: AttentionShape) -> Self {
        let of = (heads::key_pairs(shape.head_dim), heads::put_key as _);
        Self::new(kernels, x, shape, C::most(key_limit(shape.head_dim)), of)
    }

    pub(crate) fn values(kernels: &Kernels, x: &[f32], shape: AttentionShape) -> Self {
        let of = (heads::value_pairs(shape.head_dim), heads::put_value as _);
        Self::new(kernels, x, shape, C::most(VALUE_LIMIT), of)
    }

    fn view(&self) -> HeadPanels<'_, C> {
        HeadPanels {
            pairs: &self.panels,
            scales: &self.scales,
        }
    }

    /// The first `len` positions of a head: integers and scales.
    pub(crate) fn head(&self, head: usize, len: usize, table: &[u32]) -> (Vec<i16>, Vec<f32>) {
        let (mut q, mut d) = (Vec::new(), Vec::new());
        for pos in 0..len {
            let row = table[pos / PAGE] as usize * PAGE + pos % PAGE;
            let at = row * self.shape.n_kv_heads + head;
            q.extend(&self.q[at * self.shape.head_dim..][..self.shape.head_dim]);
            d.push(self.d[at]);
        }
        (q, d)
    }
}

/// The width of a cell.
pub(crate) trait Cell: heads::Cell {
    /// The largest magnitude that a cell may have, of one that a wide cell may.
    fn most(wide: i32) -> i32;
    fn attention(
        kernels: &Kernels,
        dst: &mut Tile<'_>,
        q: Queries<'_>,
        kv: KvPanels<'_, Self>,
        kv_head: usize,
        shape: AttentionShape,
    );
}

impl Cell for i16 {
    fn most(wide: i32) -> i32 {
        wide
    }

    fn attention(
        kernels: &Kernels,
        dst: &mut Tile<'_>,
        q: Queries<'_>,
        kv: KvPanels<'_, Self>,
        kv_head: usize,
        shape: AttentionShape,
    ) {
        kernels.attention_i16(dst, q, kv, kv_head, shape);
    }
}

impl Cell for i8 {
    fn most(_: i32) -> i32 {
        Q8_LIMIT
    }

    fn attention(
        kernels: &Kernels,
        dst: &mut Tile<'_>,
        q: Queries<'_>,
        kv: KvPanels<'_, Self>,
        kv_head: usize,
        shape: AttentionShape,
    ) {
        kernels.attention_i8(dst, q, kv, kv_head, shape);
    }
}

/// [`in_part`] of attention in integers of the rows `q`, the first at position `start`.
pub(crate) fn attention_int<C: Cell>(
    kernels: &Kernels,
    (keys, values): (&Heads<C>, &Heads<C>),
    q: &[f32],
    start: usize,
    table: &[u32],
    kv_head: usize,
    around: Around,
) -> Vec<f32> {
    let (shape, size) = (keys.shape, group_size(q, keys.shape));
    let kv = KvPanels {
        keys: keys.view(),
        values: values.view(),
        table,
    };
    let q = Queries { data: q, start };
    in_part(size, around, |dst| {
        C::attention(kernels, dst, q, kv, kv_head, shape)
    })
}

/// Quantised rows.
pub(crate) struct Quantized {
    pub(crate) q: Vec<i8>,
    pub(crate) d: Vec<f32>,
    pub(crate) sums: Vec<i16>,
    pub(crate) width: usize,
    pub(crate) block: ActBlock,
    pub(crate) turns: Turns,
}

impl Quantized {
    pub(crate) fn new(kernels: &Kernels, x: &[f32], width: usize, block: ActBlock) -> Self {
        let rows = x.len() / width.max(1);
        let turns = kernels.turns(rows, block);
        let len = turns.room(rows) * width;
        let mut q = vec![99; len];
        let mut d = vec![99.0; block.floats(len)];
        let mut sums = vec![99; block.sums(len)];
        let parts = (&mut q[..], &mut d[..], &mut sums[..]);
        kernels.quantize_rows(parts, Rows { data: x, width }, block, turns);
        Quantized {
            q,
            d,
            sums,
            width,
            block,
            turns,
        }
    }

    pub(crate) fn view(&self) -> Activations<'_> {
        Activations {
            q: &self.q,
            d: &self.d,
            sums: &self.sums,
            width: self.width,
            block: self.block,
            turns: self.turns,
        }
    }
}
