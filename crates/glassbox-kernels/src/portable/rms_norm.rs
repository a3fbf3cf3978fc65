//! Root mean square normalisation.

use super::dot::dot;

/// `dst = x * (1 / sqrt(mean(x²) + eps)) * gain`, multiplied from left to right.
/// Source: Zhang and Sennrich, arXiv 1910.07467.
#[inline(always)]
pub fn rms_norm(dst: &mut [f32], x: &[f32], gain: &[f32], eps: f32) {
    let mean = dot(x, x) / x.len() as f32;
    let inv = 1.0 / (mean + eps).sqrt();
    for ((y, &x), &g) in dst.iter_mut().zip(x).zip(gain) {
        *y = x * inv * g;
    }
}
