//! Blocks of 32 with a scale and a minimum: q4_1, q5_1.

use super::scale_f16;
use super::search::{affine_scale, inverse, quant};
use super::symmetric::{fifth_bits, pack_nibbles};
use half::f16;

fn block(x: &[f32], hi: f32) -> ([u8; 4], [u8; 32]) {
    let round = |d: f32, m: f32| (scale_f16(d).to_f32(), f16::from_f32(m).to_f32());
    // Every offset that a block's own values suggest is within f16: `check` saw to it.
    let limit = |m: f32| m.clamp(-65504.0, 65504.0);
    let (d, m) = affine_scale(x, hi, limit, round);
    let inverse = inverse(d);
    let mut q = [0; 32];
    for (q, &x) in q.iter_mut().zip(x) {
        *q = quant(x - m, inverse, 0.0, hi) as u8;
    }
    let [d0, d1] = f16::from_f32(d).to_le_bytes();
    let [m0, m1] = f16::from_f32(m).to_le_bytes();
    ([d0, d1, m0, m1], q)
}

pub(super) fn q4_1(x: &[f32], y: &mut [u8]) {
    let (head, q) = block(x, 15.0);
    y[..4].copy_from_slice(&head);
    pack_nibbles(&q, &mut y[4..]);
}

pub(super) fn q5_1(x: &[f32], y: &mut [u8]) {
    let (head, q) = block(x, 31.0);
    y[..4].copy_from_slice(&head);
    y[4..8].copy_from_slice(&fifth_bits(&q));
    pack_nibbles(&q, &mut y[8..]);
}
