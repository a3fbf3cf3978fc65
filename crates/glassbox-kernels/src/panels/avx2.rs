//! Sixteen lanes of two 256-bit registers, one for each half of them.
#![allow(unsafe_code)]

use super::formats::{Planes, Words};
use super::lanes::{self, Lanes, Rows, Work};
use std::arch::x86_64::*;

/// Runs intrinsics.
macro_rules! run {
    ($intrinsics:expr) => {{
        // SAFETY: only tables whose instructions the machine has call this, and every load and
        // store is within an array, for which no alignment is asked.
        unsafe { $intrinsics }
    }};
}

mod dots;
mod half;

use half::Half;

#[derive(Clone, Copy)]
pub(crate) struct Avx2;

type Low = Half<0>;
type High = Half<1>;

/// [`Lanes::take_turns`] of eight integers of each row: writes the first four of all and the other four, and returns
/// the sums.
#[inline(always)]
fn take_turns(q: [__m256i; 8], to: [&mut [[i8; 4]; 8]; 2]) -> __m256i {
    run!({
        // Halves have the same four integers of rows 0 to 3, or of 4 to 7.
        let low = _mm256_packs_epi16(
            _mm256_packs_epi32(q[0], q[1]),
            _mm256_packs_epi32(q[2], q[3]),
        );
        let high = _mm256_packs_epi16(
            _mm256_packs_epi32(q[4], q[5]),
            _mm256_packs_epi32(q[6], q[7]),
        );
        let first = _mm256_permute2x128_si256::<0x20>(low, high);
        let second = _mm256_permute2x128_si256::<0x31>(low, high);
        let [to_first, to_second] = to;
        _mm256_storeu_si256(to_first.as_mut_ptr().cast(), first);
        _mm256_storeu_si256(to_second.as_mut_ptr().cast(), second);
        let ones = _mm256_set1_epi8(1);
        let pairs = _mm256_add_epi16(
            _mm256_maddubs_epi16(ones, first),
            _mm256_maddubs_epi16(ones, second),
        );
        _mm256_madd_epi16(pairs, _mm256_set1_epi16(1))
    })
}

/// A function of the two halves, of what each of them has.
macro_rules! halves {
    ($function:ident $(::<$n:ident>)? ($($x:ident),*)) => {
        [Low::$function$(::<$n>)?($($x[0]),*), High::$function$(::<$n>)?($($x[1]),*)]
    };
}

/// A function of the two halves, of the same for both.
macro_rules! alike {
    ($function:ident ($($x:expr),*)) => {
        [Low::$function($($x),*), High::$function($($x),*)]
    };
}

#[inline(always)]
fn both(f: impl Fn(usize) -> __m256i) -> [__m256i; 2] {
    [f(0), f(1)]
}

impl Rows for Avx2 {
    type I = [__m256i; 2];
    type F = [__m256; 2];
    const BIAS: i32 = Low::BIAS;
    const UNROLLS: bool = Low::UNROLLS;

    #[inline(always)]
    fn zero() -> Self::I {
        alike!(zero())
    }
    #[inline(always)]
    fn splat(x: i32) -> Self::I {
        alike!(splat(x))
    }
    #[inline(always)]
    fn load(bytes: &[u8; 64]) -> Self::I {
        alike!(load(bytes))
    }
    #[inline(always)]
    fn keep(a: Self::I, to: &mut [u8; 64]) {
        Low::keep(a[0], to);
        High::keep(a[1], to);
    }
    #[inline(always)]
    fn prefetch<T>(what: *const T) {
        Low::prefetch(what);
    }
    #[inline(always)]
    fn and(a: Self::I, b: Self::I) -> Self::I {
        halves!(and(a, b))
    }
    #[inline(always)]
    fn or(a: Self::I, b: Self::I) -> Self::I {
        halves!(or(a, b))
    }
    #[inline(always)]
    fn shr<const N: u32>(a: Self::I) -> Self::I {
        halves!(shr::<N>(a))
    }
    #[inline(always)]
    fn shl<const N: u32>(a: Self::I) -> Self::I {
        halves!(shl::<N>(a))
    }
    #[inline(always)]
    fn sar<const N: u32>(a: Self::I) -> Self::I {
        halves!(sar::<N>(a))
    }
    #[inline(always)]
    fn add(a: Self::I, b: Self::I) -> Self::I {
        halves!(add(a, b))
    }
    #[inline(always)]
    fn mul(a: Self::I, b: Self::I) -> Self::I {
        halves!(mul(a, b))
    }
    #[inline(always)]
    fn dot(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        halves!(dot(sum, w, a))
    }
    #[inline(always)]
    fn dot_signed(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        halves!(dot_signed(sum, w, a))
    }
    #[inline(always)]
    fn dots<F: Planes, const T: usize, const N: usize, const P: usize>(
        sums: &mut [[Self::I; P]; T],
        words: [Words<'_>; P],
        s: usize,
        a: &[[i8; 4]],
    ) {
        if F::SIGNED {
            return lanes::dots::<Self, F, T, N, P>(sums, words, s, a);
        }
        for p in 0..P {
            // Where registers suffice for the sums of both halves.
            if T == 4 && F::SUB != F::LEN {
                let mut both = sums.map(|sum| sum[p]);
                if dots::always() {
                    dots::dots::<Self, F, 2, T, N>(&mut both, words[p], s, a);
                }
                (0..T).for_each(|t| sums[t][p] = both[t]);
                continue;
            }
            // Only so do they where a sub-block's sums are taken out of 16 bits in between.
            let alone = F::SUB != F::LEN && dots::in_parts::<F>();
            if !alone || dots::always() {
                let (mut low, mut high) =
                    (sums.map(|sum| [sum[p][0]]), sums.map(|sum| [sum[p][1]]));
                dots::dots::<Low, F, 1, T, N>(&mut low, words[p], s, a);
                dots::dots::<High, F, 1, T, N>(&mut high, words[p], s, a);
                (0..T).for_each(|t| sums[t][p] = [low[t][0], high[t][0]]);
            }
        }
    }
    #[inline(always)]
    fn factor<const SIGNED: bool>(x: Self::I, i: usize) -> Self::I {
        x.map(|x| Low::factor::<SIGNED>(x, i))
    }
    #[inline(always)]
    fn pair<const SIGNED: bool>(x: Self::I, i: usize, j: usize) -> Self::I {
        x.map(|x| Low::pair::<SIGNED>(x, i, j))
    }
    #[inline(always)]
    fn madd(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        halves!(madd(sum, w, a))
    }
    #[inline(always)]
    fn load_pairs(pairs: &[[i16; 2]; 16]) -> Self::I {
        alike!(load_pairs(pairs))
    }
    #[inline(always)]
    fn float_zero() -> Self::F {
        alike!(float_zero())
    }
    #[inline(always)]
    fn float_splat(x: f32) -> Self::F {
        alike!(float_splat(x))
    }
    #[inline(always)]
    fn to_float(a: Self::I) -> Self::F {
        halves!(to_float(a))
    }
    #[inline(always)]
    fn load_floats(x: &[f32; 16]) -> Self::F {
        alike!(load_floats(x))
    }
    #[inline(always)]
    fn load_f32(bytes: &[u8; 64]) -> Self::F {
        alike!(load_f32(bytes))
    }
    #[inline(always)]
    fn load_f16(bytes: &[u8; 32]) -> Self::F {
        alike!(load_f16(bytes))
    }
    #[inline(always)]
    fn float_neg(a: Self::F) -> Self::F {
        halves!(float_neg(a))
    }
    #[inline(always)]
    fn float_mul(a: Self::F, b: Self::F) -> Self::F {
        halves!(float_mul(a, b))
    }
    #[inline(always)]
    fn float_add(a: Self::F, b: Self::F) -> Self::F {
        halves!(float_add(a, b))
    }
    #[inline(always)]
    fn widen_bf16(a: Self::I) -> [Self::F; 2] {
        let [low, high] = halves!(widen_bf16(a));
        [[low[0], high[0]], [low[1], high[1]]]
    }
    #[inline(always)]
    fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        halves!(fma(a, b, c))
    }
    #[inline(always)]
    fn store(a: Self::F, to: &mut [f32; 16]) {
        Low::store(a[0], to);
        High::store(a[1], to);
    }
}

impl Lanes for Avx2 {
    type Low = Low;
    type High = High;
    const HALVES: bool = true;
    const OPENS: bool = true;

    #[inline(always)]
    fn apart<const T: usize>(work: impl Work) {
        #[target_feature(enable = "avx2,fma,f16c")]
        #[inline(never)]
        fn run<const T: usize>(work: impl Work) {
            work.run::<Avx2, T>();
        }
        run!(run::<T>(work));
    }
    #[inline(always)]
    fn bits(a: Self::F) -> Self::I {
        a.map(|a| run!(_mm256_castps_si256(a)))
    }
    #[inline(always)]
    fn max(a: Self::I, b: Self::I) -> Self::I {
        both(|i| run!(_mm256_max_epi32(a[i], b[i])))
    }
    #[inline(always)]
    fn largest(a: Self::I) -> i32 {
        run!({
            let a = _mm256_max_epi32(a[0], a[1]);
            let a = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256::<1>(a));
            let a = _mm_max_epi32(a, _mm_shuffle_epi32::<0b1110>(a));
            _mm_cvtsi128_si32(_mm_max_epi32(a, _mm_shuffle_epi32::<0b01>(a)))
        })
    }
    #[inline(always)]
    fn total(a: Self::I) -> i32 {
        run!({
            let a = _mm256_add_epi32(a[0], a[1]);
            let a = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256::<1>(a));
            let a = _mm_add_epi32(a, _mm_shuffle_epi32::<0b1110>(a));
            _mm_cvtsi128_si32(_mm_add_epi32(a, _mm_shuffle_epi32::<0b01>(a)))
        })
    }
    #[inline(always)]
    fn narrow(a: Self::I) -> [i8; 16] {
        let mut bytes = [0; 16];
        run!({
            // The halves of the two registers take turns.
            let pairs = _mm256_packs_epi32(a[0], a[1]);
            let pairs = _mm256_permute4x64_epi64::<0b11_01_10_00>(pairs);
            let (low, high) = (
                _mm256_castsi256_si128(pairs),
                _mm256_extracti128_si256::<1>(pairs),
            );
            _mm_storeu_si128(bytes.as_mut_ptr().cast(), _mm_packs_epi16(low, high));
        });
        bytes
    }
    #[inline(always)]
    fn take_turns(q: [Self::I; 8], to: &mut [[[i8; 4]; 8]; 4]) -> [i32; 8] {
        let [low, high] = [q.map(|q| q[0]), q.map(|q| q[1])];
        let [first, second, third, fourth] = to;
        let low = take_turns(low, [first, second]);
        let high = take_turns(high, [third, fourth]);
        let mut sums = [0; 8];
        run!(_mm256_storeu_si256(
            sums.as_mut_ptr().cast(),
            _mm256_add_epi32(low, high)
        ));
        sums
    }
    #[inline(always)]
    fn narrow_pairs(a: Self::I) -> [i16; 16] {
        let mut pairs = [0; 16];
        run!({
            // The halves of the two registers take turns.
            let a = _mm256_packs_epi32(a[0], a[1]);
            let a = _mm256_permute4x64_epi64::<0b11_01_10_00>(a);
            _mm256_storeu_si256(pairs.as_mut_ptr().cast(), a);
        });
        pairs
    }
    #[inline(always)]
    fn floats(bits: Self::I) -> Self::F {
        [
            run!(_mm256_castsi256_ps(bits[0])),
            run!(_mm256_castsi256_ps(bits[1])),
        ]
    }
    #[inline(always)]
    fn float_max(a: Self::F, b: Self::F) -> Self::F {
        [
            run!(_mm256_max_ps(a[0], b[0])),
            run!(_mm256_max_ps(a[1], b[1])),
        ]
    }
    #[inline(always)]
    fn float_largest(a: Self::F) -> f32 {
        run!({
            let a = _mm256_max_ps(a[0], a[1]);
            let a = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let a = _mm_max_ps(a, _mm_movehl_ps(a, a));
            _mm_cvtss_f32(_mm_max_ss(a, _mm_movehdup_ps(a)))
        })
    }
    #[inline(always)]
    fn fold(a: Self::F) -> f32 {
        run!({
            let a = _mm256_add_ps(a[0], a[1]);
            let a = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let a = _mm_add_ps(a, _mm_movehl_ps(a, a));
            _mm_cvtss_f32(_mm_add_ss(a, _mm_movehdup_ps(a)))
        })
    }
}
