//! Exponentials and sums whose every bit is documented.
//!
//! The platform's `exp` differs between C libraries, so that it would break replay. This one is a polynomial on basic
//! operations, which IEEE 754 fixes to the bit, and it is free of branches, so that the compiler vectorises it.
//! Sums are f64 and run in [`LANES`] lanes: element `i` goes to lane `i % LANES`, in order, and the lanes fold
//! `((0+4) + (2+6)) + ((1+5) + (3+7))`.

use crate::candidates::Candidate;

pub(crate) const LANES: usize = 8;

/// (e^r − 1 − r) / r² on |r| ≤ ln(2)/2, from r⁵ down to r⁰: the polynomial of Cephes' `expf`.
const POLYNOMIAL: [f32; 6] = [
    1.987_569_1e-4,
    1.398_199_9e-3,
    8.333_452e-3,
    4.166_579_6e-2,
    1.666_666_5e-1,
    0.5,
];

/// e^x for x ≤ 0, with a relative error below 2e-7; 0 below −87, where f32 leaves its normal range.
///
/// It is f32 like the logits, which owe as much to rounding themselves.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const LOWEST: f32 = -87.0;
    /// 1.5 · 2^23: adding it rounds to an integer and leaves that integer in the low bits.
    const ROUND: f32 = 12_582_912.0;
    /// ln 2 in two parts, the high one with enough zero bits that k · LN2_HIGH is exact.
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;

    let clamped = if x < LOWEST { LOWEST } else { x };
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (clamped - k * LN2_HIGH) - k * LN2_LOW;
    let p = POLYNOMIAL;
    let y = ((((p[0] * r + p[1]) * r + p[2]) * r + p[3]) * r + p[4]) * r + p[5];
    let e_to_r = (y * (r * r) + r) + 1.0;
    let two_to_k = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    if x < LOWEST { 0.0 } else { e_to_r * two_to_k }
}

/// Replaces each x by e^x and adds them up in the documented order; `x` starts at a multiple of [`LANES`] of its row.
fn exp_and_sum(x: &mut [f32], sum: &mut [f64; LANES]) {
    // Two plain loops, because one that does both isn't vectorised.
    for x in x.iter_mut() {
        *x = exp(*x);
    }
    let (blocks, tail) = x.as_chunks::<LANES>();
    for weights in blocks {
        for (sum, w) in sum.iter_mut().zip(weights) {
            *sum += f64::from(*w);
        }
    }
    for (sum, w) in sum.iter_mut().zip(tail) {
        *sum += f64::from(*w);
    }
}

fn fold(s: &[f64; LANES]) -> f64 {
    ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

/// How many elements are worked on at once, so that they stay in the first-level cache.
const BLOCK: usize = 64 * LANES;

/// The largest logit; −inf of none.
pub(crate) fn largest(items: &[Candidate]) -> f32 {
    let mut max = [f32::NEG_INFINITY; LANES];
    for items in items.chunks(LANES) {
        for (max, c) in max.iter_mut().zip(items) {
            *max = if c.logit > *max { c.logit } else { *max };
        }
    }
    max.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

/// The sum of the weights that are at least `least`, in the documented order.
pub(crate) fn sum_from(weights: &[f32], least: f32) -> f64 {
    let mut sum = [0.0; LANES];
    for weights in weights.chunks(LANES) {
        for (sum, w) in sum.iter_mut().zip(weights) {
            *sum += f64::from(if *w >= least { *w } else { 0.0 });
        }
    }
    fold(&sum)
}

/// Writes e^(logit − max) of every candidate to the front of `weights` and returns their sum.
pub(crate) fn weigh(items: &[Candidate], max: f32, weights: &mut Vec<f32>) -> f64 {
    let mut sum = [0.0; LANES];
    if weights.len() < items.len() {
        weights.resize(items.len(), 0.0);
    }
    let weights = &mut weights[..items.len()];
    for (src, dst) in items.chunks(BLOCK).zip(weights.chunks_mut(BLOCK)) {
        for (c, w) in src.iter().zip(&mut *dst) {
            *w = c.logit - max;
        }
        exp_and_sum(dst, &mut sum);
    }
    fold(&sum)
}

/// `Σ e^x` and `Σ e^x · x` over a row, where `x` is a logit less the largest.
#[derive(Debug, PartialEq)]
pub(crate) struct Sums {
    pub(crate) total: f64,
    pub(crate) weighted: f64,
}

/// The sums over the logits of `items`, each in the documented order. What weighs nothing, −inf
/// too, adds nothing.
pub(crate) fn sums<T>(items: &[T], logit: impl Fn(&T) -> f32, max: f32) -> Sums {
    let (mut total, mut weighted) = ([0.0; LANES], [0.0; LANES]);
    let (mut below, mut weights) = ([0.0; BLOCK], [0.0; BLOCK]);
    for src in items.chunks(BLOCK) {
        let (below, weights) = (&mut below[..src.len()], &mut weights[..src.len()]);
        for (x, item) in below.iter_mut().zip(src) {
            *x = logit(item) - max;
        }
        weights.copy_from_slice(below);
        exp_and_sum(weights, &mut total);
        // 0 · −∞ would be NaN.
        for x in below.iter_mut() {
            *x = if *x < f32::MIN { f32::MIN } else { *x };
        }
        for (x, w) in below.chunks(LANES).zip(weights.chunks(LANES)) {
            for ((sum, x), w) in weighted.iter_mut().zip(x).zip(w) {
                *sum += f64::from(*w) * f64::from(*x);
            }
        }
    }
    Sums {
        total: fold(&total),
        weighted: fold(&weighted),
    }
}

/// The largest of a row, and whether every element is below +inf (which NaN is not).
pub(crate) fn max_and_valid(logits: &[f32]) -> (f32, bool) {
    let mut max = [f32::NEG_INFINITY; LANES];
    let mut invalid = [false; LANES];
    let mut see = |src: &[f32]| {
        for ((max, invalid), l) in max.iter_mut().zip(&mut invalid).zip(src) {
            *max = if l > max { *l } else { *max };
            *invalid |= not_below_infinity(*l);
        }
    };
    let (blocks, tail) = logits.as_chunks::<LANES>();
    for src in blocks {
        see(src);
    }
    see(tail);
    let best = max
        .iter()
        .fold(f32::NEG_INFINITY, |a, b| if *b > a { *b } else { a });
    (best, !invalid.iter().any(|b| *b))
}

/// True of NaN and +inf, the two values that no logit may have.
#[inline]
pub(crate) fn not_below_infinity(x: f32) -> bool {
    x.is_nan() || x == f32::INFINITY
}

/// The nearest finite f32: a penalty may make a logit very small, and that isn't the same as forbidding the token.
#[inline]
pub(crate) fn to_finite(x: f64) -> f32 {
    x.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_agrees_with_libm() {
        let mut x = 0.0f32;
        while x > -87.0 {
            let (got, expected) = (f64::from(exp(x)), libm::exp(f64::from(x)));
            assert!(
                (got - expected).abs() <= 2e-7 * expected,
                "exp({x}) = {got}, expected {expected}"
            );
            x -= 0.000_37;
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-88.0), 0.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
    }

    /// Bits that another platform must give as well.
    #[test]
    fn exp_is_fixed_to_the_bit() {
        for (x, bits) in [
            (-1.0, 0x3ebc_5ab2),
            (-20.5, 0x30ab_d1d8),
            (-80.25, 0x0595_789b),
        ] {
            assert_eq!(exp(x).to_bits(), bits, "{x} {:x}", exp(x).to_bits());
        }
    }

    #[test]
    fn sums_follow_the_documented_order() {
        let logits: Vec<f32> = (0..1003).map(|i| ((i * 37) % 101) as f32 * 0.1).collect();
        let items: Vec<Candidate> = logits
            .iter()
            .enumerate()
            .map(|(i, l)| Candidate {
                id: i as u32,
                logit: *l,
            })
            .collect();
        let mut lanes = [0.0f64; 8];
        for (i, l) in logits.iter().enumerate() {
            lanes[i % 8] += f64::from(exp(*l - 10.0));
        }
        let fold = |lanes: [f64; 8]| {
            ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6]))
                + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
        };
        let expected = fold(lanes);
        let mut weights = Vec::new();
        assert_eq!(weigh(&items, 10.0, &mut weights), expected);
        let mut weighted = [0.0f64; 8];
        for (i, l) in logits.iter().enumerate() {
            weighted[i % 8] += f64::from(exp(*l - 10.0)) * f64::from(*l - 10.0);
        }
        let both = Sums {
            total: expected,
            weighted: fold(weighted),
        };
        assert_eq!(sums(&logits, |logit| *logit, 10.0), both);
        assert_eq!(sums(&items, |item| item.logit, 10.0), both);
        let with_none = [&logits[..], &[f32::NEG_INFINITY, -200.0]].concat();
        assert_eq!(sums(&with_none, |logit| *logit, 10.0), both);
    }

    #[test]
    fn invalid_logits_are_seen_anywhere() {
        for bad in [f32::NAN, f32::INFINITY] {
            for at in [0, 7, 8, 18] {
                let mut row = vec![1.0f32; 19];
                row[at] = bad;
                assert!(!max_and_valid(&row).1);
            }
        }
        assert_eq!(max_and_valid(&[f32::NEG_INFINITY, -3.0]), (-3.0, true));
    }
}
