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
/// Keys or values that are met at a time: side by side, all queries find them in the nearest cache.
const KEYS: usize = 16;
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
pub fn attention(
    dst: &mut Tile<'_>,
    q: Queries<'_>,
    kv: KvPages<'_>,
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
    let mut rows = [0.0f32; KEYS * MAX_HEAD_DIM];
    for row in 0..n_rows {
        dst.row(row).fill(0.0);
    }
    let last = q.start + n_rows - 1;
    for first in (0..=last).step_by(PAGE) {
        let page = kv.table[first / PAGE] as usize;
        let in_page = PAGE.min(last + 1 - first);
        let gather = |rows: &mut [f32], from: &[f32], j: usize, n: usize| {
            for (i, row) in rows.chunks_exact_mut(hd).take(n).enumerate() {
                let at = (page * PAGE + j + i) * shape.kv_width() + kv_head * hd;
                row.copy_from_slice(&from[at..][..hd]);
            }
        };
        for j in (0..in_page).step_by(KEYS) {
            let n = KEYS.min(in_page - j);
            gather(&mut rows, kv.keys, j, n);
            for (query, scores) in scores.iter_mut().take(n_queries).enumerate() {
                let (row, head) = (query / group, kv_head * group + query % group);
                let query = q.vector(row, head, shape);
                // Keys beyond `n` are stale, and so are their scores, which nobody reads.
                for (scores, keys) in scores[j..]
                    .chunks_exact_mut(4)
                    .zip(rows.chunks_exact(4 * hd))
                    .take(n.div_ceil(4))
                {
                    let keys = std::array::from_fn::<_, 4, _>(|i| &keys[i * hd..][..hd]);
                    let mut lanes = [[0.0; LANES]; 4];
                    accumulate_rows(&mut lanes, keys, query);
                    for (score, lanes) in scores.iter_mut().zip(lanes) {
                        *score = fold(lanes) * scale;
                    }
                }
            }
        }
        let visible = |row: usize| (q.start + row + 1).saturating_sub(first).min(in_page);
        for (query, scores) in scores.iter_mut().take(n_queries).enumerate() {
            let row = query / group;
            if visible(row) > 0 {
                let weights = &mut scores[..visible(row)];
                let shrink = runs[query].weights(weights);
                for o in &mut dst.row(row)[query % group * hd..][..hd] {
                    *o *= shrink;
                }
            }
        }
        for j in (0..in_page).step_by(KEYS) {
            gather(&mut rows, kv.values, j, KEYS.min(in_page - j));
            for (query, weights) in scores.iter().take(n_queries).enumerate() {
                let row = query / group;
                let n = visible(row).saturating_sub(j).min(KEYS);
                let out = &mut dst.row(row)[query % group * hd..][..hd];
                add_weighted(out, &weights[j..][..n], &rows);
            }
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

/// `out = fma(weights[j], rows[j], out)` in order of `j`, for rows as long as `out`.
#[inline(always)]
fn add_weighted(out: &mut [f32], weights: &[f32], rows: &[f32]) {
    let width = out.len();
    let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
    // A block stays in registers while all rows pass by.
    for (i, out) in blocks.iter_mut().enumerate() {
        let mut acc = *out;
        for (&p, row) in weights.iter().zip(rows.chunks_exact(width)) {
            let row: &[f32; BLOCK] = row[i * BLOCK..][..BLOCK].try_into().unwrap();
            for k in 0..BLOCK {
                acc[k] = p.mul_add(row[k], acc[k]);
            }
        }
        *out = acc;
    }
    let at = width - rest.len();
    for (&p, row) in weights.iter().zip(rows.chunks_exact(width)) {
        for (o, &v) in rest.iter_mut().zip(&row[at..]) {
            *o = p.mul_add(v, *o);
        }
    }
}
