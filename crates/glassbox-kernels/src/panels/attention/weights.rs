//! The softmax of a tile of queries, page by page, and what it makes of values.

use super::super::heads::Pair;
use super::super::lanes::{Lanes, integers};
use super::super::layout::ROWS;
use crate::portable::exp::{LN2, MAGIC, TAYLOR};
use crate::portable::fixed::{Scale, WEIGHT_LIMIT};
use glassbox_core::PAGE;

/// [`Running`](crate::portable::softmax::Running) of each of `T` queries.
pub(super) struct Softmax<const T: usize> {
    max: [f32; T],
    pub(super) total: [f32; T],
}

impl<const T: usize> Default for Softmax<T> {
    fn default() -> Self {
        Softmax {
            max: [f32::NEG_INFINITY; T],
            total: [0.0; T],
        }
    }
}

/// What a page's values are multiplied by, for each of `T` queries, and what becomes of the outputs so far.
pub(super) struct Weights<const T: usize> {
    /// Two positions in a row.
    pub(super) words: [[Pair; PAGE / 2]; T],
    /// What an integer stands for.
    pub(super) units: [f32; T],
    /// What an output shrinks by.
    pub(super) by: [f32; T],
}

impl<const T: usize> Softmax<T> {
    /// Takes a page's scores in, of which a query sees the first `sees`, and leaves what is no longer one in their
    /// place; `scales` are those of the values.
    ///
    /// All queries do a step before the next, since every step waits for the sum or the largest of the one before.
    #[inline(always)]
    pub(super) fn weights<V: Lanes>(
        &mut self,
        scores: &mut [[f32; PAGE]; T],
        sees: [usize; T],
        scales: &[f32; PAGE],
    ) -> Weights<T> {
        let mut shrinks = [0.0; ROWS];
        for t in 0..T {
            // What is not seen weighs nothing.
            scores[t][sees[t]..].fill(f32::NEG_INFINITY);
            let mut max = V::float_splat(self.max[t]);
            for x in scores[t].as_chunks().0 {
                max = V::float_max(V::load_floats(x), max);
            }
            let max = V::float_largest(max);
            shrinks[t] = self.max[t] - max;
            self.max[t] = max;
        }
        let shrunk = exp::<V>(V::load_floats(&shrinks));
        V::store(shrunk, &mut shrinks);
        let mut largest = [0; T];
        for t in 0..T {
            let mut own = *scales;
            own[sees[t]..].fill(0.0);
            let less = V::float_splat(-self.max[t]);
            let (mut sum, mut most) = (V::float_zero(), V::zero());
            let scores = scores[t].as_chunks_mut().0;
            for (x, d) in scores.iter_mut().zip(own.as_chunks().0) {
                let p = exp::<V>(V::float_add(V::load_floats(x), less));
                sum = V::float_add(sum, p);
                let p = V::float_mul(p, V::load_floats(d));
                most = V::max(most, V::and(V::bits(p), V::splat(i32::MAX)));
                V::store(p, x);
            }
            self.total[t] = self.total[t] * shrinks[t] + V::fold(sum);
            largest[t] = V::largest(most);
        }
        let mut weights = Weights {
            words: [[[0; 2]; PAGE / 2]; T],
            units: [0.0; T],
            by: [0.0; T],
        };
        for t in 0..T {
            let scale = Scale::of(largest[t], WEIGHT_LIMIT);
            weights.units[t] = scale.d;
            weights.by[t] = shrinks[t];
            let q = weights.words[t].as_flattened_mut().as_chunks_mut().0;
            for (q, p) in q.iter_mut().zip(scores[t].as_chunks().0) {
                *q = V::narrow_pairs(integers::<V>(V::load_floats(p), &scale));
            }
        }
        weights
    }
}

/// [`exp`](crate::portable::exp::exp) of numbers that are at most 0, and of NaN.
#[inline(always)]
fn exp<V: Lanes>(x: V::F) -> V::F {
    let x = V::float_max(V::float_splat(-110.0), x);
    let n = V::float_mul(x, V::float_splat(std::f32::consts::LOG2_E));
    let n = V::float_add(n, V::float_splat(MAGIC));
    let n = V::float_add(n, V::float_splat(-MAGIC));
    let mut r = x;
    for part in LN2 {
        r = V::fma(n, V::float_splat(-part), r);
    }
    let mut p = V::float_splat(TAYLOR[0]);
    for term in &TAYLOR[1..] {
        p = V::fma(p, r, V::float_splat(*term));
    }
    V::times_power(p, n)
}

#[cfg(test)]
mod tests {
    use super::super::super::Plain;
    use super::*;
    use crate::portable;

    fn exp_equals_portable<V: Lanes>() {
        let mut numbers: Vec<f32> = (0..60_000).map(|i| i as f32 * -0.002).collect();
        numbers.extend([-0.0, -1e-30, -103.97, -1e30, f32::NEG_INFINITY, f32::NAN]);
        numbers.resize(numbers.len().next_multiple_of(ROWS), 0.0);
        for x in numbers.as_chunks().0 {
            let mut got = [0.0; ROWS];
            V::store(exp::<V>(V::load_floats(x)), &mut got);
            for (x, got) in x.iter().zip(got) {
                let expected = portable::exp::exp(*x);
                let nan = expected.is_nan() && got.is_nan();
                assert!(nan || got.to_bits() == expected.to_bits(), "{x}");
            }
        }
    }

    #[test]
    fn exp_equals_portable_whatever_the_lanes() {
        exp_equals_portable::<Plain>();
        #[cfg(target_arch = "x86_64")]
        {
            use super::super::super::{avx2::Avx2, avx512::Avx512};
            let has = |name| crate::Kernels::available().iter().any(|t| t.name == name);
            if has("avx2") {
                exp_equals_portable::<Avx2>();
            }
            if has("avx512") {
                exp_equals_portable::<Avx512<false>>();
            }
        }
        #[cfg(target_arch = "aarch64")]
        exp_equals_portable::<super::super::super::neon::Neon<false>>();
    }

    /// What other queries of the tile see, or what an earlier user of the page left, may be anything.
    #[test]
    fn what_a_query_does_not_see_does_not_matter() {
        let weights = |beyond: f32| {
            let mut scores = [[0.0; PAGE]; 2];
            let mut scales = [0.5; PAGE];
            for (i, x) in scores[0].iter_mut().enumerate() {
                *x = (i as f32).sin();
            }
            scores[0][37..].fill(beyond);
            scales[37..].fill(beyond);
            let mut softmax = Softmax::<2>::default();
            let weights = softmax.weights::<Plain>(&mut scores, [37, PAGE], &scales);
            (weights.words[0], weights.units[0], softmax.total[0])
        };
        let expected = weights(0.0);
        assert!(expected.2 > 1.0);
        for beyond in [1e30, f32::INFINITY, f32::NAN] {
            assert_eq!(weights(beyond), expected, "{beyond}");
        }
    }
}
