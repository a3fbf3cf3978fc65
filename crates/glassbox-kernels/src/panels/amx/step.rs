//! What the tiles do at a time, and what is made of it.

use super::stretch::{Stretch, cuts_scales, n_minima};
use super::tiles::{Line, Tiles};
use super::{STRETCH, V};
use crate::activations::{ActTile, SUM, TILE};
use crate::panels::formats::Planes;
use crate::panels::lanes::Rows;

/// The products of a block with 16 rows of activations, or of two blocks that are no larger than
/// that.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) w: &'a Stretch,
    pub(super) a: ActTile<'a, TILE>,
    pub(super) unit: usize,
    /// The first block of the stretch, and how many it has.
    pub(super) first: usize,
    pub(super) n: usize,
    /// The block in the stretch.
    pub(super) block: usize,
    /// The two sums in the tiles.
    pub(super) sums: [usize; 2],
    /// Which pairs of sums are its rows'.
    pub(super) turn: usize,
}

impl Step<'_> {
    /// Has the tiles compute `Σ w a`: of two blocks, or of the high and the low parts.
    #[inline(always)]
    pub(super) fn multiply<F: Planes>(&self, tiles: &Tiles) {
        let line = F::LEN.min(64);
        let a = &self.a.q.as_flattened()[(self.first + self.block) * F::LEN * TILE..];
        let [one, two] = self.sums;
        tiles.zero(one);
        tiles.zero(two);
        if F::SUB == F::LEN {
            tiles.load(&a[..line * TILE]);
            tiles.add_signed(one, &self.w.high[self.block * line / 4..][..line / 4]);
            if self.block + 1 < self.n {
                tiles.load(&a[line * TILE..][..line * TILE]);
                tiles.add_signed(two, &self.w.high[(self.block + 1) * line / 4..][..line / 4]);
            }
        } else {
            for k in 0..F::LEN / line {
                tiles.load(&a[k * line * TILE..][..line * TILE]);
                let (high, low) = (&self.w.high[k * line / 4..], &self.w.low[k * line / 4..]);
                match cuts_scales::<F>() {
                    true => tiles.add_unsigned(one, &high[..line / 4]),
                    false => tiles.add_signed(one, &high[..line / 4]),
                }
                tiles.add_unsigned(two, &low[..line / 4]);
            }
        }
    }

    /// Takes the sums out of the tiles, scales them and adds them to `y`.
    #[inline(always)]
    pub(super) fn add<F: Planes>(
        &self,
        tiles: &Tiles,
        y: &mut [Line; TILE],
        [one, two]: &mut [[Line; TILE]; 2],
        pairs: &[Pairs; 2],
    ) {
        tiles.store(self.sums[0], one);
        tiles.store(self.sums[1], two);
        if F::SUB != F::LEN {
            self.add_large::<F>(y, [one, two], &pairs[self.turn]);
            return;
        }
        self.add_small::<F>(y, self.block, one);
        if self.block + 1 < self.n {
            self.add_small::<F>(y, self.block + 1, two);
        }
    }

    /// Adds block `b`, which has no sub-blocks.
    #[inline(always)]
    fn add_small<F: Planes>(&self, y: &mut [Line; TILE], b: usize, sums: &[Line; TILE]) {
        let (d, m) = (self.w.d[b].f32(), self.w.m[b].f32());
        let [d_a, m_a]: &[[f32; TILE]; 2] = &self.a.d.as_chunks().0.as_chunks().0[self.first + b];
        for t in 0..TILE {
            let scale = V::float_mul(d, V::float_splat(d_a[t]));
            let mut sum = V::fma(scale, V::to_float(sums[t].0), y[t].f32());
            if F::HAS_MIN {
                sum = V::fma(m, V::float_splat(m_a[t]), sum);
            }
            y[t].set_f32(sum);
        }
    }

    /// Adds a block with sub-blocks, whose parts were multiplied apart.
    #[inline(always)]
    fn add_large<F: Planes>(
        &self,
        y: &mut [Line; TILE],
        [high, low]: [&[Line; TILE]; 2],
        pairs: &Pairs,
    ) {
        let (d, m) = (self.w.d[0].f32(), self.w.m[0].f32());
        let d_a: &[f32; TILE] = &self.a.d.as_chunks().0[self.first];
        let minima = ..n_minima::<F>();
        let (pairs, mins) = (&pairs.0[minima], &self.w.mins[minima]);
        for t in 0..TILE {
            let high = match cuts_scales::<F>() {
                true => V::shl::<3>(high[t].0),
                false => V::shl::<8>(high[t].0),
            };
            let isum = V::add(high, low[t].0);
            let d_a = V::float_splat(d_a[t]);
            let mut sum = V::fma(V::float_mul(d, d_a), V::to_float(isum), y[t].f32());
            if F::HAS_MIN {
                let mut msum = V::zero();
                for (min, pairs) in mins.iter().zip(pairs) {
                    msum = V::madd(msum, min.0, V::splat(pairs.lanes()[t]));
                }
                sum = V::fma(V::float_mul(m, d_a), V::to_float(msum), sum);
            }
            y[t].set_f32(sum);
        }
    }
}

/// Sums of 16 rows of activations as the minima of a stretch want them, two a row.
pub(super) struct Pairs(pub(super) [Line; STRETCH / 32]);

impl Pairs {
    /// Those of blocks `first` and on.
    #[inline(always)]
    pub(super) fn gather<F: Planes>(&mut self, a: &ActTile<'_, TILE>, first: usize, n: usize) {
        let sums = if F::SUM > SUM { a.wide } else { a.sums };
        let sums: &[[[i16; 2]; TILE]] = sums.as_chunks().0;
        let pairs = F::LEN / (2 * F::SUM);
        for (to, pair) in self.0.iter_mut().zip(&sums[first * pairs..][..n * pairs]) {
            to.0 = V::load_pairs(pair);
        }
    }
}
