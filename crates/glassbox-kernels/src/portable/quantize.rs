//! Activations in eight bits.

use super::exp::round;
use crate::activations::{ActBlock, Rows, SUM};

/// Quantises rows to eight bits, as one tile of [`Activations`](crate::Activations).
///
/// # Panics
/// When a row is not a whole number of blocks, or an output has another length than it should.
#[inline(always)]
pub fn quantize(q: &mut [i8], d: &mut [f32], sums: &mut [i16], x: Rows<'_>, block: ActBlock) {
    assert_eq!(q.len(), x.data.len());
    assert_eq!(d.len() * block.size(), x.data.len());
    assert_eq!(sums.len() * SUM, x.data.len());
    assert!(x.width.is_multiple_of(block.size()));
    match block {
        ActBlock::Small => tile::<32>(q, d, sums, x),
        ActBlock::Super => tile::<256>(q, d, sums, x),
    }
}

#[inline(always)]
fn tile<const LEN: usize>(q: &mut [i8], d: &mut [f32], sums: &mut [i16], x: Rows<'_>) {
    let n = x.data.len() / x.width.max(1);
    let fours = q.as_chunks_mut::<4>().0;
    let pairs = sums.as_chunks_mut::<2>().0;
    for t in 0..n {
        for (b, x) in x.row(t).as_chunks::<LEN>().0.iter().enumerate() {
            let mut out = [0; LEN];
            d[b * n + t] = block(&mut out, x);
            for (g, four) in out.as_chunks().0.iter().enumerate() {
                fours[(b * LEN / 4 + g) * n + t] = *four;
            }
            for (p, half) in out.as_chunks::<32>().0.iter().enumerate() {
                let (low, high) = half.split_at(SUM);
                pairs[(b * LEN / 32 + p) * n + t] = [sum(low), sum(high)];
            }
        }
    }
}

#[inline(always)]
fn sum(q: &[i8]) -> i16 {
    q.iter().fold(0, |sum, &q| sum.wrapping_add(i16::from(q)))
}

/// Quantises a block; returns its scale.
#[inline(always)]
fn block<const LEN: usize>(q: &mut [i8; LEN], x: &[f32; LEN]) -> f32 {
    // Magnitudes compare as their bits do, and above all numbers stands NaN.
    let largest = x.iter().fold(0, |m, x| m.max(x.abs().to_bits()));
    let largest = f32::from_bits(largest);
    let tiny = largest < 1e-30;
    let keep = !tiny && largest.is_finite();
    let inverse = if keep { 127.0 / largest } else { 0.0 };
    let mask = if keep { -1 } else { 0 };
    for (q, x) in q.iter_mut().zip(x) {
        *q = round(x * inverse) as i8 & mask;
    }
    if tiny { 0.0 } else { largest / 127.0 }
}
