use super::formats::{Planes, Words, each};
use super::lanes::Rows;
use super::layout::{ROWS, float_offset};
use super::product::store;
use crate::Tile;
use crate::activations::ActTile;

/// One panel of a weight.
pub(super) struct Panel<'a> {
    words: &'a [[u8; 64]],
    /// What stands [`AHEAD`](Rows::AHEAD) bytes behind the panel's begin.
    ahead: &'a [[u8; 64]],
    floats: &'a [[u8; 32]],
    pub(super) n_blocks: usize,
    pub(super) column: usize,
}

impl<'a> Panel<'a> {
    /// Panel `panel` of `w`, of rows of `n_blocks` blocks.
    #[inline(always)]
    pub(super) fn new<V: Rows, F: Planes>(w: &'a [u8], panel: usize, n_blocks: usize) -> Self {
        let bytes = ROWS * n_blocks * F::BYTES;
        let w = &w[panel * bytes..];
        let (words, floats) = w[..bytes].split_at(float_offset::<F>(bytes / ROWS));
        Panel {
            words: words.as_chunks().0,
            ahead: w.get(V::AHEAD..).unwrap_or_default().as_chunks().0,
            floats: floats.as_chunks().0,
            n_blocks,
            column: panel * ROWS,
        }
    }

    /// The same, but that the memory is told of nothing.
    #[inline(always)]
    pub(super) fn near(self) -> Self {
        Panel { ahead: &[], ..self }
    }

    /// The products of its rows with a tile of activations, into the rows of `dst` from `first` on.
    #[inline(always)]
    pub(super) fn times<V: Rows, F: Planes, const T: usize>(
        &self,
        dst: &mut Tile<'_>,
        x: ActTile<'_, T>,
        first: usize,
    ) {
        let mut y = [V::float_zero(); T];
        for b in 0..self.n_blocks {
            // The first rows wait for the weights.
            let ahead = match first {
                0 => self.ahead::<F>(b),
                _ => &[],
            };
            self.add::<V, F, T, T>(&mut y, b, (self.words::<F>(b), ahead), x, 0);
        }
        store::<V, T>(dst, (first, self.column), y);
    }

    /// Block `b`.
    #[inline(always)]
    pub(super) fn words<F: Planes>(&self, b: usize) -> Words<'_> {
        let n = (F::BYTES - 2 * F::FLOATS.len()) / 4;
        Words(&self.words[b * n..][..n])
    }

    /// What stands [`AHEAD`](Rows::AHEAD) bytes behind block `b`, as much as the block.
    #[inline(always)]
    pub(super) fn ahead<F: Planes>(&self, b: usize) -> &[[u8; 64]] {
        let ahead = &self.ahead[self.ahead.len().min(b * F::BYTES / 4)..];
        &ahead[..ahead.len().min(F::BYTES.div_ceil(4))]
    }

    /// Adds the products of block `b`, whose words are given with what the memory is told of meanwhile, and of
    /// the `T` rows of a tile that begin with its row `from`.
    #[inline(always)]
    pub(super) fn add<V: Rows, F: Planes, const T: usize, const N: usize>(
        &self,
        y: &mut [V::F; T],
        b: usize,
        (words, ahead): (Words<'_>, &[[u8; 64]]),
        x: ActTile<'_, N>,
        from: usize,
    ) {
        let floats = if F::SUB == F::LEN { 2 } else { 1 };
        let block = Block::<T, N> {
            words,
            a: part::<_, T, N>(x.q, b * F::LEN / 4, F::LEN / 4, from),
            sums: part::<_, T, N>(x.sums, b * F::LEN / 32, F::LEN / 32, from),
            ahead,
        };
        let (isum, msum) = block.products::<V, F>();
        let d_a = part::<_, T, N>(x.d, b * floats, floats, from);
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
                    y[t] = V::fma(m, V::float_splat(d_a[N + t]), y[t]);
                }
                return;
            }
            for t in 0..T {
                let scale = V::float_mul(m, V::float_splat(d_a[t]));
                y[t] = V::fma(scale, V::to_float(msum[t]), y[t]);
            }
        }
    }
}

/// Of what rows of a tile of `N` take turns in, the turns from `begin` on, as many as `n`, from the first
/// to the last of the `T` rows that begin with row `from`.
#[inline(always)]
fn part<X, const T: usize, const N: usize>(x: &[X], begin: usize, n: usize, from: usize) -> &[X] {
    &x[begin * N + from..][..n * N - (N - T)]
}

/// A block of 16 rows and the activations that it meets, of `T` rows of a tile of `N`.
struct Block<'a, const T: usize, const N: usize> {
    words: Words<'a>,
    a: &'a [[i8; 4]],
    sums: &'a [[i16; 2]],
    /// Of what the memory is told meanwhile.
    ahead: &'a [[u8; 64]],
}

impl<const T: usize, const N: usize> Block<'_, T, N> {
    /// `Σ scale q a` and `Σ min a` of 16 rows and `T` rows of activations.
    #[inline(always)]
    fn products<V: Rows, F: Planes>(&self) -> ([V::I; T], [V::I; T]) {
        let (mut isum, mut msum) = ([V::zero(); T], [V::zero(); T]);
        let offset = F::OFFSET + if F::SIGNED { V::BIAS } else { 0 };
        if F::SUB == F::LEN {
            self.ahead.iter().for_each(V::prefetch);
            V::dots::<F, T, N>(&mut isum, self.words, 0, self.a);
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
            each!(S < F::LEN / F::SUB => {
                ahead.next().unwrap_or_default().iter().for_each(V::prefetch);
                V::dots::<F, T, N>(&mut isum, self.words, S, self.sub_block::<F>(S));
            });
        } else {
            for s in 0..F::LEN / F::SUB {
                ahead
                    .next()
                    .unwrap_or_default()
                    .iter()
                    .for_each(V::prefetch);
                V::dots::<F, T, N>(&mut isum, self.words, s, self.sub_block::<F>(s));
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
        part::<_, T, N>(self.a, s * F::SUB / 4, F::SUB / 4, 0)
    }

    /// The sums of activations `32 p` to `32 p + 15` and of the next 16 in row `t`, as two i16.
    #[inline(always)]
    fn sums<V: Rows>(&self, t: usize, p: usize) -> V::I {
        let [low, high] = self.sums[p * N + t];
        V::splat(i32::from(low as u16) | i32::from(high) << 16)
    }
}
