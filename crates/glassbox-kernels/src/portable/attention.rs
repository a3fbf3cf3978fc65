//! Attention over a paged cache.

use super::dot::{dot, sum};
use super::exp::exp;
use crate::Tile;
use glassbox_core::{AttentionShape, PAGE};
use half::f16;
use half::slice::HalfFloatSliceExt;

/// The most elements a head may have.
pub const MAX_HEAD_DIM: usize = 256;
/// The most query heads times query rows that one call may hold.
pub const MAX_QUERIES: usize = 64;

/// An element type of the key and value cache.
pub trait KvElement: Copy + Default + Send + Sync + 'static {
    /// Widens `src` to f32, exactly; borrows `src` where it is f32 already.
    fn widen<'a>(scratch: &'a mut [f32], src: &'a [Self]) -> &'a [f32];
    /// Rounds `src` to this type, to the nearest, ties to even.
    fn narrow(dst: &mut [Self], src: &[f32]);
}

impl KvElement for f32 {
    #[inline(always)]
    fn widen<'a>(_: &'a mut [f32], src: &'a [f32]) -> &'a [f32] {
        src
    }

    fn narrow(dst: &mut [f32], src: &[f32]) {
        dst.copy_from_slice(src);
    }
}

impl KvElement for f16 {
    #[inline(always)]
    fn widen<'a>(scratch: &'a mut [f32], src: &'a [f16]) -> &'a [f32] {
        let scratch = &mut scratch[..src.len()];
        src.convert_to_f32_slice(scratch);
        scratch
    }

    fn narrow(dst: &mut [f16], src: &[f32]) {
        dst.convert_from_f32_slice(src);
    }
}

/// One layer's keys and values, seen through one sequence's page table.
#[derive(Clone, Copy)]
pub struct KvPages<'a, T> {
    /// All pages of keys, each `[PAGE, n_kv_heads * head_dim]`.
    pub keys: &'a [T],
    /// All pages of values, likewise.
    pub values: &'a [T],
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

/// `dst = softmax(q · kᵀ / sqrt(head_dim)) · v` for the query heads of key-value head `kv_head`.
///
/// `dst` has a row for each row of queries and the columns of the group's heads,
/// `[n_rows, group * head_dim]`. Row `i` attends to positions `0 ..= start + i`, page by page in
/// order. With running maximum `m`, sum `s` and output `o` (−∞, 0, 0 before the first page), a
/// page whose scores are `x[j]` does
///
/// ```text
/// m' = max(m, max x);  a = exp(m − m');  p[j] = exp(x[j] − m')
/// s = s * a + Σ p;  o = o * a;  o = fma(p[j], v[j], o) in order of j;  m = m'
/// ```
///
/// with `x[j] = (q · k[j]) * scale`, and the output is `o * (1 / s)` at the end.
/// Source: Milakov and Gimelshein, arXiv 1805.02867.
///
/// # Panics
/// When the shapes do not fit, a head is longer than [`MAX_HEAD_DIM`], the group times the rows
/// exceed [`MAX_QUERIES`], or a page is missing.
#[inline(always)]
pub fn attention<T: KvElement>(
    dst: &mut Tile<'_>,
    q: Queries<'_>,
    kv: KvPages<'_, T>,
    kv_head: usize,
    shape: AttentionShape,
) {
    let hd = shape.head_dim;
    let group = shape.n_heads / shape.n_kv_heads;
    let n_rows = dst.n_rows();
    assert!(hd <= MAX_HEAD_DIM && n_rows * group <= MAX_QUERIES);
    assert_eq!(q.data.len(), n_rows * shape.q_width());
    assert_eq!(dst.n_cols(), group * hd);
    let mut max = [f32::NEG_INFINITY; MAX_QUERIES];
    let mut total = [0.0f32; MAX_QUERIES];
    for row in 0..n_rows {
        dst.row(row).fill(0.0);
    }
    let last = q.start + n_rows - 1;
    let mut scratch = [0.0f32; MAX_HEAD_DIM];
    let mut page_values = [0.0f32; PAGE * MAX_HEAD_DIM];
    let mut scores = [[0.0f32; PAGE]; MAX_QUERIES];
    for first in (0..=last).step_by(PAGE) {
        let page = kv.table[first / PAGE] as usize;
        let at = |j: usize| (page * PAGE + j) * shape.kv_width() + kv_head * hd;
        let in_page = PAGE.min(last + 1 - first);
        // Every query meets this page key by key, so that a key is widened once.
        #[allow(clippy::needless_range_loop)]
        for j in 0..in_page {
            let key = T::widen(&mut scratch, &kv.keys[at(j)..][..hd]);
            for row in 0..n_rows {
                let queries = &q.data[row * shape.q_width() + kv_head * group * hd..];
                for (g, query) in queries.chunks_exact(hd).take(group).enumerate() {
                    scores[row * group + g][j] = dot(query, key) * shape.scale();
                }
            }
        }
        for j in 0..in_page {
            let value = T::widen(&mut scratch, &kv.values[at(j)..][..hd]);
            page_values[j * hd..][..hd].copy_from_slice(value);
        }
        for row in 0..n_rows {
            let visible = (q.start + row + 1).saturating_sub(first).min(in_page);
            if visible == 0 {
                continue;
            }
            for (g, out) in dst.row(row).chunks_exact_mut(hd).enumerate() {
                let query = row * group + g;
                let weights = &mut scores[query][..visible];
                let new_max = weights.iter().fold(max[query], |m, &x| m.max(x));
                let shrink = exp(max[query] - new_max);
                for x in weights.iter_mut() {
                    *x = exp(*x - new_max);
                }
                max[query] = new_max;
                total[query] = total[query] * shrink + sum(weights);
                for o in out.iter_mut() {
                    *o *= shrink;
                }
                for (&p, value) in weights.iter().zip(page_values.chunks_exact(hd)) {
                    for (o, &v) in out.iter_mut().zip(value) {
                        *o = p.mul_add(v, *o);
                    }
                }
            }
        }
    }
    for row in 0..n_rows {
        for (g, out) in dst.row(row).chunks_exact_mut(hd).enumerate() {
            let inverse = 1.0 / total[row * group + g];
            for o in out {
                *o *= inverse;
            }
        }
    }
}
