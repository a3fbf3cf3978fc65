//! Many tiles times a panel whose blocks are opened: what a format packs is taken apart once for all of them.

use super::ahead::Ahead;
use super::formats::{Planes, Words, each};
use super::lanes::{Lanes, Rows, Work};
use super::layout::ROWS;
use super::panel::Panels;
use super::product::store;
use crate::Tile;
use crate::activations::Activations;
use glassbox_core::DType;
use glassbox_core::quant::{Format, Unpacked};
use std::marker::PhantomData;
use std::ops::Range;

/// Rows of activations from which on it pays.
pub(super) const MANY: usize = 24;
/// Rows of a tile.
const TILE: usize = 8;
/// Of them, those whose sums registers suffice for.
const PART: usize = 4;
/// Tiles whose outputs wait together for the next block.
const AT_ONCE: usize = 16;

/// The words of an opened block: its groups, factors and pairs of minima, as many as a format has at most.
type Space = [[u8; 64]; 256 / 4 + 256 / 16 + 256 / 32];

/// [`linear_panels`](super::linear_panels) for the rows of whole tiles; tells how many those are.
#[inline(always)]
pub(super) fn linear<V: Lanes, F: Planes>(
    dst: &mut Tile<'_>,
    x: &Activations<'_>,
    w: &[u8],
) -> usize {
    let n_tiles = dst.n_rows() / TILE;
    let mut space: Space = [[0; 64]; _];
    for first in (0..n_tiles).step_by(AT_ONCE) {
        V::apart::<PART>(Many {
            w,
            dst,
            x,
            tiles: first..n_tiles.min(first + AT_ONCE),
            space: &mut space,
            format: PhantomData::<F>,
        });
    }
    n_tiles * TILE
}

/// The products of all panels with some tiles.
struct Many<'a, 'b, F> {
    w: &'a [u8],
    dst: &'a mut Tile<'b>,
    x: &'a Activations<'a>,
    tiles: Range<usize>,
    space: &'a mut Space,
    format: PhantomData<F>,
}

impl<F: Planes> Work for Many<'_, '_, F> {
    #[inline(always)]
    fn run<V: Lanes, const T: usize>(self) {
        let first = self.tiles.start * TILE;
        for panel in 0..self.dst.n_cols().div_ceil(ROWS) {
            let n_blocks = self.x.width / F::LEN;
            let bytes = ROWS * n_blocks * F::BYTES;
            let ahead = Ahead::of_one::<V, 1>(&self.w[panel * bytes..], bytes);
            let panel = Panels::<1>::new::<F>(self.w, panel, n_blocks, ahead);
            let mut y = [[[V::float_zero()]; T]; AT_ONCE * TILE / PART];
            let (parts, _) = y.split_at_mut(self.tiles.len() * (TILE / T));
            for b in 0..panel.n_blocks {
                open::<V::Low, F>(self.space, panel.words::<F>(b)[0]);
                open::<V::High, F>(self.space, panel.words::<F>(b)[0]);
                for (i, y) in parts.iter_mut().enumerate() {
                    let x = self.x.tile::<TILE>(first + i / (TILE / T) * TILE);
                    let ahead = match first + i {
                        0 => panel.ahead.block::<F>(b),
                        _ => Ahead::nothing(),
                    };
                    let words = ([Words(&*self.space)], ahead);
                    panel.add::<V, Opened<F>, T, TILE>(y, b, words, x, i % (TILE / T) * T);
                }
            }
            for (i, y) in parts.iter().enumerate() {
                store::<V, T>(self.dst, (first + i * T, panel.column), y.map(|[y]| y));
            }
        }
    }
}

/// Takes a block apart, for some of its rows.
#[inline(always)]
fn open<V: Rows, F: Planes>(space: &mut Space, words: Words<'_>) {
    let (groups, others) = space.split_at_mut(F::LEN / 4);
    let (factors, minima) = others.split_at_mut(F::LEN / F::SUB);
    each!(S < F::LEN / F::SUB => {
        for g in 0..F::SUB / 4 {
            V::keep(F::group::<V>(words, S, g), &mut groups[S * F::SUB / 4 + g]);
        }
        V::keep(F::scale::<V>(words, S), &mut factors[S]);
    });
    for (p, minimum) in minima[..F::LEN / (2 * F::SUM)].iter_mut().enumerate() {
        V::keep(F::min_pair::<V>(words, p), minimum);
    }
}

/// A format with sub-blocks whose words are those of [`open`]ed blocks.
struct Opened<F>(PhantomData<F>);

impl<F: Planes> Format for Opened<F> {
    const DTYPE: DType = F::DTYPE;
    const SUB: usize = F::SUB;
    const FLOATS: &[usize] = F::FLOATS;

    fn unpack(dst: &mut Unpacked, block: &[u8]) {
        F::unpack(dst, block);
    }
}

impl<F: Planes> Planes for Opened<F> {
    const OFFSET: i32 = F::OFFSET;
    const SIGNED: bool = F::SIGNED;
    const MOST: i32 = F::MOST;
    const MINUS: bool = F::MINUS;

    #[inline(always)]
    fn group<V: Rows>(words: Words<'_>, s: usize, g: usize) -> V::I {
        words.at::<V>(s * F::SUB / 4 + g)
    }
    #[inline(always)]
    fn scale<V: Rows>(words: Words<'_>, s: usize) -> V::I {
        words.at::<V>(F::LEN / 4 + s)
    }
    #[inline(always)]
    fn min_pair<V: Rows>(words: Words<'_>, p: usize) -> V::I {
        words.at::<V>(F::LEN / 4 + F::LEN / F::SUB + p)
    }
}
