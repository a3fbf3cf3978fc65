//! Blocks of 32 with a scale: q4_0, q5_0, q8_0.

use super::scale_f16;
use super::search::{extreme, inverse, quant, symmetric_scale};
use half::f16;

/// The best scale of a block whose integers lie in `[lo, -lo - 1]`, as the file holds it.
fn scale(x: &[f32], lo: f32) -> f16 {
    let round = |d: f32| scale_f16(d).to_f32();
    let start = extreme(x) / lo;
    f16::from_f32(symmetric_scale(x, lo, -lo - 1.0, start, round))
}

/// `n` integers from `lo` on, moved up to start at 0.
fn quants(x: &[f32], d: f16, lo: f32) -> [u8; 32] {
    let inverse = inverse(d.to_f32());
    let mut q = [0; 32];
    for (q, &x) in q.iter_mut().zip(x) {
        *q = (quant(x, inverse, lo, -lo - 1.0) - lo) as u8;
    }
    q
}

pub(super) fn q4_0(x: &[f32], y: &mut [u8]) {
    let d = scale(x, -8.0);
    y[..2].copy_from_slice(&d.to_le_bytes());
    pack_nibbles(&quants(x, d, -8.0), &mut y[2..]);
}

pub(super) fn q5_0(x: &[f32], y: &mut [u8]) {
    let d = scale(x, -16.0);
    let q = quants(x, d, -16.0);
    y[..2].copy_from_slice(&d.to_le_bytes());
    y[2..6].copy_from_slice(&fifth_bits(&q));
    pack_nibbles(&q, &mut y[6..]);
}

/// With 255 steps the scale that just reaches the extreme is as good as any; what is gained over
/// the reference quantiser is that the integers fit the rounded scale.
pub(super) fn q8_0(x: &[f32], y: &mut [u8]) {
    let d = scale_f16(extreme(x).abs() / 127.0);
    let inverse = inverse(d.to_f32());
    y[..2].copy_from_slice(&d.to_le_bytes());
    for (y, &x) in y[2..].iter_mut().zip(x) {
        *y = quant(x, inverse, -127.0, 127.0) as i8 as u8;
    }
}

/// Weights 0–15 in the low nibbles, 16–31 in the high ones.
pub(super) fn pack_nibbles(q: &[u8; 32], y: &mut [u8]) {
    for (i, y) in y.iter_mut().enumerate() {
        *y = (q[i] & 15) | ((q[i + 16] & 15) << 4);
    }
}

/// Bit `i` is the fifth bit of weight `i`.
pub(super) fn fifth_bits(q: &[u8; 32]) -> [u8; 4] {
    let bits = q
        .iter()
        .enumerate()
        .fold(0u32, |bits, (i, q)| bits | (u32::from(q >> 4) << i));
    bits.to_le_bytes()
}
