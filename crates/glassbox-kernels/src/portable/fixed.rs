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
    integers(q, x, limit, |q| q as i16)
}

/// [`fixed`], for any type that holds the limit.
#[inline(always)]
pub(super) fn integers<T>(q: &mut [T], x: &[f32], limit: i32, narrow: impl Fn(i32) -> T) -> f32 {
    // Magnitudes compare as their bits do, and above all numbers stands NaN.
    let largest = x.iter().fold(0, |m, x| m.max(x.abs().to_bits()));
    let largest = f32::from_bits(largest);
    let tiny = largest < 1e-30;
    let keep = !tiny && largest.is_finite();
    let inverse = if keep { limit as f32 / largest } else { 0.0 };
    let mask = if keep { -1 } else { 0 };
    for (q, x) in q.iter_mut().zip(x) {
        *q = narrow(round(x * inverse) & mask);
    }
    if tiny { 0.0 } else { largest / limit as f32 }
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
