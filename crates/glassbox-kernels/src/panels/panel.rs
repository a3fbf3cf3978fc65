use super::ahead::Ahead;
use super::formats::{Planes, Words, each};
use super::lanes::Rows;
use super::layout::{ROWS, float_offset};
use super::product::{store, tell_places};
use crate::Tile;
use crate::activations::{ActTile, SUM};
use std::array;

/// Panels of a weight, `P` side by side.
pub(super) struct Panels<'a, const P: usize> {
    words: [&'a [[u8; 64]]; P],
    floats: [&'a [[u8; 32]]; P],
    /// Of what the memory is told meanwhile.
    pub(super) ahead: Ahead,
    pub(super) n_blocks: usize,
    pub(super) column: usize,
}

impl<'a, const P: usize> Panels<'a, P> {
    /// Panels `first` to `first + P - 1` of `w`, of rows of `n_blocks` blocks.
    #[inline(always)]
    pub(super) fn new<F: Planes>(w: &'a [u8], first: usize, n_blocks: usize, ahead: Ahead) -> Self {
        let bytes = ROWS * n_blocks * F::BYTES;
        let w = &w[first * bytes..];
        let float_offset = float_offset::<F>(bytes / ROWS);
        let panels: [_; P] = array::from_fn(|p| w[p * bytes..][..bytes].split_at(float_offset));
        Panels {
            words: panels.map(|(words, _)| words.as_chunks().0),
            floats: panels.map(|(_, floats)| floats.as_chunks().0),
            ahead,
            n_blocks,
            column: first * ROWS,
        }
    }

    /// The same, but that the memory is told of nothing.
    #[inline(always)]
    pub(super) fn near(self) -> Self {
        Panels {
            ahead: Ahead::nothing(),
            ..self
        }
    }

    /// The products of their rows with a tile of activations, into the rows of `dst` from `first` on.
    #[inline(always)]
    pub(super) fn times<V: Rows, F: Planes, const T: usize>(
        &self,
        dst: &mut Tile<'_>,
        x: ActTile<'_, T>,
        first: usize,
    ) {
        let mut y = [[V::float_zero(); P]; T];
        for b in 0..self.n_blocks {
            let ahead = self.ahead.block::<F>(b);
            self.add::<V, F, T, T>(&mut y, b, (self.words::<F>(b), ahead), x, 0);
        }
        for p in 0..P {
            let y = y.map(|y| y[p]);
            store::<V, T>(dst, (first, self.column + p * ROWS), y);
        }
        tell_places::<V, T, P>(dst, (first + T, self.column));
    }

    /// Block `b` of each.
    #[inline(always)]
    pub(super) fn words<F: Planes>(&self, b: usize) -> [Words<'a>; P] {
        let n = (F::BYTES - 2 * F::FLOATS.len()) / 4;
        self.words.map(|words| Words(&words[b * n..][..n]))
    }

    /// Adds the products of block `b`, whose words are given with what the memory is told of meanwhile, and of
    /// the `T` rows of a tile that begin with its row `from`.
    #[inline(always)]
    pub(super) fn add<V: Rows, F: Planes, const T: usize, const N: usize>(
        &self,
        y: &mut [[V::F; P]; T],
        b: usize,
        (words, ahead): ([Words<'_>; P], Ahead),
        x: ActTile<'_, N>,
        from: usize,
    ) {
        let floats = if F::SUB == F::LEN { 2 } else { 1 };
        let pairs = F::LEN / (2 * F::SUM);
        let sums = if F::SUM > SUM { x.wide } else { x.sums };
        let block = Block::<T, N, P> {
            words,
            a: part::<_, T, N>(x.q, b * F::LEN / 4, F::LEN / 4, from),
            sums: part::<_, T, N>(sums, b * pairs, pairs, from),
            ahead,
        };
        let (isum, msum) = block.products::<V, F>();
        let d_a = part::<_, T, N>(x.d, b * floats, floats, from);
        for p in 0..P {
            let d = V::load_f16(&self.floats[p][b * F::FLOATS.len()]);
            for t in 0..T {
                let scale = V::float_mul(d, V::float_splat(d_a[t]));
                y[t][p] = V::fma(scale, V::to_float(isum[t][p]), y[t][p]);
            }
            if F::HAS_MIN {
                let m = V::load_f16(&self.floats[p][b * F::FLOATS.len() + 1]);
                let m = if F::MINUS { V::float_neg(m) } else { m };
                for t in 0..T {
                    if F::SUB == F::LEN {
                        y[t][p] = V::fma(m, V::float_splat(d_a[N + t]), y[t][p]);
                    } else {
                        let scale = V::float_mul(m, V::float_splat(d_a[t]));
                        y[t][p] = V::fma(scale, V::to_float(msum[t][p]), y[t][p]);
                    }
                }
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

/// A block of 16 rows of each of `P` panels, and the activations that it meets, of `T` rows of a tile of `N`.
struct Block<'a, const T: usize, const N: usize, const P: usize> {
    words: [Words<'a>; P],
    a: &'a [[i8; 4]],
    sums: &'a [[i16; 2]],
    /// Of what the memory is told meanwhile.
    ahead: Ahead,
}

/// Sums of 16 rows of each of `P` panels for `T` rows of activations.
type Sums<V, const T: usize, const P: usize> = [[<V as Rows>::I; P]; T];

impl<const T: usize, const N: usize, const P: usize> Block<'_, T, N, P> {
    /// `Σ scale q a` and `Σ min a`.
    #[inline(always)]
    fn products<V: Rows, F: Planes>(&self) -> (Sums<V, T, P>, Sums<V, T, P>) {
        let (mut isum, mut msum) = ([[V::zero(); P]; T], [[V::zero(); P]; T]);
        let offset = F::OFFSET + if F::SIGNED { V::BIAS } else { 0 };
        if F::SUB == F::LEN {
            self.ahead.tell::<V, F, P>(0);
            V::dots::<F, T, N, P>(&mut isum, self.words, 0, self.a);
            if offset != 0 {
                let pair = V::splat(-offset & 0xffff | -offset << 16);
                self.add_sums::<V>(&mut isum, 0, [pair; P]);
            }
            return (isum, msum);
        }
        if V::UNROLLS {
            let n = F::LEN / F::SUB / F::ALIKE;
            for like in 0..F::ALIKE {
                let stretch = anew::<V, P>(self.words);
                let ahead = self.ahead.stretch::<F>(like);
                each!(S < F::LEN / F::SUB / F::ALIKE => {
                    let s = like * n + S;
                    // Where sums take all registers, words are better read again than kept.
                    let words = if P > 1 { anew::<V, P>(self.words) } else { stretch };
                    ahead.tell::<V, F, P>(S);
                    V::dots::<F, T, N, P>(&mut isum, words, s, self.sub_block::<F>(s));
                });
            }
        } else {
            for s in 0..F::LEN / F::SUB {
                let n = F::LEN / F::SUB / F::ALIKE;
                self.ahead.stretch::<F>(s / n).tell::<V, F, P>(s % n);
                V::dots::<F, T, N, P>(&mut isum, self.words, s, self.sub_block::<F>(s));
            }
        }
        if !F::HAS_MIN && offset == 0 {
            return (isum, msum);
        }
        if V::UNROLLS {
            each!(I < F::LEN / (2 * F::SUM) => self.add_minima::<V, F>(&mut msum, I));
        } else {
            (0..F::LEN / (2 * F::SUM)).for_each(|i| self.add_minima::<V, F>(&mut msum, i));
        }
        if offset != 0 {
            for t in 0..T {
                for p in 0..P {
                    isum[t][p] = V::add(isum[t][p], V::mul(msum[t][p], V::splat(-offset)));
                }
            }
        }
        (isum, msum)
    }

    /// The activations of sub-block `s`.
    #[inline(always)]
    fn sub_block<F: Planes>(&self, s: usize) -> &[[i8; 4]] {
        part::<_, T, N>(self.a, s * F::SUB / 4, F::SUB / 4, 0)
    }

    /// Adds the sums of activations of pair `i` times their minima.
    #[inline(always)]
    fn add_minima<V: Rows, F: Planes>(&self, to: &mut Sums<V, T, P>, i: usize) {
        let mut min = [V::zero(); P];
        for (min, words) in min.iter_mut().zip(self.words) {
            *min = F::min_pair::<V>(words, i);
        }
        self.add_sums::<V>(to, i, min);
    }

    /// Adds the sums of activations of pair `i`, each times its i16.
    #[inline(always)]
    fn add_sums<V: Rows>(&self, to: &mut Sums<V, T, P>, i: usize, pairs: [V::I; P]) {
        for (t, to) in to.iter_mut().enumerate() {
            let [low, high] = self.sums[i * N + t];
            let sums = V::splat(i32::from(low as u16) | i32::from(high) << 16);
            for p in 0..P {
                to[p] = V::madd(to[p], pairs[p], sums);
            }
        }
    }
}

/// [`Rows::anew`] for each of `P` panels.
#[inline(always)]
fn anew<V: Rows, const P: usize>(mut words: [Words<'_>; P]) -> [Words<'_>; P] {
    for words in &mut words {
        *words = V::anew(*words);
    }
    words
}
