//! Matrix products of bytes on AMX, for many rows of activations at once.
//!
//! One instruction multiplies 16 rows of 64 activations by 64 weights of each of the 16 rows of a
//! panel. It wants the weights as bytes, 4 of every row in turn, which is the order of a panel; so
//! a stretch of a panel is unpacked once, and all rows of activations pass over it.
//!
//! The scales of sub-blocks are multiplied into the weights. What is then too wide for a byte is
//! cut in two, and each part has a product of its own. All of it is whole numbers, and what follows
//! is that of [`linear_panels`](super::linear_panels): the same bits.
#![allow(unsafe_code)]

use super::ROWS;
use super::avx512::Avx512;
use super::formats::Planes;
use super::product::store_row;
use crate::Tile;
use crate::activations::{Activations, TILE, Turns};
use std::arch::x86_64::*;
use std::cell::Cell;
use step::{Pairs, Step};
use stretch::Stretch;
use tiles::{Line, Tiles};

mod step;
mod stretch;
pub(crate) mod tiles;

type V = Avx512<false>;

/// Weights of a row that are unpacked at a time: a block of 256, or eight of 32.
const STRETCH: usize = 256;
/// Panels whose stretches are in the first cache together.
const PANELS: usize = 2;
/// Units whose results so far are kept.
const UNITS: usize = 64;

/// As [`linear_panels`](super::linear_panels), for activations whose rows take turns by lines.
///
/// # Panics
/// As [`linear_panels`](super::linear_panels), and when rows take turns otherwise.
#[inline(always)]
pub(crate) fn linear_lines<F: Planes>(dst: &mut Tile<'_>, x: &Activations<'_>, w: &[u8]) {
    let n_blocks = x.width / F::LEN;
    let row_bytes = n_blocks * F::BYTES;
    assert_eq!(x.block.size(), F::LEN);
    assert_eq!(x.turns, Turns::Lines);
    assert_eq!(x.q.len(), Turns::Lines.room(dst.n_rows()) * x.width);
    let w = &w[..dst.n_cols().div_ceil(ROWS) * ROWS * row_bytes];
    let tiles = Tiles::configured(x.block.line());
    let mut scratch = SCRATCH.take().unwrap_or_default();
    for first_row in (0..dst.n_rows()).step_by(UNITS / PANELS * TILE) {
        for (i, panels) in w.chunks((PANELS * ROWS * row_bytes).max(1)).enumerate() {
            let group = Group {
                tiles: &tiles,
                panels,
                n_panels: panels.len() / (ROWS * row_bytes).max(1),
                n_blocks,
                column: i * PANELS * ROWS,
                first_row,
                n_rows: (dst.n_rows() - first_row).min(UNITS / PANELS * TILE),
            };
            group.multiply::<F>(&mut scratch, x, dst);
            group.finish(dst, &scratch.y);
        }
    }
    SCRATCH.set(Some(scratch));
}

thread_local! {
    /// Kept from one product to the next, since to make it takes longer than a few rows do.
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

/// What a core keeps close while it computes.
struct Scratch {
    stretches: [Stretch; PANELS],
    space: [[Line; TILE]; 2],
    /// Of the 16 rows of activations that are multiplied, and of those before.
    pairs: [Pairs; 2],
    /// The results so far, 16 of each row, unit after unit.
    y: [[Line; TILE]; UNITS],
}

impl Default for Scratch {
    fn default() -> Self {
        Scratch {
            stretches: [Stretch::ZERO; PANELS],
            space: [[Line::ZERO; TILE]; 2],
            pairs: [const { Pairs([Line::ZERO; STRETCH / 32]) }; 2],
            y: [[Line::ZERO; TILE]; UNITS],
        }
    }
}

/// A few panels, and rows of activations that all pass over them: in units, each of 16 rows of
/// activations and a panel.
struct Group<'a> {
    tiles: &'a Tiles,
    panels: &'a [u8],
    n_panels: usize,
    n_blocks: usize,
    column: usize,
    first_row: usize,
    n_rows: usize,
}

impl Group<'_> {
    #[inline(always)]
    fn multiply<F: Planes>(&self, scratch: &mut Scratch, x: &Activations<'_>, dst: &mut Tile<'_>) {
        let Scratch {
            stretches,
            space,
            pairs,
            y,
        } = scratch;
        let n_units = self.n_rows.div_ceil(TILE) * self.n_panels;
        y[..n_units].as_flattened_mut().fill(Line::ZERO);
        for first in (0..self.n_blocks).step_by(STRETCH / F::LEN) {
            let n = (self.n_blocks - first).min(STRETCH / F::LEN);
            let panels = self.panels.chunks_exact(self.panels.len() / self.n_panels);
            for (stretch, panel) in stretches.iter_mut().zip(panels) {
                stretch.unpack::<F>(panel, first..first + n, self.n_blocks);
            }
            // The tiles have the next step in work while the sums of one are scaled.
            let mut last: Option<Step<'_>> = None;
            for row in (0..self.n_rows).step_by(TILE) {
                let a = x.tile(self.first_row + row);
                let turn = row / TILE % 2;
                if F::HAS_MIN && F::SUB != F::LEN {
                    pairs[turn].gather::<F>(&a, first, n);
                }
                if first + n == self.n_blocks {
                    self.prefetch(dst, row);
                }
                for (p, w) in stretches[..self.n_panels].iter().enumerate() {
                    let unit = row / TILE * self.n_panels + p;
                    for block in (0..n).step_by(2) {
                        let sums = last.map_or([0, 1], |last| last.sums.map(|sum| sum ^ 2));
                        let step = Step {
                            w,
                            a,
                            unit,
                            first,
                            n,
                            block,
                            sums,
                            turn,
                        };
                        step.multiply::<F>(self.tiles);
                        if let Some(last) = last.replace(step) {
                            last.add::<F>(self.tiles, &mut y[last.unit], space, pairs);
                        }
                    }
                }
            }
            if let Some(last) = last {
                last.add::<F>(self.tiles, &mut y[last.unit], space, pairs);
            }
        }
    }

    /// Has 16 rows of `dst` brought near, from row `row` of the group on.
    #[inline(always)]
    fn prefetch(&self, dst: &mut Tile<'_>, row: usize) {
        for t in row..self.n_rows.min(row + TILE) {
            let to = &mut dst.row(self.first_row + t)[self.column..];
            for line in to.chunks_mut(ROWS).take(self.n_panels) {
                // SAFETY: a hint.
                unsafe { _mm_prefetch::<_MM_HINT_ET0>(line.as_ptr().cast()) };
            }
        }
    }

    /// Brings the results to `dst`.
    #[inline(always)]
    fn finish(&self, dst: &mut Tile<'_>, y: &[[Line; TILE]; UNITS]) {
        for t in 0..self.n_rows {
            let units = &y[t / TILE * self.n_panels..][..self.n_panels];
            let row = &mut dst.row(self.first_row + t)[self.column..];
            for (to, unit) in row.chunks_mut(ROWS).zip(units) {
                store_row::<V>(unit[t % TILE].f32(), to);
            }
        }
    }
}
