//! Vectors in 16-bit integers with one scale: what attention multiplies.

use super::exp::round;

/// The largest magnitude of a query's or key's integers: the largest for which the sum over a head
/// of `head_dim` products fits an i32.
pub fn key_limit(head_dim: usize) -> i32 {
    let most = i32::MAX as usize / head_dim.max(1);
    most.isqrt().min(i16::MAX as usize) as i32
}

/// The largest magnitude of a value's integers, and of the weights that they meet: the sum over a
/// page of 64 of products of the two fits an i32.
pub const VALUE_LIMIT: i32 = 4095;
/// See [`VALUE_LIMIT`].
pub const WEIGHT_LIMIT: i32 = 8191;

/// The largest magnitude of the integers of keys and values in 8 bits.
pub const Q8_LIMIT: i32 = 127;

/// `x ≈ d * q`: writes `q`, of magnitudes up to `limit`, and returns `d`.
///
/// `d = max |x| / limit` and `q = x * (limit / max |x|)` rounded to the nearest, ties to even. A
/// vector whose largest magnitude is below 1e-30 is zero. A vector that holds an infinity or NaN
/// has that as `d`, so that it shows in every result, and zeros as `q`.
#[inline(always)]
pub fn fixed(q: &mut [i16], x: &[f32], limit: i32) -> f32 {
    // Magnitudes compare as their bits do, and above all numbers stands NaN.
    let largest = x.iter().fold(0, |m, x| m.max(x.abs().to_bits()));
    let scale = Scale::of(largest as i32, limit);
    for (q, x) in q.iter_mut().zip(x) {
        *q = (round(x * scale.inverse) & scale.mask) as i16;
    }
    scale.d
}

/// How a vector becomes integers.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    /// What an integer stands for.
    pub(crate) d: f32,
    /// What an element is multiplied by.
    pub(crate) inverse: f32,
    /// All bits of the integers, or none.
    pub(crate) mask: i32,
}

impl Scale {
    /// For integers of magnitudes up to `limit` of a vector whose largest magnitude has these bits.
    #[inline(always)]
    pub(crate) fn of(largest: i32, limit: i32) -> Scale {
        let largest = f32::from_bits(largest as u32);
        let tiny = largest < 1e-30;
        let keep = !tiny && largest.is_finite();
        Scale {
            d: if tiny { 0.0 } else { largest / limit as f32 },
            inverse: if keep { limit as f32 / largest } else { 0.0 },
            mask: if keep { -1 } else { 0 },
        }
    }
}

/// [`fixed`] of each of `d.len()` vectors, equally long.
///
/// # Panics
/// When `q` and `x` are not as many vectors.
#[inline(always)]
pub fn fixed_rows(q: &mut [i16], d: &mut [f32], x: &[f32], limit: i32) {
    assert!(q.len() == x.len() && x.len().is_multiple_of(d.len().max(1)));
    let len = x.len() / d.len().max(1);
    for (i, d) in d.iter_mut().enumerate() {
        *d = fixed(&mut q[i * len..][..len], &x[i * len..][..len], limit);
    }
}
