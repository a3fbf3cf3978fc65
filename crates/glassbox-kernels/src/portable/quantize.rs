//! Activations in eight bits.

use super::fixed::integers;
use crate::activations::{ActBlock, Rows, SUM, Turns};

/// Quantises rows to eight bits, as one tile of [`Activations`](crate::Activations).
///
/// # Panics
/// When a row is not a whole number of blocks, or an output has another length than it should.
#[inline(always)]
pub fn quantize(
    q: &mut [i8],
    d: &mut [f32],
    sums: &mut [i16],
    x: Rows<'_>,
    block: ActBlock,
    turns: Turns,
) {
    let rows = x.data.len() / x.width.max(1);
    let len = turns.room(rows) * x.width;
    assert_eq!(q.len(), len);
    assert_eq!(d.len() * block.size(), len);
    assert_eq!(sums.len() * SUM, len);
    if len > x.data.len() {
        q.fill(0);
        d.fill(0.0);
        sums.fill(0);
    }
    assert!(x.width.is_multiple_of(block.size()));
    match block {
        ActBlock::Small => tile::<32>(q, d, sums, x, turns),
        ActBlock::Super => tile::<256>(q, d, sums, x, turns),
    }
}

#[inline(always)]
fn tile<const LEN: usize>(
    q: &mut [i8],
    d: &mut [f32],
    sums: &mut [i16],
    x: Rows<'_>,
    turns: Turns,
) {
    let rows = x.data.len() / x.width.max(1);
    let n = turns.room(rows);
    let pairs = sums.as_chunks_mut::<2>().0;
    for t in 0..rows {
        for (b, x) in x.row(t).as_chunks::<LEN>().0.iter().enumerate() {
            let mut out = [0; LEN];
            d[b * n + t] = integers(&mut out, x, 127, |q| q as i8);
            let q = &mut q[b * LEN * n..][..LEN * n];
            match (turns, LEN) {
                (Turns::Fours, _) => take_turn::<4>(q, &out, n, t),
                (Turns::Lines, 32) => take_turn::<32>(q, &out, n, t),
                (Turns::Lines, _) => take_turn::<64>(q, &out, n, t),
            }
            for (p, half) in out.as_chunks::<32>().0.iter().enumerate() {
                let (low, high) = half.split_at(SUM);
                pairs[(b * LEN / 32 + p) * n + t] = [sum(low), sum(high)];
            }
        }
    }
}

/// Puts every `EACH` integers of `row` in row `t`'s turns among `n`.
#[inline(always)]
fn take_turn<const EACH: usize>(q: &mut [i8], row: &[i8], n: usize, t: usize) {
    let turns = q.as_chunks_mut::<EACH>().0;
    for (i, some) in row.as_chunks().0.iter().enumerate() {
        turns[i * n + t] = *some;
    }
}

#[inline(always)]
fn sum(q: &[i8]) -> i16 {
    q.iter().fold(0, |sum, &q| sum.wrapping_add(i16::from(q)))
}
