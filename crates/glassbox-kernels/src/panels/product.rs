use super::formats::{Planes, Words};
use super::lanes::Lanes;
use super::layout::{ROWS, float_offset};
use crate::Tile;
use crate::activations::{ActTile, Activations, Turns, tile};

/// Bytes by which the memory is told in advance.
pub(super) const AHEAD: usize = 4096;

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
    let panels = &w[..dst.n_cols().div_ceil(ROWS) * ROWS * row_bytes];
    for (panel, bytes) in panels.chunks_exact((ROWS * row_bytes).max(1)).enumerate() {
        let (words, floats) = bytes.split_at(float_offset::<F>(row_bytes));
        let panel = Panel {
            words: words.as_chunks().0,
            ahead: w
                .get(panel * bytes.len() + AHEAD..)
                .unwrap_or_default()
                .as_chunks()
                .0,
            floats: floats.as_chunks().0,
            n_blocks,
            column: panel * ROWS,
        };
        let mut first = 0;
        while first < dst.n_rows() {
            match tile(dst.n_rows() - first) {
                1 => panel.times::<V, F, 1>(dst, x.tile(first), first),
                2 => panel.times::<V, F, 2>(dst, x.tile(first), first),
                4 => panel.times::<V, F, 4>(dst, x.tile(first), first),
                _ => panel.times::<V, F, 8>(dst, x.tile(first), first),
            }
            first += tile(dst.n_rows() - first);
        }
    }
}

/// One panel of a weight.
struct Panel<'a> {
    words: &'a [[u8; 64]],
    /// What stands [`AHEAD`] bytes behind the panel's begin.
    ahead: &'a [[u8; 64]],
    floats: &'a [[u8; 32]],
    n_blocks: usize,
    column: usize,
}

impl Panel<'_> {
    /// The products with a tile of activations, into the rows of `dst` from `first` on.
    #[inline(always)]
    fn times<V: Lanes, F: Planes, const T: usize>(
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
            if first == 0 {
                let ahead = &self.ahead[self.ahead.len().min(b * F::BYTES / 4)..];
                for line in &ahead[..ahead.len().min(F::BYTES.div_ceil(4))] {
                    V::prefetch(line);
                }
            }
            let block = Block::<T> {
                words: Words(&self.words[b * n_words..][..n_words]),
                a: &x.q[b * F::LEN / 4 * T..][..F::LEN / 4 * T],
                sums: &x.sums[b * F::LEN / 32 * T..][..F::LEN / 32 * T],
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

/// Writes 16 outputs of each of `T` rows to `dst` from row and column `at` on, as many as it has.
#[inline(always)]
pub(super) fn store<V: Lanes, const T: usize>(
    dst: &mut Tile<'_>,
    at: (usize, usize),
    y: [V::F; T],
) {
    for (t, y) in y.into_iter().enumerate() {
        store_row::<V>(y, &mut dst.row(at.0 + t)[at.1..]);
    }
}

/// Writes 16 outputs to the start of a row, as many as it has.
#[inline(always)]
pub(super) fn store_row<V: Lanes>(y: V::F, row: &mut [f32]) {
    match row.first_chunk_mut() {
        Some(row) => V::store(y, row),
        None => {
            let mut whole = [0.0; ROWS];
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
}

impl<const T: usize> Block<'_, T> {
    /// `Σ scale q a` and `Σ min a` of 16 rows and `T` rows of activations.
    #[inline(always)]
    fn products<V: Lanes, F: Planes>(&self) -> ([V::I; T], [V::I; T]) {
        let mut isum = [V::zero(); T];
        for s in 0..F::LEN / F::SUB {
            let part = self.sub_block::<V, F>(s);
            if F::SUB == F::LEN {
                isum = part;
                continue;
            }
            let scale = F::scale::<V>(self.words, s);
            for t in 0..T {
                isum[t] = V::add(isum[t], V::mul(part[t], scale));
            }
        }
        let mut msum = [V::zero(); T];
        if F::HAS_MIN && F::SUB != F::LEN {
            for p in 0..F::LEN / 32 {
                let min = F::min_pair::<V>(self.words, p);
                for (t, msum) in msum.iter_mut().enumerate() {
                    *msum = V::madd(*msum, min, self.sums::<V>(t, p));
                }
            }
        }
        (isum, msum)
    }

    /// `Σ q a` of one sub-block.
    #[inline(always)]
    fn sub_block<V: Lanes, F: Planes>(&self, s: usize) -> [V::I; T] {
        let mut part = [V::zero(); T];
        // What the weights' offset adds is taken off first.
        let offset = -(F::OFFSET + if F::SIGNED { V::BIAS } else { 0 });
        if offset != 0 {
            let (low, high) = (offset & 0xffff, offset << 16);
            let pair = V::splat(match (F::SUB, s % 2) {
                (16, 0) => low,
                (16, _) => high,
                _ => low | high,
            });
            for (t, part) in part.iter_mut().enumerate() {
                *part = V::madd(*part, pair, self.sums::<V>(t, s * F::SUB / 32));
            }
        }
        for g in 0..F::SUB / 4 {
            let w = F::group::<V>(self.words, s, g);
            for (t, part) in part.iter_mut().enumerate() {
                let a = V::splat(i32::from_ne_bytes(
                    self.a[(s * F::SUB / 4 + g) * T + t].map(|a| a as u8),
                ));
                *part = match F::SIGNED {
                    true => V::dot_signed(*part, w, a),
                    false => V::dot(*part, w, a),
                };
            }
        }
        part
    }

    /// The sums of activations `32 p` to `32 p + 15` and of the next 16 in row `t`, as two i16.
    #[inline(always)]
    fn sums<V: Lanes>(&self, t: usize, p: usize) -> V::I {
        let [low, high] = self.sums[p * T + t];
        V::splat(i32::from(low as u16) | i32::from(high) << 16)
    }
}
