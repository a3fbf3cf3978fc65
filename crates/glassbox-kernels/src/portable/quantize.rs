//! Activations in eight bits.

use super::exp::round;
use crate::activations::{ActBlock, SUM};

/// Quantises a row to eight bits as [`Activations`](crate::Activations) documents: `q` as long as
/// `x`, `d` one a block, `sums` one for 16.
///
/// # Panics
/// When the row is not a whole number of blocks, or an output has another length.
#[inline(always)]
pub fn quantize(q: &mut [i8], d: &mut [f32], sums: &mut [i16], x: &[f32], block: ActBlock) {
    assert_eq!(q.len(), x.len());
    assert_eq!(d.len() * block.size(), x.len());
    assert_eq!(sums.len() * SUM, x.len());
    match block {
        ActBlock::Small => blocks::<32>(q, d, x),
        ActBlock::Super => blocks::<256>(q, d, x),
    }
    for (sum, q) in sums.iter_mut().zip(q.as_chunks::<SUM>().0) {
        *sum = q.iter().fold(0, |sum, &q| sum.wrapping_add(i16::from(q)));
    }
}

#[inline(always)]
fn blocks<const LEN: usize>(q: &mut [i8], d: &mut [f32], x: &[f32]) {
    let blocks = q
        .as_chunks_mut::<LEN>()
        .0
        .iter_mut()
        .zip(x.as_chunks::<LEN>().0);
    for (d, (q, x)) in d.iter_mut().zip(blocks) {
        // Magnitudes compare as their bits do, and above all numbers stands NaN.
        let largest = x.iter().fold(0, |m, x| m.max(x.abs().to_bits()));
        let largest = f32::from_bits(largest);
        let tiny = largest < 1e-30;
        let keep = !tiny && largest.is_finite();
        *d = if tiny { 0.0 } else { largest / 127.0 };
        let inverse = if keep { 127.0 / largest } else { 0.0 };
        let mask = if keep { -1 } else { 0 };
        for (q, x) in q.iter_mut().zip(x) {
            *q = round(x * inverse) as i8 & mask;
        }
    }
}
