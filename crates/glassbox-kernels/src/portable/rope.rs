//! Rotary position embedding.

use glassbox_core::RopeLayout;

/// Turns each head of `x`, `[n_heads * head_dim]`, in place: pair `i` by the angle whose cosine
/// and sine are `cos[i]` and `sin[i]`, `[head_dim / 2]`. The layout says which two elements are
/// pair `i`.
#[inline(always)]
pub fn rope(x: &mut [f32], cos: &[f32], sin: &[f32], layout: RopeLayout) {
    let half = cos.len();
    for head in x.chunks_exact_mut(2 * half) {
        match layout {
            RopeLayout::Half => {
                let (a, b) = head.split_at_mut(half);
                for (((a, b), &c), &s) in a.iter_mut().zip(b).zip(cos).zip(sin) {
                    (*a, *b) = turn(*a, *b, c, s);
                }
            }
            RopeLayout::Interleaved => {
                for ((pair, &c), &s) in head.as_chunks_mut::<2>().0.iter_mut().zip(cos).zip(sin) {
                    (pair[0], pair[1]) = turn(pair[0], pair[1], c, s);
                }
            }
        }
    }
}

#[inline(always)]
fn turn(a: f32, b: f32, cos: f32, sin: f32) -> (f32, f32) {
    (a * cos - b * sin, b * cos + a * sin)
}
