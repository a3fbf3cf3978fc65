use super::formats::{Planes, Words};
use crate::portable::exp::MAGIC;
use crate::portable::fixed::Scale;

/// Something to do with lanes, for tiles of `T` rows of activations.
pub(crate) trait Work {
    fn run<V: Lanes, const T: usize>(self);
}

/// Lanes for rows of a panel, for all sixteen or for some, one for each: what a machine does with
/// them. What they load from and store to holds all sixteen.
///
/// # Safety of calls
/// Functions of an implementation may only run where its instructions are there; a table that is
/// handed out sees to that.
pub(crate) trait Rows: Copy {
    /// An i32, or four bytes, of every lane.
    type I: Copy;
    /// An f32 of every lane.
    type F: Copy;

    /// Bytes by which the memory is told in advance.
    const AHEAD: usize = 16384;
    /// Whether code for each sub-block, with what depends on its number, pays.
    const UNROLLS: bool = false;

    fn zero() -> Self::I;
    fn splat(x: i32) -> Self::I;
    /// Of 64 bytes, four for every lane.
    fn load(bytes: &[u8; 64]) -> Self::I;
    /// Writes four bytes of every lane to their places among 64.
    fn keep(a: Self::I, to: &mut [u8; 64]);
    /// Has the memory bring what stands there, soon to be read, of at most 64 bytes.
    #[inline(always)]
    fn prefetch<T>(_what: *const T) {}
    fn and(a: Self::I, b: Self::I) -> Self::I;
    fn or(a: Self::I, b: Self::I) -> Self::I;
    /// Logical shift of every lane.
    fn shr<const N: u32>(a: Self::I) -> Self::I;
    fn shl<const N: u32>(a: Self::I) -> Self::I;
    /// Arithmetic shift of every lane.
    fn sar<const N: u32>(a: Self::I) -> Self::I;
    fn add(a: Self::I, b: Self::I) -> Self::I;
    /// The low 32 bits of the product of every lane.
    fn mul(a: Self::I, b: Self::I) -> Self::I;
    /// `sum + Σ w a` over the four bytes of every lane: `w` unsigned and at most 127, `a` signed.
    fn dot(sum: Self::I, w: Self::I, a: Self::I) -> Self::I;
    /// As [`dot`](Self::dot) for signed `w`, but for an offset: what it adds is too large by
    /// [`BIAS`](Self::BIAS) times the sum of `a`.
    fn dot_signed(sum: Self::I, w: Self::I, a: Self::I) -> Self::I;
    /// See [`dot_signed`](Self::dot_signed).
    const BIAS: i32;
    /// Adds [`dot`](Self::dot), or [`dot_signed`](Self::dot_signed), of the words of `P` panels and four bytes of each
    /// of `T` rows.
    #[inline(always)]
    fn dot_rows<const SIGNED: bool, const T: usize, const P: usize>(
        sums: &mut [[Self::I; P]; T],
        w: [Self::I; P],
        a: &[[i8; 4]; T],
    ) {
        for t in 0..T {
            let a = Self::four(a[t]);
            for p in 0..P {
                sums[t][p] = match SIGNED {
                    true => Self::dot_signed(sums[t][p], w[p], a),
                    false => Self::dot(sums[t][p], w[p], a),
                };
            }
        }
    }
    /// The same words, to be read again: what is known of them is forgotten.
    #[inline(always)]
    fn anew(words: Words<'_>) -> Words<'_> {
        words
    }
    /// Adds a part times its scale.
    #[inline(always)]
    fn add_scaled(sum: Self::I, part: Self::I, scale: Self::I) -> Self::I {
        Self::add(sum, Self::mul(part, scale))
    }
    /// Adds `scale Σ w a` over sub-block `s` of a format to the sums of each of `T` rows, for `P` panels;
    /// `a` are the activations `[SUB / 4, N]` that it meets, of which rows the first `T` count. Weights count
    /// with their offset, and signed ones as in [`dot_signed`](Self::dot_signed); without sub-blocks there is
    /// no scale.
    #[inline(always)]
    fn dots<F: Planes, const T: usize, const N: usize, const P: usize>(
        sums: &mut [[Self::I; P]; T],
        words: [Words<'_>; P],
        s: usize,
        a: &[[i8; 4]],
    ) {
        dots::<Self, F, T, N, P>(sums, words, s, a);
    }
    /// Four bytes in every lane.
    #[inline(always)]
    fn four(a: [i8; 4]) -> Self::I {
        Self::splat(i32::from_ne_bytes(a.map(|a| a as u8)))
    }
    /// Byte `i` of every lane, as a factor of [`dots`](Self::dots).
    #[inline(always)]
    fn factor<const SIGNED: bool>(x: Self::I, i: usize) -> Self::I {
        let x = match i {
            0 => Self::shl::<24>(x),
            1 => Self::shl::<16>(x),
            2 => Self::shl::<8>(x),
            _ => x,
        };
        match SIGNED {
            true => Self::sar::<24>(x),
            false => Self::shr::<24>(x),
        }
    }
    /// Bytes `i` and `j` of every lane as two i16.
    #[inline(always)]
    fn pair<const SIGNED: bool>(x: Self::I, i: usize, j: usize) -> Self::I {
        let unsigned = |i| Self::factor::<false>(x, i);
        let first = match SIGNED {
            true => Self::and(Self::factor::<true>(x, i), Self::splat(0xffff)),
            false => unsigned(i),
        };
        let second = match SIGNED {
            true => Self::factor::<true>(x, j),
            false => unsigned(j),
        };
        Self::or(first, Self::shl::<16>(second))
    }
    /// `sum + Σ w a` over the two i16 of every lane.
    fn madd(sum: Self::I, w: Self::I, a: Self::I) -> Self::I;

    /// Of sixteen pairs.
    fn load_pairs(pairs: &[[i16; 2]; 16]) -> Self::I;

    fn float_zero() -> Self::F;
    fn float_splat(x: f32) -> Self::F;
    fn to_float(a: Self::I) -> Self::F;
    fn load_floats(x: &[f32; 16]) -> Self::F;
    /// Of sixteen f32.
    fn load_f32(bytes: &[u8; 64]) -> Self::F;
    /// Of sixteen f16, widened.
    fn load_f16(bytes: &[u8; 32]) -> Self::F;
    fn float_neg(a: Self::F) -> Self::F;
    fn float_mul(a: Self::F, b: Self::F) -> Self::F;
    fn float_add(a: Self::F, b: Self::F) -> Self::F;
    /// The two bf16 of every lane, the one in the low half first, widened.
    fn widen_bf16(a: Self::I) -> [Self::F; 2];
    /// Whether [`dot_bf16`](Self::dot_bf16) is an instruction.
    const PAIRS: bool = false;
    /// `sum + Σ w a` over the two bf16 of every lane, the one in the high half first, by fused
    /// multiply-adds; neither holds a subnormal, nor does any sum.
    #[inline(always)]
    fn dot_bf16(sum: Self::F, w: Self::I, a: Self::I) -> Self::F {
        dot_bf16::<Self>(sum, w, a)
    }
    /// `a * b + c`, rounded once.
    fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// Writes every lane to its place among sixteen.
    fn store(a: Self::F, to: &mut [f32; 16]);
}

/// Sixteen lanes, one for each row of a panel.
pub(crate) trait Lanes: Rows {
    /// The lanes of the first eight rows alone, which registers suffice for where they don't for
    /// the sums of all; itself if they always do.
    type Low: Rows;
    /// Those of the other eight.
    type High: Rows;
    /// Whether one half, of the lanes or of the rows of activations, is better done after the other
    /// where sums are many.
    const HALVES: bool = false;
    /// Whether to take blocks apart once for many tiles pays.
    const OPENS: bool = false;
    /// Whether registers hold sixteen sums, and not only four or eight.
    const MANY_SUMS: bool = false;

    /// Does some work; where functions of their own are better compiled, by such a one.
    #[inline(always)]
    fn apart<const T: usize>(work: impl Work) {
        work.run::<Self, T>();
    }

    /// The bits of every float.
    fn bits(a: Self::F) -> Self::I;
    /// The larger of every lane.
    fn max(a: Self::I, b: Self::I) -> Self::I;
    /// The largest lane.
    fn largest(a: Self::I) -> i32;
    /// The sum of the lanes.
    fn total(a: Self::I) -> i32;
    /// Every lane as a byte, which holds it.
    fn narrow(a: Self::I) -> [i8; 16];
    /// Writes the lanes of eight rows, integers that bytes hold, four of each row in turn, and returns the sum of
    /// every row's.
    #[inline(always)]
    fn take_turns(rows: [Self::I; 8], to: &mut [[[i8; 4]; 8]; 4]) -> [i32; 8] {
        let mut sums = [0; 8];
        for (t, q) in rows.into_iter().enumerate() {
            sums[t] = Self::total(q);
            for (to, four) in to.iter_mut().zip(Self::narrow(q).as_chunks().0) {
                to[t] = *four;
            }
        }
        sums
    }
    /// Every lane as an i16, which holds it.
    fn narrow_pairs(a: Self::I) -> [i16; 16];
    /// Floats of those bits.
    fn floats(bits: Self::I) -> Self::F;
    /// The larger of every lane; `b` where one of the two is NaN.
    fn float_max(a: Self::F, b: Self::F) -> Self::F;
    /// The largest lane; none is NaN.
    fn float_largest(a: Self::F) -> f32;
    /// The sum of the lanes, [by halves](crate::portable::dot::fold).
    fn fold(a: Self::F) -> f32;
    /// `a · 2ⁿ` of lanes with whole numbers `n` in −160 … 128, rounded once.
    #[inline(always)]
    fn times_power(a: Self::F, n: Self::F) -> Self::F {
        // In two halves, each of which is a normal float.
        let n = whole::<Self>(n);
        let half = Self::sar::<1>(n);
        let rest = Self::add(n, Self::mul(half, Self::splat(-1)));
        let a = Self::float_mul(a, power_of_two::<Self>(half));
        Self::float_mul(a, power_of_two::<Self>(rest))
    }
}

/// The integers nearest to the elements times what a vector is [scaled](Scale) by.
#[inline(always)]
pub(super) fn integers<V: Lanes>(x: V::F, scale: &Scale) -> V::I {
    let q = whole::<V>(V::float_mul(x, V::float_splat(scale.inverse)));
    V::and(q, V::splat(scale.mask))
}

#[inline(always)]
fn power_of_two<V: Lanes>(n: V::I) -> V::F {
    V::floats(V::shl::<23>(V::add(n, V::splat(127))))
}

/// [`round`](crate::portable::exp::round).
#[inline(always)]
fn whole<V: Lanes>(x: V::F) -> V::I {
    let bits = V::bits(V::float_add(x, V::float_splat(MAGIC)));
    V::add(bits, V::splat(-(MAGIC.to_bits() as i32)))
}

/// [`Rows::dot_bf16`] by [`Rows::fma`].
#[inline(always)]
pub(super) fn dot_bf16<V: Rows>(sum: V::F, w: V::I, a: V::I) -> V::F {
    let ([w0, w1], [a0, a1]) = (V::widen_bf16(w), V::widen_bf16(a));
    V::fma(w0, a0, V::fma(w1, a1, sum))
}

/// [`Rows::dots`] by [`Rows::dot_rows`].
#[inline(always)]
pub(super) fn dots<V: Rows, F: Planes, const T: usize, const N: usize, const P: usize>(
    sums: &mut [[V::I; P]; T],
    words: [Words<'_>; P],
    s: usize,
    a: &[[i8; 4]],
) {
    let has_scale = F::SUB != F::LEN;
    let mut part = if has_scale {
        [[V::zero(); P]; T]
    } else {
        *sums
    };
    for g in 0..F::SUB / 4 {
        let mut w = [V::zero(); P];
        for p in 0..P {
            w[p] = F::group::<V>(words[p], s, g);
        }
        let Some(a) = a[g * N..].first_chunk() else {
            return;
        };
        match F::SIGNED {
            true => V::dot_rows::<true, T, P>(&mut part, w, a),
            false => V::dot_rows::<false, T, P>(&mut part, w, a),
        }
    }
    if !has_scale {
        *sums = part;
        return;
    }
    let mut scales = [V::zero(); P];
    for p in 0..P {
        scales[p] = F::scale::<V>(words[p], s);
    }
    for t in 0..T {
        for p in 0..P {
            sums[t][p] = V::add_scaled(sums[t][p], part[t][p], scales[p]);
        }
    }
}
