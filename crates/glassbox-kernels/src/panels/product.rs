use super::formats::{Planes, Words, each_sub_block};
use super::lanes::{Lanes, Rows, Work};
use super::layout::{ROWS, float_offset};
use crate::Tile;
use crate::activations::{ActTile, Activations, Turns, tile};
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
    // Where several tiles meet the weights, each panel meets them all while it is near.
    let at_once = match tile(dst.n_rows()) == dst.n_rows() {
        true => n_panels,
        false => 1,
    };
    for begin in (0..n_panels).step_by(at_once.max(1)) {
        let mut first = 0;
        while first < dst.n_rows() {
            let n = tile(dst.n_rows() - first);
            let pass = Pass {
                w,
                panels: begin..begin + at_once,
                n_blocks,
                dst,
                x,
                first,
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

/// The products of some panels with one tile of activations, into the rows of `dst` from `first` on.
struct Pass<'a, 'b, F> {
    w: &'a [u8],
    panels: Range<usize>,
    n_blocks: usize,
    dst: &'a mut Tile<'b>,
    x: &'a Activations<'a>,
    first: usize,
    format: PhantomData<F>,
}

impl<F: Planes> Work for Pass<'_, '_, F> {
    #[inline(always)]
    fn run<V: Lanes, const T: usize>(self) {
        let panel_bytes = ROWS * self.n_blocks * F::BYTES;
        for panel in self.panels {
            let w = &self.w[panel * panel_bytes..];
            let (words, floats) = w[..panel_bytes].split_at(float_offset::<F>(panel_bytes / ROWS));
            let panel = Panel {
                words: words.as_chunks().0,
                ahead: w.get(V::AHEAD..).unwrap_or_default().as_chunks().0,
                floats: floats.as_chunks().0,
                n_blocks: self.n_blocks,
                column: panel * ROWS,
            };
            let x = self.x.tile::<T>(self.first);
            // As many passes as keep the sums in registers.
            if V::HALVES && (T > 4 || T == 4 && F::SUB != F::LEN) {
                panel.times::<V::Low, F, T>(self.dst, x, self.first);
                // Of what is ahead the memory was told with the first half.
                let near = Panel {
                    ahead: &[],
                    ..panel
                };
                near.times::<V::High, F, T>(self.dst, x, self.first);
            } else {
                panel.times::<V, F, T>(self.dst, x, self.first);
            }
        }
    }
}

/// One panel of a weight.
struct Panel<'a> {
    words: &'a [[u8; 64]],
    /// What stands [`AHEAD`](Rows::AHEAD) bytes behind the panel's begin.
    ahead: &'a [[u8; 64]],
    floats: &'a [[u8; 32]],
    n_blocks: usize,
    column: usize,
}

impl Panel<'_> {
    /// The products of its rows with a tile of activations, into the rows of `dst` from `first` on.
    #[inline(always)]
    fn times<V: Rows, F: Planes, const T: usize>(
        &self,
        dst: &mut Tile<'_>,
        x: ActTile<'_, T>,
        first: usize,
    ) {
        let n_words = (F::BYTES - 2 * F::FLOATS.len()) / 4;
        let floats = if F::SUB == F::LEN { 2 } else { 1 };
        let mut y = [V::float_zero(); T];
        for b in 0..self.n_blocks {
            // The first rows wait for the weights.
            let ahead = match first {
                0 => &self.ahead[self.ahead.len().min(b * F::BYTES / 4)..],
                _ => &[],
            };
            let block = Block::<T> {
                words: Words(&self.words[b * n_words..][..n_words]),
                a: &x.q[b * F::LEN / 4 * T..][..F::LEN / 4 * T],
                sums: &x.sums[b * F::LEN / 32 * T..][..F::LEN / 32 * T],
                ahead: &ahead[..ahead.len().min(F::BYTES.div_ceil(4))],
            };
            let (isum, msum) = block.products::<V, F>();
            let (d_a, after) = x.d[b * floats * T..].split_at(T);
            let d = V::load_f16(&self.floats[b * F::FLOATS.len()]);
            for t in 0..T {
                let scale = V::float_mul(d, V::float_splat(d_a[t]));
                y[t] = V::fma(scale, V::to_float(isum[t]), y[t]);
            }
            if F::HAS_MIN {
                let m = V::load_f16(&self.floats[b * F::FLOATS.len() + 1]);
                let m = if F::MINUS { V::float_neg(m) } else { m };
                if F::SUB == F::LEN {
                    for t in 0..T {
                        y[t] = V::fma(m, V::float_splat(after[t]), y[t]);
                    }
                    continue;
                }
                for t in 0..T {
                    let scale = V::float_mul(m, V::float_splat(d_a[t]));
                    y[t] = V::fma(scale, V::to_float(msum[t]), y[t]);
                }
            }
        }
        store::<V, T>(dst, (first, self.column), y);
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

/// A block of 16 rows and the activations of a tile that it meets.
struct Block<'a, const T: usize> {
    words: Words<'a>,
    a: &'a [[i8; 4]],
    sums: &'a [[i16; 2]],
    /// Of what the memory is told meanwhile.
    ahead: &'a [[u8; 64]],
}

impl<const T: usize> Block<'_, T> {
    /// `Σ scale q a` and `Σ min a` of 16 rows and `T` rows of activations.
    #[inline(always)]
    fn products<V: Rows, F: Planes>(&self) -> ([V::I; T], [V::I; T]) {
        let (mut isum, mut msum) = ([V::zero(); T], [V::zero(); T]);
        let offset = F::OFFSET + if F::SIGNED { V::BIAS } else { 0 };
        if F::SUB == F::LEN {
            self.ahead.iter().for_each(V::prefetch);
            V::dots::<F, T>(&mut isum, self.words, 0, self.a);
            if offset != 0 {
                let pair = V::splat(-offset & 0xffff | -offset << 16);
                for (t, isum) in isum.iter_mut().enumerate() {
                    *isum = V::madd(*isum, pair, self.sums::<V>(t, 0));
                }
            }
            return (isum, msum);
        }
        // Little by little, since only so many lines can be on their way.
        let mut ahead = self.ahead.chunks((F::BYTES * F::SUB / F::LEN).div_ceil(4));
        if V::UNROLLS {
            each_sub_block!(F, S => {
                ahead.next().unwrap_or_default().iter().for_each(V::prefetch);
                V::dots::<F, T>(&mut isum, self.words, S, self.sub_block::<F>(S));
            });
        } else {
            for s in 0..F::LEN / F::SUB {
                ahead
                    .next()
                    .unwrap_or_default()
                    .iter()
                    .for_each(V::prefetch);
                V::dots::<F, T>(&mut isum, self.words, s, self.sub_block::<F>(s));
            }
        }
        if !F::HAS_MIN && offset == 0 {
            return (isum, msum);
        }
        for p in 0..F::LEN / 32 {
            let min = F::min_pair::<V>(self.words, p);
            for (t, msum) in msum.iter_mut().enumerate() {
                *msum = V::madd(*msum, min, self.sums::<V>(t, p));
            }
        }
        if offset != 0 {
            for t in 0..T {
                isum[t] = V::add(isum[t], V::mul(msum[t], V::splat(-offset)));
            }
        }
        (isum, msum)
    }

    /// The activations of sub-block `s`.
    #[inline(always)]
    fn sub_block<F: Planes>(&self, s: usize) -> &[[i8; 4]] {
        &self.a[s * F::SUB / 4 * T..][..F::SUB / 4 * T]
    }

    /// The sums of activations `32 p` to `32 p + 15` and of the next 16 in row `t`, as two i16.
    #[inline(always)]
    fn sums<V: Rows>(&self, t: usize, p: usize) -> V::I {
        let [low, high] = self.sums[p * T + t];
        V::splat(i32::from(low as u16) | i32::from(high) << 16)
    }
}
