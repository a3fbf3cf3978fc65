//! What the memory is told of while weights are met.

use super::formats::Planes;
use super::lanes::Rows;
use super::layout::ROWS;

/// What the memory is told of while a pass over panels runs, little by little, since only so many lines can be on
/// their way: with every sub-block a part of what comes next.
#[derive(Clone, Copy)]
pub(super) struct Ahead {
    /// What comes with the first block, of the first of the panels side by side. That may be behind the weight: a
    /// hint is not a read.
    first: *const u8,
    /// Bytes of a panel.
    panel: usize,
    /// Bytes of blocks after which so many are left out.
    skip: (usize, usize),
    /// Those sub-blocks come with a part whose number is `turn` by this mask.
    mask: usize,
    turn: usize,
}

impl Ahead {
    /// [`AHEAD`](Rows::AHEAD) bytes in advance of panels of `panel` bytes that begin at `w`, `P` of them side by side,
    /// which meet one tile. Behind a panel comes the one that takes its place.
    #[inline(always)]
    pub(super) fn of_one<V: Rows, const P: usize>(w: &[u8], panel: usize) -> Self {
        let (turns, rest) = (V::AHEAD / panel.max(1), V::AHEAD % panel.max(1));
        Ahead {
            first: w.as_ptr().wrapping_add(turns * P * panel + rest),
            panel,
            skip: (panel.max(1) - rest, (P - 1) * panel),
            mask: 0,
            turn: 0,
        }
    }

    /// With tile `tile` of those that meet `panels` panels, a share of as many that come next: half of them with
    /// each of the first two.
    #[inline(always)]
    pub(super) fn of_many(w: &[u8], panel: usize, panels: usize, tile: usize) -> Self {
        Ahead {
            first: w.as_ptr().wrapping_add(panels * panel),
            panel,
            skip: (usize::MAX, 0),
            mask: 1,
            turn: tile,
        }
    }

    /// Nothing.
    pub(super) fn nothing() -> Self {
        Ahead {
            first: std::ptr::null(),
            panel: 0,
            skip: (0, 0),
            mask: 0,
            turn: 1,
        }
    }

    /// What comes with block `b`.
    #[inline(always)]
    pub(super) fn block<F: Planes>(self, b: usize) -> Self {
        let mut at = b * ROWS * F::BYTES / 64 * 64;
        if at >= self.skip.0 {
            at += self.skip.1;
        }
        Ahead {
            first: self.first.wrapping_add(at),
            // Where blocks are sub-blocks, every other one.
            turn: match F::SUB == F::LEN {
                true => self.turn ^ (b & self.mask),
                false => self.turn,
            },
            ..self
        }
    }

    /// What comes with stretch `like` of this block.
    #[inline(always)]
    pub(super) fn stretch<F: Planes>(self, like: usize) -> Self {
        let at = like * ROWS * F::BYTES / F::ALIKE / 64 * 64;
        let first = self.first.wrapping_add(at);
        Ahead { first, ..self }
    }

    /// Tells the memory of what comes with sub-block `s` of this stretch of `P` panels.
    #[inline(always)]
    pub(super) fn tell<V: Rows, F: Planes, const P: usize>(self, s: usize) {
        if s & self.mask != self.turn {
            return;
        }
        let all = (F::BYTES / F::ALIKE).div_ceil(4);
        let lines = all.div_ceil(F::LEN / F::SUB / F::ALIKE);
        for p in 0..P {
            for line in 0..lines {
                let line = s * lines + line;
                if line < all {
                    V::prefetch(self.first.wrapping_add(p * self.panel + line * 64));
                }
            }
        }
    }
}
