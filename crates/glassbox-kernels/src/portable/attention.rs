//! Attention over a paged cache in f32.

use super::LANES;
use super::dot::{accumulate_rows, fold};
use super::softmax::Running;
use crate::Tile;
use glassbox_core::{AttentionShape, PAGE};

/// The most elements a head may have.
pub const MAX_HEAD_DIM: usize = 256;
/// The most query heads times query rows that one call may hold.
pub const MAX_QUERIES: usize = 64;
/// Elements of an output that are summed at a time.
const BLOCK: usize = 64;

/// One layer's keys and values, seen through one sequence's page table.
#[derive(Clone, Copy)]
pub struct KvPages<'a> {
    /// All pages of keys, each `[PAGE, n_kv_heads * head_dim]`.
    pub keys: &'a [f32],
    /// All pages of values, likewise.
    pub values: &'a [f32],
    /// Position `p` is in page `table[p / PAGE]`.
    pub table: &'a [u32],
}

/// Some consecutive rows of queries of one sequence.
#[derive(Clone, Copy)]
pub struct Queries<'a> {
    /// `[n_rows, n_heads * head_dim]`.
    pub data: &'a [f32],
    /// The position of the first row.
    pub start: usize,
}

impl<'a> Queries<'a> {
    /// Query heads a key-value head.
    ///
    /// # Panics
    /// When `dst` is not the output of the group of one, or more than a kernel has room for.
    #[inline(always)]
    pub(crate) fn group(&self, dst: &Tile<'_>, shape: AttentionShape) -> usize {
        let group = shape.n_heads / shape.n_kv_heads;
        assert!(shape.head_dim <= MAX_HEAD_DIM && dst.n_rows() * group <= MAX_QUERIES);
        assert_eq!(self.data.len(), dst.n_rows() * shape.q_width());
        assert_eq!(dst.n_cols(), group * shape.head_dim);
        group
    }

    /// Head `head` of row `row`.
    #[inline(always)]
    pub(crate) fn vector(&self, row: usize, head: usize, shape: AttentionShape) -> &'a [f32] {
        &self.data[row * shape.q_width() + head * shape.head_dim..][..shape.head_dim]
    }
}

/// `dst = softmax(q · kᵀ / sqrt(head_dim)) · v` for the query heads of key-value head `kv_head`.
///
/// `dst` has a row for each row of queries and the columns of the group's heads,
/// `[n_rows, group * head_dim]`. Row `i` attends to positions `0 ..= start + i`, page by page in
/// order. A page whose scores are `x[j] = (q · k[j]) * scale` becomes weights `p` and a factor `a`
/// as [`Running`] has it, and does to the output `o`, 0 at first,
///
/// ```text
/// o = o * a;  o = fma(p[j], v[j], o) in order of j
/// ```
///
/// and the output is `o * (1 / s)` at the end, `s` being the sum of all weights.
/// Source: Milakov and Gimelshein, arXiv 1805.02867.
///
/// # Panics
/// When the shapes do not fit, a head is longer than [`MAX_HEAD_DIM`], the group times the rows
/// exceed [`MAX_QUERIES`], or a page is missing.
#[inline(always)]
pub fn attention<'a>(
    dst: &mut Tile<'_>,
    q: Queries<'_>,
    kv: KvPages<'a>,
    kv_head: usize,
    shape: AttentionShape,
) {
    let hd = shape.head_dim;
    let group = q.group(dst, shape);
    let n_rows = dst.n_rows();
    let n_queries = n_rows * group;
    let scale = shape.scale();
    let mut runs = [Running::default(); MAX_QUERIES];
    let mut scores = [[0.0f32; PAGE]; MAX_QUERIES];
    for row in 0..n_rows {
        dst.row(row).fill(0.0);
    }
    let last = q.start + n_rows - 1;
    for first in (0..=last).step_by(PAGE) {
        let page = kv.table[first / PAGE] as usize;
        let vector = |of: &'a [f32], j: usize| {
            let at = (page * PAGE + j) * shape.kv_width() + kv_head * hd;
            &of[at..][..hd]
        };
        for (query, scores) in scores.iter_mut().take(n_queries).enumerate() {
            let (row, out) = (query / group, query % group * hd);
            let visible = (q.start + row + 1).saturating_sub(first).min(PAGE);
            if visible == 0 {
                continue;
            }
            let query_vector = q.vector(row, kv_head * group + query % group, shape);
            // Keys beyond the visible are stale, and so are their scores, which nobody reads.
            for (c, scores) in scores.chunks_exact_mut(4).enumerate() {
                if 4 * c >= visible {
                    break;
                }
                let keys = std::array::from_fn::<_, 4, _>(|i| vector(kv.keys, 4 * c + i));
                let mut lanes = [[0.0; LANES]; 4];
                accumulate_rows(&mut lanes, keys, query_vector);
                for (score, lanes) in scores.iter_mut().zip(lanes) {
                    *score = fold(lanes) * scale;
                }
            }
            let weights = &mut scores[..visible];
            let shrink = runs[query].weights(weights);
            let out = &mut dst.row(row)[out..][..hd];
            out.iter_mut().for_each(|o| *o *= shrink);
            add_weighted(out, weights, |j| vector(kv.values, j));
        }
    }
    for row in 0..n_rows {
        for (g, out) in dst.row(row).chunks_exact_mut(hd).enumerate() {
            let inverse = 1.0 / runs[row * group + g].total;
            for o in out {
                *o *= inverse;
            }
        }
    }
}

/// `out = fma(weights[j], vector(j), out)` in order of `j`, for vectors as long as `out`.
#[inline(always)]
fn add_weighted<'a>(out: &mut [f32], weights: &[f32], vector: impl Fn(usize) -> &'a [f32]) {
    let width = out.len();
    let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
    // A block stays in registers while all vectors pass by.
    for (i, out) in blocks.iter_mut().enumerate() {
        let mut acc = *out;
        for (j, &p) in weights.iter().enumerate() {
            let v: &[f32; BLOCK] = vector(j)[i * BLOCK..][..BLOCK].try_into().unwrap();
            for k in 0..BLOCK {
                acc[k] = p.mul_add(v[k], acc[k]);
            }
        }
        *out = acc;
    }
    let at = width - rest.len();
    for (j, &p) in weights.iter().enumerate() {
        for (o, &v) in rest.iter_mut().zip(&vector(j)[at..]) {
            *o = p.mul_add(v, *o);
        }
    }
}
