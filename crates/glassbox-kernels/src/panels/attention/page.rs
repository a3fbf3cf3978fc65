//! Products with one page of keys and values.

use super::super::heads::{Cell, Pair};
use super::super::lanes::{Lanes, Rows};
use super::super::layout::ROWS;
use super::weights::Weights;
use crate::portable::attention::MAX_HEAD_DIM;
use glassbox_core::PAGE;
use std::ops::Range;

/// Sixteen lanes of pairs.
type Step<C = i16> = [Pair<C>; ROWS];

/// The keys or the values of one head in one page.
#[derive(Clone, Copy)]
pub(super) struct Head<'a, C> {
    pub(super) steps: &'a [Step<C>],
    pub(super) scales: &'a [f32; PAGE],
}

/// `T` queries of one head.
pub(super) struct QueryTile<const T: usize> {
    /// Two integers in a row.
    pub(super) words: [[Pair; MAX_HEAD_DIM / 2]; T],
    /// What an integer stands for.
    pub(super) units: [f32; T],
    pub(super) head_dim: usize,
}

/// One page of one head.
pub(super) struct Page<'a, C> {
    pub(super) keys: Head<'a, C>,
    pub(super) values: Head<'a, C>,
    /// Positions that some query sees.
    pub(super) n: usize,
}

impl<'a, C: Cell> Page<'a, C> {
    /// The keys of the positions that some query sees.
    #[inline(always)]
    pub(super) fn keys_seen(&self) -> &'a [Step<C>] {
        let per_panel = self.keys.steps.len() / (PAGE / ROWS);
        &self.keys.steps[..self.n.div_ceil(ROWS) * per_panel]
    }

    /// The scores of `T` queries; beyond the page's `n` positions they are any numbers. Meanwhile the memory is told of
    /// what is `ahead`.
    #[inline(always)]
    pub(super) fn scores<V: Lanes, const T: usize>(
        &self,
        queries: &QueryTile<T>,
        ahead: &[Step<C>],
    ) -> [[f32; PAGE]; T] {
        let mut scores = [[0.0; PAGE]; T];
        if V::MANY_SUMS {
            self.score::<V, T, 2>(&mut scores, queries, ahead);
        } else if V::HALVES {
            self.score::<V::Low, T, 1>(&mut scores, queries, ahead);
            self.score::<V::High, T, 1>(&mut scores, queries, &[]);
        } else {
            self.score::<V, T, 1>(&mut scores, queries, ahead);
        }
        scores
    }

    /// The scores of some lanes, `P` panels at a time.
    #[inline(always)]
    fn score<R: Rows, const T: usize, const P: usize>(
        &self,
        scores: &mut [[f32; PAGE]; T],
        queries: &QueryTile<T>,
        ahead: &[Step<C>],
    ) {
        let (panels, steps) = (self.n.div_ceil(ROWS), queries.head_dim.div_ceil(2));
        let mut ahead = ahead.chunks(P * steps);
        for c in (0..panels).step_by(P) {
            let ahead = ahead.next().unwrap_or_default();
            let panels: [_; P] =
                std::array::from_fn(|p| &self.keys.steps[(c + p) * steps..][..steps]);
            let sums = product::<R, C, P, T, _>(panels, &queries.words, ahead);
            for (p, sums) in sums.into_iter().enumerate() {
                let d = R::load_floats(&self.keys.scales.as_chunks().0[c + p]);
                for t in 0..T {
                    let unit = R::float_mul(R::float_splat(queries.units[t]), d);
                    let x = R::float_mul(R::to_float(sums[t]), unit);
                    R::store(x, &mut scores[t].as_chunks_mut().0[c + p]);
                }
            }
        }
    }

    /// Adds the weighted values to the outputs of `T` queries; meanwhile the memory is told of what is `ahead`.
    #[inline(always)]
    pub(super) fn add_values<V: Lanes, const T: usize>(
        &self,
        out: &mut [[f32; MAX_HEAD_DIM]; T],
        weights: &Weights<T>,
        ahead: &[Step<C>],
    ) {
        let panels = self.values.steps.len() / (PAGE / 2);
        if V::MANY_SUMS {
            let pairs = panels / 2 * 2;
            self.add::<V, T, 2>(out, weights, 0..pairs, ahead);
            self.add::<V, T, 1>(out, weights, pairs..panels, &[]);
        } else if V::HALVES {
            self.add::<V::Low, T, 1>(out, weights, 0..panels, ahead);
            self.add::<V::High, T, 1>(out, weights, 0..panels, &[]);
        } else {
            self.add::<V, T, 1>(out, weights, 0..panels, ahead);
        }
    }

    /// Adds some lanes of some panels, `P` at a time: `o = fma(sum, unit, o * by)`.
    #[inline(always)]
    fn add<R: Rows, const T: usize, const P: usize>(
        &self,
        out: &mut [[f32; MAX_HEAD_DIM]; T],
        weights: &Weights<T>,
        panels: Range<usize>,
        ahead: &[Step<C>],
    ) {
        let steps = self.n.div_ceil(2);
        let mut ahead = ahead.chunks(P * steps);
        for c in panels.step_by(P) {
            let ahead = ahead.next().unwrap_or_default();
            let panels: [_; P] =
                std::array::from_fn(|p| &self.values.steps[(c + p) * (PAGE / 2)..][..steps]);
            let sums = product::<R, C, P, T, _>(panels, &weights.words, ahead);
            for (p, sums) in sums.into_iter().enumerate() {
                for t in 0..T {
                    let o = &mut out[t].as_chunks_mut().0[c + p];
                    let shrunk = R::float_mul(R::load_floats(o), R::float_splat(weights.by[t]));
                    let unit = R::float_splat(weights.units[t]);
                    R::store(R::fma(R::to_float(sums[t]), unit, shrunk), o);
                }
            }
        }
    }
}

/// `Σ w x` of the lanes of `P` panels and `T` vectors. With every step the memory is told of `P` of those
/// `ahead`.
#[inline(always)]
fn product<V: Rows, C: Cell, const P: usize, const T: usize, const L: usize>(
    panels: [&[Step<C>]; P],
    vectors: &[[Pair; L]; T],
    ahead: &[Step<C>],
) -> [[V::I; T]; P] {
    let steps = panels[0].len();
    assert!(steps <= L);
    let panels = panels.map(|panel| &panel[..steps]);
    let mut sums = [[V::zero(); T]; P];
    let mut ahead = ahead.as_chunks::<P>().0.iter();
    for s in 0..steps {
        if let Some(ahead) = ahead.next() {
            ahead.iter().for_each(|step| V::prefetch(step));
        }
        for p in 0..P {
            let wide: Step = panels[p][s].map(|pair| pair.map(C::widen));
            let w = V::load_pairs(&wide);
            for t in 0..T {
                sums[p][t] = V::madd(sums[p][t], w, V::splat(word(vectors[t][s])));
            }
        }
    }
    sums
}

#[inline(always)]
fn word([low, high]: Pair) -> i32 {
    i32::from(low as u16) | i32::from(high) << 16
}
