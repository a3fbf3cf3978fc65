//! Operations without a reduction.

use super::exp::exp;

/// `dst += x`.
#[inline(always)]
pub fn add(dst: &mut [f32], x: &[f32]) {
    for (y, x) in dst.iter_mut().zip(x) {
        *y += x;
    }
}

/// `dst = gate / (1 + exp(-gate)) * up`. Source: Shazeer, arXiv 2002.05202.
#[inline(always)]
pub fn swiglu(dst: &mut [f32], gate: &[f32], up: &[f32]) {
    for ((y, &g), &u) in dst.iter_mut().zip(gate).zip(up) {
        *y = g / (1.0 + exp(-g)) * u;
    }
}
