use crate::CpuError;
use crate::team::{Chunks, Team};
use crate::weight::Weight;
use glassbox_core::DType;
use glassbox_kernels::{ActBlock, Activations, Kernels, Rows, Tile, tile};

/// Bytes of activations that stay in a core's cache while all weights pass by.
const CACHED: usize = 384 << 10;
/// Outputs that a thread takes at a time.
const COLS: usize = 32;
/// Rows of a tile of quantised activations.
const TILE: usize = tile(usize::MAX);

/// Space for the quantised rows of a layer's input, in either block.
#[derive(Default)]
pub(crate) struct Scratch {
    small: Quantized,
    large: Quantized,
}

impl Scratch {
    /// Makes room for `rows` rows of `width`, so that no operation allocates.
    pub(crate) fn reserve(&mut self, rows: usize, width: usize) -> Result<(), CpuError> {
        let len = rows.saturating_mul(width);
        for (space, block) in [(&mut self.small, 32), (&mut self.large, 256)] {
            reserve(&mut space.q, len)?;
            reserve(&mut space.d, len / block)?;
            reserve(&mut space.sums, len / 16)?;
        }
        Ok(())
    }
}

/// Makes room for `len` elements, or gives an error instead of an abort.
pub(crate) fn reserve<T>(space: &mut Vec<T>, len: usize) -> Result<(), CpuError> {
    let more = len.saturating_sub(space.len());
    let bytes = len.saturating_mul(size_of::<T>());
    let refused = |_| CpuError::Memory {
        what: "a layer's input",
        bytes,
    };
    space.try_reserve_exact(more).map_err(refused)
}

#[derive(Default)]
struct Quantized {
    q: Vec<i8>,
    d: Vec<f32>,
    sums: Vec<i16>,
}

impl Quantized {
    fn fill(&mut self, kernels: &Kernels, team: &mut Team, x: Rows<'_>, block: ActBlock) {
        let len = x.data.len();
        let (width, blocks, sums) = (x.width, x.width / block.size(), x.width / 16);
        self.q.resize(len, 0);
        self.d.resize(len / block.size(), 0.0);
        self.sums.resize(len / 16, 0);
        let whole = (
            Chunks::new(&mut self.q, TILE * width),
            Chunks::new(&mut self.d, TILE * blocks),
            Chunks::new(&mut self.sums, TILE * sums),
        );
        team.for_each_part(whole, |i, (q, d, s)| {
            let x = &x.data[i * TILE * width..][..q.len()];
            kernels.quantize_rows(q, d, s, Rows { data: x, width }, block);
        });
    }
}

/// `dst[i] = x · weight[i]ᵀ + bias[i]`; what the input needs is done once for all.
pub(crate) fn linear<const N: usize>(
    (kernels, team, scratch): (&'static Kernels, &mut Team, &mut Scratch),
    dst: [&mut [f32]; N],
    x: Rows<'_>,
    weight: [&Weight; N],
    bias: [Option<&Weight>; N],
) -> Result<(), CpuError> {
    let rows = (CACHED / x.width.max(1)).next_multiple_of(TILE);
    let mut filled: [Option<ActBlock>; 2] = [None; 2];
    for ((dst, weight), bias) in dst.into_iter().zip(weight).zip(bias) {
        if weight.cols != x.width {
            let (got, expected) = (x.width, weight.cols);
            return Err(CpuError::Shape {
                what: "input of a linear layer",
                got,
                expected,
            });
        }
        let bias = match bias {
            Some(bias) => Some(bias.vector("bias of a linear layer", weight.rows)?),
            None => None,
        };
        let dtype = weight.dtype;
        let input = match ActBlock::for_weights(dtype.block_len()) {
            None => Input::Float(x),
            Some(block) => {
                let (slot, space) = match block {
                    ActBlock::Small => (&mut filled[0], &mut scratch.small),
                    ActBlock::Super => (&mut filled[1], &mut scratch.large),
                };
                if slot.replace(block).is_none() {
                    space.fill(kernels, team, x, block);
                }
                let Quantized { q, d, sums } = &*space;
                Input::Quantized(Activations {
                    q,
                    d,
                    sums,
                    width: x.width,
                    block,
                })
            }
        };
        team.for_each(Tile::whole(dst, weight.rows), rows, COLS, |mut tile| {
            let (row, col) = (tile.first_row(), tile.first_col());
            let n_cols = tile.n_cols();
            let w = weight.rows(col, n_cols);
            input
                .rows(row, tile.n_rows())
                .times(kernels, &mut tile, w, dtype);
            if let Some(bias) = bias {
                for r in 0..tile.n_rows() {
                    kernels.add(tile.row(r), &bias[col..][..n_cols]);
                }
            }
        });
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Input<'a> {
    Float(Rows<'a>),
    Quantized(Activations<'a>),
}

impl<'a> Input<'a> {
    /// Rows `first` to `first + n`; `first` is the first of a tile.
    fn rows(&self, first: usize, n: usize) -> Input<'a> {
        match *self {
            Input::Float(Rows { data, width }) => Input::Float(Rows {
                data: &data[first * width..][..n * width],
                width,
            }),
            Input::Quantized(a) => {
                let (blocks, sums) = (a.width / a.block.size(), a.width / 16);
                Input::Quantized(Activations {
                    q: &a.q[first * a.width..][..n * a.width],
                    d: &a.d[first * blocks..][..n * blocks],
                    sums: &a.sums[first * sums..][..n * sums],
                    ..a
                })
            }
        }
    }

    fn times(&self, kernels: &Kernels, dst: &mut Tile<'_>, w: &[u8], dtype: DType) {
        match self {
            Input::Float(x) => kernels.linear_float(dst, *x, w, dtype),
            Input::Quantized(x) => kernels.linear_quant(dst, x, w, dtype),
        }
    }
}
