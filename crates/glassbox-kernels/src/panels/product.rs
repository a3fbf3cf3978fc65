use super::ahead::Ahead;
use super::formats::Planes;
use super::lanes::{Lanes, Rows, Work};
use super::layout::ROWS;
use super::opened;
use super::panel::Panels;
use crate::Tile;
use crate::activations::{Activations, Turns, tile};
use std::marker::PhantomData;
use std::ops::Range;

/// `dst[t, o] = x[t] · w[o]` as [`linear_quant`](crate::portable::linear_quant::linear_quant)
/// has it, for the panels at the front of `w`, of a weight of `dst.n_cols()` rows; of what stands behind them the memory is told.
///
/// # Panics
/// When `w` has less, or `x` another size, than `dst` asks for, or the blocks differ.
#[inline(always)]
pub(crate) fn linear_panels<V: Lanes, F: Planes>(
    dst: &mut Tile<'_>,
    x: &Activations<'_>,
    w: &[u8],
) {
    let n_blocks = x.width / F::LEN;
    let row_bytes = n_blocks * F::BYTES;
    assert_eq!(x.block.size(), F::LEN);
    assert_eq!(x.turns, Turns::Fours);
    assert_eq!(x.q.len(), dst.n_rows() * x.width);
    let panel_bytes = ROWS * row_bytes;
    let n_panels = dst.n_cols().div_ceil(ROWS);
    assert!(w.len() >= n_panels * panel_bytes);
    let mut done = 0;
    if V::OPENS && F::SUB != F::LEN && dst.n_rows() >= opened::MANY {
        done = opened::linear::<V, F>(dst, x, w);
    }
    let n_tiles = tiles(dst.n_rows() - done);
    // Where several tiles meet the weights, each panel meets them all while it is near.
    let at_once = match n_tiles {
        1 => n_panels,
        _ if V::MANY_SUMS && F::TWO_PANELS => 2,
        _ => 1,
    };
    for begin in (0..n_panels).step_by(at_once.max(1)) {
        let mut first = done;
        for i in 0..n_tiles {
            let n = tile(dst.n_rows() - first);
            let pass = Pass {
                w,
                panels: begin..n_panels.min(begin + at_once),
                n_blocks,
                dst,
                x,
                first,
                share: (n_tiles > 1).then_some((i, at_once)),
                format: PhantomData::<F>,
            };
            match n {
                1 => V::apart::<1>(pass),
                2 => V::apart::<2>(pass),
                4 => V::apart::<4>(pass),
                _ => V::apart::<8>(pass),
            }
            first += n;
        }
    }
}

/// Tiles of `n` rows of activations, each as large as [`tile`] has it.
#[inline(always)]
fn tiles(n: usize) -> usize {
    n / 8 + (n % 8).count_ones() as usize
}

/// The products of some panels with one tile of activations, into the rows of `dst` from `first` on.
struct Pass<'a, 'b, F> {
    w: &'a [u8],
    panels: Range<usize>,
    n_blocks: usize,
    dst: &'a mut Tile<'b>,
    x: &'a Activations<'a>,
    first: usize,
    /// Which of the tiles it is that meet so many panels; none where it is alone.
    share: Option<(usize, usize)>,
    format: PhantomData<F>,
}

impl<F: Planes> Pass<'_, '_, F> {
    /// Of what the memory is told, with `P` panels from `panel` on side by side.
    #[inline(always)]
    fn ahead<V: Rows, const P: usize>(&self, panel: usize) -> Ahead {
        let bytes = ROWS * self.n_blocks * F::BYTES;
        let w = &self.w[panel * bytes..];
        match self.share {
            None => Ahead::of_one::<V, P>(w, bytes),
            Some((tile, panels)) => Ahead::of_many(w, bytes, panels, tile),
        }
    }
}

impl<F: Planes> Work for Pass<'_, '_, F> {
    #[inline(always)]
    fn run<V: Lanes, const T: usize>(self) {
        let mut panels = self.panels.clone();
        let x = self.x.tile::<T>(self.first);
        while V::MANY_SUMS && T == 8 && F::TWO_PANELS && panels.len() >= 2 {
            let ahead = self.ahead::<V, 2>(panels.start);
            Panels::<2>::new::<F>(self.w, panels.start, self.n_blocks, ahead)
                .times::<V, F, T>(self.dst, x, self.first);
            panels.start += 2;
        }
        // As many passes as keep the sums in registers.
        for panel in panels {
            let ahead = self.ahead::<V, 1>(panel);
            let panel = Panels::<1>::new::<F>(self.w, panel, self.n_blocks, ahead);
            if V::HALVES && (T > 4 || T == 4 && F::SUB != F::LEN) {
                panel.times::<V::Low, F, T>(self.dst, x, self.first);
                // Of what is ahead the memory was told with the first half.
                panel.near().times::<V::High, F, T>(self.dst, x, self.first);
            } else {
                panel.times::<V, F, T>(self.dst, x, self.first);
            }
        }
    }
}

/// Writes the outputs of each of `T` rows to `dst` from row and column `at` on, as many as it has.
#[inline(always)]
pub(super) fn store<V: Rows, const T: usize>(
    dst: &mut Tile<'_>,
    (first, column): (usize, usize),
    y: [V::F; T],
) {
    for (t, y) in y.into_iter().enumerate() {
        store_row::<V>(y, &mut dst.row(first + t)[column..]);
    }
}

/// Tells the memory of where the outputs of a next tile go, if there is one, from row and column `at` on: stores
/// that have to wait for their places hold up what is behind them.
#[inline(always)]
pub(super) fn tell_places<V: Rows, const T: usize, const P: usize>(
    dst: &mut Tile<'_>,
    (first, column): (usize, usize),
) {
    for row in first..dst.n_rows().min(first + T) {
        let row = &dst.row(row)[column..];
        row.iter()
            .step_by(ROWS)
            .take(P)
            .for_each(|y| V::prefetch(y));
    }
}

/// Writes outputs to their places among the first 16 of a row, as many as it has.
#[inline(always)]
pub(super) fn store_row<V: Rows>(y: V::F, row: &mut [f32]) {
    match row.first_chunk_mut() {
        Some(row) => V::store(y, row),
        None => {
            let mut whole = [0.0; ROWS];
            whole[..row.len()].copy_from_slice(row);
            V::store(y, &mut whole);
            row.copy_from_slice(&whole[..row.len()]);
        }
    }
}
