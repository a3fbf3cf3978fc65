//! Activations in eight bits.

use super::lanes::{Lanes, integers};
use crate::activations::{ActBlock, Rows, SUM, Turns};
use crate::portable::fixed::Scale;
use std::array;

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
    if turns == Turns::Fours && rows == EIGHT {
        match block {
            ActBlock::Small => out.eight::<V, 2>(x),
            ActBlock::Super => out.eight::<V, 16>(x),
        }
        return;
    }
    for t in 0..rows {
        let x = x.row(t).as_chunks().0;
        match (turns, block) {
            (Turns::Fours, ActBlock::Small) => out.row::<V, 2, 4>(x, t),
            (Turns::Fours, ActBlock::Super) => out.row::<V, 16, 4>(x, t),
            (Turns::Lines, ActBlock::Small) => out.row::<V, 2, 32>(x, t),
            (Turns::Lines, ActBlock::Super) => out.row::<V, 16, 64>(x, t),
        }
    }
}

/// Rows whose integers make whole vectors by taking turns.
const EIGHT: usize = 8;

/// Where `n` rows take turns.
struct Out<'a> {
    q: &'a mut [[i8; 4]],
    d: &'a mut [f32],
    sums: &'a mut [[i16; 2]],
    wide: &'a mut [[i16; 2]],
    n: usize,
}

impl Out<'_> {
    /// Puts row `t` there, in blocks of `PARTS` times 16 integers, of which `EACH` stand together.
    #[inline(always)]
    fn row<V: Lanes, const PARTS: usize, const EACH: usize>(&mut self, x: &[[f32; SUM]], t: usize) {
        for (b, x) in x.as_chunks::<PARTS>().0.iter().enumerate() {
            let scale = scale_of::<V>(x);
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

    /// Puts what eight rows have there, in blocks of `PARTS` times 16 integers.
    #[inline(always)]
    fn eight<V: Lanes, const PARTS: usize>(&mut self, x: Rows<'_>) {
        let turns = self.q.as_chunks_mut().0.as_chunks_mut().0;
        let sums = self.sums.as_chunks_mut::<EIGHT>().0;
        let wide = self.wide.as_chunks_mut::<EIGHT>().0;
        let floats = self.d.as_chunks_mut::<EIGHT>().0;
        for b in 0..x.width / (PARTS * SUM) {
            let mut scales = [Scale::of(0, 127); EIGHT];
            for (t, scale) in scales.iter_mut().enumerate() {
                *scale = scale_of::<V>(parts::<PARTS>(x, b, t));
            }
            let mut total = [0; EIGHT];
            for (pair, sums) in sums[b * PARTS / 2..][..PARTS / 2].iter_mut().enumerate() {
                let mut two = [[0; EIGHT]; 2];
                for (i, own) in two.iter_mut().enumerate() {
                    let part = 2 * pair + i;
                    let mut q = [V::zero(); EIGHT];
                    for (t, q) in q.iter_mut().enumerate() {
                        let x = &parts::<PARTS>(x, b, t)[part];
                        *q = integers::<V>(V::load_floats(x), &scales[t]);
                    }
                    *own = V::take_turns(q, &mut turns[b * PARTS + part]);
                }
                let both: [i32; EIGHT] = array::from_fn(|t| two[0][t] + two[1][t]);
                *sums = array::from_fn(|t| [two[0][t] as i16, two[1][t] as i16]);
                total = array::from_fn(|t| total[t] + both[t]);
                if PARTS * SUM == ActBlock::Super.size() {
                    let wide = &mut wide[(b * PARTS / 2 + pair) / 2];
                    for t in 0..EIGHT {
                        wide[t][pair % 2] = both[t] as i16;
                    }
                }
            }
            let d = scales.map(|scale| scale.d);
            if PARTS * SUM == ActBlock::Small.size() {
                floats[2 * b] = d;
                floats[2 * b + 1] = array::from_fn(|t| d[t] * total[t] as f32);
            } else {
                floats[b] = d;
            }
        }
    }
}

/// The parts of block `b` of row `t`.
#[inline(always)]
fn parts<const PARTS: usize>(x: Rows<'_>, b: usize, t: usize) -> &[[f32; SUM]] {
    &x.row(t).as_chunks().0[b * PARTS..][..PARTS]
}

/// How a block becomes integers.
#[inline(always)]
fn scale_of<V: Lanes>(x: &[[f32; SUM]]) -> Scale {
    let mut largest = V::zero();
    for x in x {
        let magnitude = V::and(V::bits(V::load_floats(x)), V::splat(i32::MAX));
        largest = V::max(largest, magnitude);
    }
    Scale::of(V::largest(largest), 127)
}
