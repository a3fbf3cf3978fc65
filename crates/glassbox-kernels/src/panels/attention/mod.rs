//! Attention in integers on panels.

mod page;
mod weights;

use super::heads::{Cell, Pair, key_pairs, value_pairs};
use super::lanes::Lanes;
use crate::Tile;
use crate::portable::attention::{MAX_HEAD_DIM, Queries};
use crate::portable::fixed::{fixed, key_limit};
use glassbox_core::{AttentionShape, PAGE};
use page::{Head, Page, QueryTile};
use weights::Softmax;

/// One layer's keys, or its values, in panels.
#[derive(Clone, Copy)]
pub struct HeadPanels<'a, C = i16> {
    /// A head's pages one after another, `[n_kv_heads, n_pages]`, each of as many pairs: so its positions are one
    /// stretch of memory where the table is one of pages.
    pub pairs: &'a [Pair<C>],
    /// A scale a vector, `[n_kv_heads, n_pages, PAGE]`.
    pub scales: &'a [f32],
}

/// One layer's keys and values in panels, seen through one sequence's page table.
#[derive(Clone, Copy)]
pub struct KvPanels<'a, C = i16> {
    /// The keys, [`key_pairs`] a head.
    pub keys: HeadPanels<'a, C>,
    /// The values, [`value_pairs`] a head.
    pub values: HeadPanels<'a, C>,
    /// Position `p` is in page `table[p / PAGE]`.
    pub table: &'a [u32],
}

impl<'a, C> HeadPanels<'a, C> {
    /// Page `page` of head `head` of `n_heads`, of `pairs` pairs.
    #[inline(always)]
    fn head(&self, page: usize, (head, n_heads): (usize, usize), pairs: usize) -> Head<'a, C> {
        let scales = self.scales.as_chunks().0;
        let n_pages = scales.len() / n_heads;
        let first = head * n_pages;
        Head {
            // First the scale, of which only this head's pages are looked at.
            scales: &scales[first..][..n_pages][page],
            steps: self.pairs[(first + page) * pairs..][..pairs].as_chunks().0,
        }
    }
}

impl<'a, C> KvPanels<'a, C> {
    #[inline(always)]
    fn page(&self, first: usize, n: usize, kv_head: usize, shape: AttentionShape) -> Page<'a, C> {
        let page = self.table[first / PAGE] as usize;
        let head = (kv_head, shape.n_kv_heads);
        Page {
            keys: self.keys.head(page, head, key_pairs(shape.head_dim)),
            values: self.values.head(page, head, value_pairs(shape.head_dim)),
            n,
        }
    }
}

/// As [`attention_i16`](crate::portable::attention_i16::attention_i16) has it, for the query heads
/// of key-value head `kv_head`.
///
/// `dst` has a row for each row of queries and the columns of the group's heads,
/// `[n_rows, group * head_dim]`. Row `i` attends to positions `0 ..= start + i`.
///
/// # Panics
/// When the shapes do not fit, a head is longer than [`MAX_HEAD_DIM`], the group times the rows
/// exceed [`MAX_QUERIES`](crate::portable::attention::MAX_QUERIES), or a page is missing.
#[inline(always)]
pub(crate) fn attention_i16<V: Lanes>(
    dst: &mut Tile<'_>,
    q: Queries<'_>,
    kv: KvPanels<'_>,
    kv_head: usize,
    shape: AttentionShape,
) {
    attention::<V, i16>(dst, q, kv, kv_head, shape);
}

/// [`attention_i16`] of keys and values in 8 bits.
#[inline(always)]
pub(crate) fn attention_i8<V: Lanes>(
    dst: &mut Tile<'_>,
    q: Queries<'_>,
    kv: KvPanels<'_, i8>,
    kv_head: usize,
    shape: AttentionShape,
) {
    attention::<V, i8>(dst, q, kv, kv_head, shape);
}

#[inline(always)]
fn attention<V: Lanes, C: Cell>(
    dst: &mut Tile<'_>,
    q: Queries<'_>,
    kv: KvPanels<'_, C>,
    kv_head: usize,
    shape: AttentionShape,
) {
    let hd = shape.head_dim;
    let group = q.group(dst, shape);
    let n_queries = dst.n_rows() * group;
    let mut heads = Heads {
        dst,
        group,
        hd,
        start: q.start,
    };
    let mut first = 0;
    while first < n_queries {
        let query = |i: usize| {
            let (row, head) = (i / group, i % group);
            q.vector(row, kv_head * group + head, shape)
        };
        let page = |first, n| kv.page(first, n, kv_head, shape);
        let scale = shape.scale();
        let rest = n_queries - first;
        match rest {
            1 => heads.attend::<V, C, 1>(first, rest, query, scale, page),
            2 => heads.attend::<V, C, 2>(first, rest, query, scale, page),
            3 | 4 => heads.attend::<V, C, 4>(first, rest, query, scale, page),
            5 | 6 => heads.attend::<V, C, 6>(first, rest, query, scale, page),
            _ => heads.attend::<V, C, 8>(first, rest, query, scale, page),
        }
        first += rest.min(8);
    }
}

/// The outputs of a group's heads; a query is a head of a row.
struct Heads<'a, 'b> {
    dst: &'a mut Tile<'b>,
    group: usize,
    hd: usize,
    /// The position of the first row.
    start: usize,
}

impl Heads<'_, '_> {
    /// The `T` queries from `first` on, of which there are `rest`; where those are fewer, the last one takes the other
    /// places too. So one pass over the cache does for all heads of a group.
    #[inline(always)]
    fn attend<'q, V: Lanes, C: Cell + 'q, const T: usize>(
        &mut self,
        first: usize,
        rest: usize,
        query: impl Fn(usize) -> &'q [f32],
        scale: f32,
        page: impl Fn(usize, usize) -> Page<'q, C>,
    ) {
        let places: [usize; T] = std::array::from_fn(|t| first + t.min(rest - 1));
        let mut queries = QueryTile {
            words: [[[0; 2]; MAX_HEAD_DIM / 2]; T],
            units: [0.0; T],
            head_dim: self.hd,
        };
        for (t, place) in places.into_iter().enumerate() {
            let q = &mut queries.words[t].as_flattened_mut()[..self.hd];
            queries.units[t] = fixed(q, query(place), key_limit(self.hd)) * scale;
        }
        // Positions that a query sees, of which there is at least one.
        let seen = places.map(|place| self.start + place / self.group + 1);
        let mut softmax = Softmax::<T>::default();
        let mut out = [[0.0; MAX_HEAD_DIM]; T];
        for from in (0..seen[T - 1]).step_by(PAGE) {
            let page_at = |from| page(from, PAGE.min(seen[T - 1] - from));
            let page = page_at(from);
            // The first queries wait for the memory, which is told of a page's values while its keys are
            // met, and of the next page's keys after that.
            let (values, keys): (&[_], &[_]) = match from + PAGE {
                next if first == 0 && next < seen[T - 1] => {
                    (page.values.steps, page_at(next).keys_seen())
                }
                _ => (&[], &[]),
            };
            let mut scores = page.scores::<V, T>(&queries, values);
            let sees = seen.map(|seen| seen.saturating_sub(from).min(PAGE));
            let weights = softmax.weights::<V>(&mut scores, sees, page.values.scales);
            page.add_values::<V, T>(&mut out, &weights, keys);
        }
        for (t, place) in places.into_iter().enumerate() {
            let (row, head) = (place / self.group, place % self.group);
            let inverse = 1.0 / softmax.total[t];
            let to = &mut self.dst.row(row)[head * self.hd..][..self.hd];
            for (to, o) in to.iter_mut().zip(&out[t]) {
                *to = o * inverse;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "index out of bounds: the len is 1 but the index is 1")]
    fn a_page_that_is_missing_is_not_the_next_head() {
        let n_heads = 2;
        let keys = HeadPanels {
            pairs: &vec![[0i16; 2]; n_heads * key_pairs(16)],
            scales: &[1.0; 2 * PAGE],
        };
        assert_eq!(keys.head(0, (1, n_heads), key_pairs(16)).scales.len(), PAGE);
        keys.head(1, (0, n_heads), key_pairs(16));
    }
}
