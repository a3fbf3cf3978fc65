//! Activations in eight bits.

use super::fixed::integers;
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
            d[b * n + t] = integers(&mut out, x, 127, |q| q as i8);
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
