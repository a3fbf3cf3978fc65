//! Activations in eight bits.

use super::lanes::{Lanes, integers};
use crate::activations::{ActBlock, Rows, SUM, Turns};
use crate::portable::fixed::Scale;

/// Quantises rows to eight bits, as one tile of [`Activations`](crate::Activations).
///
/// # Panics
/// When a row is not a whole number of blocks, or an output has another length than it should.
#[inline(always)]
pub(crate) fn quantize<V: Lanes>(
    q: &mut [i8],
    d: &mut [f32],
    sums: &mut [i16],
    x: Rows<'_>,
    block: ActBlock,
    turns: Turns,
) {
    let rows = x.data.len() / x.width.max(1);
    let n = turns.room(rows);
    assert_eq!(q.len(), n * x.width);
    assert_eq!(d.len(), n * block.floats(x.width));
    assert_eq!(sums.len(), n * block.sums(x.width));
    assert!(x.width.is_multiple_of(block.size()));
    if n > rows {
        q.fill(0);
        d.fill(0.0);
        sums.fill(0);
    }
    let pairs = sums.as_chunks_mut().0;
    let (sums, wide) = pairs.split_at_mut(n * x.width / (2 * SUM));
    let mut out = Out {
        q: q.as_chunks_mut().0,
        d,
        sums,
        wide,
        n,
    };
    for first in (0..x.width).step_by(NEAR) {
        for t in 0..rows {
            let x = x.row(t);
            let x = x[first..x.len().min(first + NEAR)].as_chunks().0;
            let at = (first, t);
            match (turns, block) {
                (Turns::Fours, ActBlock::Small) => out.row::<V, 2, 4>(x, at),
                (Turns::Fours, ActBlock::Super) => out.row::<V, 16, 4>(x, at),
                (Turns::Lines, ActBlock::Small) => out.row::<V, 2, 32>(x, at),
                (Turns::Lines, ActBlock::Super) => out.row::<V, 16, 64>(x, at),
            }
        }
    }
}

/// Elements of a row that are done before the next row's: what rows that take turns write stays in the first cache.
const NEAR: usize = 2048;

/// Where `n` rows take turns.
struct Out<'a> {
    q: &'a mut [[i8; 4]],
    d: &'a mut [f32],
    sums: &'a mut [[i16; 2]],
    wide: &'a mut [[i16; 2]],
    n: usize,
}

impl Out<'_> {
    /// Puts what row `t` has from element `first` on there, in blocks of `PARTS` times 16 integers, of which `EACH`
    /// stand together.
    #[inline(always)]
    fn row<V: Lanes, const PARTS: usize, const EACH: usize>(
        &mut self,
        x: &[[f32; SUM]],
        (first, t): (usize, usize),
    ) {
        for (b, x) in x.as_chunks::<PARTS>().0.iter().enumerate() {
            let b = first / (PARTS * SUM) + b;
            let mut largest = V::zero();
            for x in x {
                let magnitude = V::and(V::bits(V::load_floats(x)), V::splat(i32::MAX));
                largest = V::max(largest, magnitude);
            }
            let scale = Scale::of(V::largest(largest), 127);
            let mut sum = 0;
            for (part, x) in x.iter().enumerate() {
                let q = integers::<V>(V::load_floats(x), &scale);
                let s = b * PARTS + part;
                let total = V::total(q);
                sum += total;
                let pair = &mut self.sums[s / 2 * self.n + t];
                pair[s % 2] = total as i16;
                if s % 2 == 1 && PARTS * SUM == ActBlock::Super.size() {
                    self.wide[s / 4 * self.n + t][s / 2 % 2] = pair[0] + pair[1];
                }
                let four = s * SUM / 4;
                for (i, q) in V::narrow(q).as_chunks().0.iter().enumerate() {
                    let (turn, place) = ((four + i) / (EACH / 4), (four + i) % (EACH / 4));
                    self.q[(turn * self.n + t) * (EACH / 4) + place] = *q;
                }
            }
            if PARTS * SUM == ActBlock::Small.size() {
                self.d[2 * b * self.n + t] = scale.d;
                self.d[(2 * b + 1) * self.n + t] = scale.d * sum as f32;
            } else {
                self.d[b * self.n + t] = scale.d;
            }
        }
    }
}
