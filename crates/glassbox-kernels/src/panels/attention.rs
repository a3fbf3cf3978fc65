//! Attention in integers on panels.

use super::heads::{Cell, Pair, key_pairs, value_pairs};
use super::lanes::Lanes;
use super::layout::ROWS;
use crate::Tile;
use crate::activations::tile;
use crate::portable::attention::{MAX_HEAD_DIM, Queries};
use crate::portable::fixed::{WEIGHT_LIMIT, fixed, key_limit};
use crate::portable::softmax::Running;
use glassbox_core::{AttentionShape, PAGE};

/// One layer's keys, or its values, in panels.
#[derive(Clone, Copy)]
pub struct HeadPanels<'a, C = i16> {
    /// All pages, each as many pairs for every head.
    pub pairs: &'a [Pair<C>],
    /// A scale a vector, `[n_pages, n_kv_heads, PAGE]`.
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

/// Sixteen lanes of pairs.
type Step<C = i16> = [Pair<C>; ROWS];

/// The keys or the values of one head in one page.
#[derive(Clone, Copy)]
struct Head<'a, C> {
    steps: &'a [Step<C>],
    scales: &'a [f32; PAGE],
}

impl<'a, C> HeadPanels<'a, C> {
    /// Head `head`, counted over the pages, of `pairs` pairs.
    #[inline(always)]
    fn head(&self, head: usize, pairs: usize) -> Head<'a, C> {
        Head {
            steps: self.pairs[head * pairs..][..pairs].as_chunks().0,
            scales: &self.scales.as_chunks().0[head],
        }
    }
}

/// One page of one head.
struct Page<'a, C> {
    keys: Head<'a, C>,
    values: Head<'a, C>,
    /// Positions that some query sees.
    n: usize,
}

impl<'a, C> KvPanels<'a, C> {
    #[inline(always)]
    fn page(&self, first: usize, n: usize, kv_head: usize, shape: AttentionShape) -> Page<'a, C> {
        let head = self.table[first / PAGE] as usize * shape.n_kv_heads + kv_head;
        Page {
            keys: self.keys.head(head, key_pairs(shape.head_dim)),
            values: self.values.head(head, value_pairs(shape.head_dim)),
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
        let n = tile(n_queries - first);
        let query = |t: usize| {
            let (row, head) = ((first + t) / group, (first + t) % group);
            q.vector(row, kv_head * group + head, shape)
        };
        let page = |first, n| kv.page(first, n, kv_head, shape);
        let scale = shape.scale();
        match n {
            1 => heads.attend::<V, C, 1>(first, query, scale, page),
            2 => heads.attend::<V, C, 2>(first, query, scale, page),
            4 => heads.attend::<V, C, 4>(first, query, scale, page),
            _ => heads.attend::<V, C, 8>(first, query, scale, page),
        }
        first += n;
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
    #[inline(always)]
    fn out(&mut self, query: usize) -> &mut [f32] {
        let at = query % self.group * self.hd;
        &mut self.dst.row(query / self.group)[at..][..self.hd]
    }

    /// Queries `first` to `first + T`.
    #[inline(always)]
    fn attend<'q, V: Lanes, C: Cell + 'q, const T: usize>(
        &mut self,
        first: usize,
        query: impl Fn(usize) -> &'q [f32],
        scale: f32,
        page: impl Fn(usize, usize) -> Page<'q, C>,
    ) {
        let mut words = [[0i32; T]; MAX_HEAD_DIM / 2];
        let mut units = [0.0; T];
        for t in 0..T {
            let mut q = [0; MAX_HEAD_DIM];
            units[t] = fixed(&mut q[..self.hd], query(t), key_limit(self.hd)) * scale;
            for (words, pair) in words.iter_mut().zip(q.as_chunks().0) {
                words[t] = word(*pair);
            }
            self.out(first + t).fill(0.0);
        }
        let words = &words[..self.hd.div_ceil(2)];
        // Positions that a query sees, of which there is at least one.
        let seen: [usize; T] = std::array::from_fn(|t| self.start + (first + t) / self.group + 1);
        let mut runs = [Running::default(); T];
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
            let mut scores = page.scores::<V, T>(words, &units, values);
            let mut weights = [[0i32; T]; PAGE / 2];
            let mut steps = [Shrink::default(); T];
            for t in 0..T {
                let n = seen[t].saturating_sub(from).min(PAGE);
                let mut w = [0; PAGE];
                if n > 0 {
                    let scores = &mut scores[t][..n];
                    let by = runs[t].weights(scores);
                    for (p, d) in scores.iter_mut().zip(page.values.scales) {
                        *p *= d;
                    }
                    let unit = fixed(&mut w[..n], scores, WEIGHT_LIMIT);
                    steps[t] = Shrink { by, unit };
                }
                for (words, pair) in weights.iter_mut().zip(w.as_chunks().0) {
                    words[t] = word(*pair);
                }
            }
            let weights = &weights[..page.n.div_ceil(2)];
            self.add_values::<V, C, T>(first, &page, weights, &steps, keys);
        }
        for (t, run) in runs.iter().enumerate() {
            let inverse = 1.0 / run.total;
            self.out(first + t).iter_mut().for_each(|o| *o *= inverse);
        }
    }

    /// Adds the weighted values of a page to the outputs of `T` queries; meanwhile the memory is told of
    /// what is `ahead`.
    #[inline(always)]
    fn add_values<V: Lanes, C: Cell, const T: usize>(
        &mut self,
        first: usize,
        page: &Page<'_, C>,
        weights: &[[i32; T]],
        steps: &[Shrink; T],
        ahead: &[Step<C>],
    ) {
        // A closure that computes may not be inlined, and is then compiled without the table's
        // instructions.
        let panels = page.values.steps.len() / (PAGE / 2);
        let panel = |c: usize| &page.values.steps[c * (PAGE / 2)..][..weights.len()];
        let mut ahead = ahead.chunks(2 * weights.len());
        for c in (0..panels).step_by(2) {
            let ahead = ahead.next().unwrap_or_default();
            let mut sums = [[V::zero(); T]; 2];
            if c + 1 < panels {
                sums = product::<V, C, 2, T>([panel(c), panel(c + 1)], weights, ahead);
            } else {
                [sums[0]] = product::<V, C, 1, T>([panel(c)], weights, ahead);
            }
            for (c, sums) in (c..panels).zip(sums) {
                for t in 0..T {
                    let mut x = [0.0; ROWS];
                    V::store(V::to_float(sums[t]), &mut x);
                    steps[t].apply(&mut self.out(first + t)[c * ROWS..], &x);
                }
            }
        }
    }
}

#[inline(always)]
fn word([low, high]: Pair) -> i32 {
    i32::from(low as u16) | i32::from(high) << 16
}

/// What a page does to an output: `o = fma(sum, unit, o * by)`.
#[derive(Clone, Copy)]
struct Shrink {
    by: f32,
    unit: f32,
}

impl Default for Shrink {
    /// Nothing.
    fn default() -> Self {
        Shrink { by: 1.0, unit: 0.0 }
    }
}

impl Shrink {
    #[inline(always)]
    fn apply(self, out: &mut [f32], sums: &[f32; ROWS]) {
        match out.first_chunk_mut::<ROWS>() {
            Some(out) => {
                for i in 0..ROWS {
                    out[i] = sums[i].mul_add(self.unit, out[i] * self.by);
                }
            }
            None => {
                for (o, sum) in out.iter_mut().zip(sums) {
                    *o = sum.mul_add(self.unit, *o * self.by);
                }
            }
        }
    }
}

impl<'a, C: Cell> Page<'a, C> {
    /// The keys of the positions that some query sees.
    #[inline(always)]
    fn keys_seen(&self) -> &'a [Step<C>] {
        let per_panel = self.keys.steps.len() / (PAGE / ROWS);
        &self.keys.steps[..self.n.div_ceil(ROWS) * per_panel]
    }

    /// The scores of `T` queries; beyond the page's `n` positions they are any numbers. Meanwhile the
    /// memory is told of what is `ahead`.
    #[inline(always)]
    fn scores<V: Lanes, const T: usize>(
        &self,
        words: &[[i32; T]],
        units: &[f32; T],
        ahead: &[Step<C>],
    ) -> [[f32; PAGE]; T] {
        let mut scores = [[0.0; PAGE]; T];
        let (panels, steps) = (self.n.div_ceil(ROWS), words.len());
        let mut ahead = ahead.chunks(2 * steps);
        for c in (0..panels).step_by(2) {
            let ahead = ahead.next().unwrap_or_default();
            let panel = |p: usize| &self.keys.steps[(c + p) * steps..][..steps];
            let sums = product::<V, C, 2, T>([panel(0), panel(1)], words, ahead);
            for (p, sums) in sums.into_iter().enumerate() {
                let at = (c + p) * ROWS;
                let d: &[f32; ROWS] = self.keys.scales[at..].first_chunk().unwrap();
                for t in 0..T {
                    let mut x = [0.0; ROWS];
                    V::store(V::to_float(sums[t]), &mut x);
                    let scores = &mut scores[t][at..][..ROWS];
                    for i in 0..ROWS {
                        scores[i] = x[i] * (units[t] * d[i]);
                    }
                }
            }
        }
        scores
    }
}

/// `Σ w x` of the lanes of `P` panels and `T` vectors. With every step the memory is told of `P` of those
/// `ahead`.
#[inline(always)]
fn product<V: Lanes, C: Cell, const P: usize, const T: usize>(
    panels: [&[Step<C>]; P],
    words: &[[i32; T]],
    ahead: &[Step<C>],
) -> [[V::I; T]; P] {
    let panels = panels.map(|panel| &panel[..words.len()]);
    let mut sums = [[V::zero(); T]; P];
    let mut ahead = ahead.as_chunks::<P>().0.iter();
    for (s, words) in words.iter().enumerate() {
        if let Some(ahead) = ahead.next() {
            ahead.iter().for_each(|step| V::prefetch(step));
        }
        for p in 0..P {
            let wide: Step = panels[p][s].map(|pair| pair.map(C::widen));
            let w = V::load_pairs(&wide);
            for t in 0..T {
                sums[p][t] = V::madd(sums[p][t], w, V::splat(words[t]));
            }
        }
    }
    sums
}
