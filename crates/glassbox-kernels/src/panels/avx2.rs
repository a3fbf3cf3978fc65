//! Sixteen lanes of two 256-bit registers.
#![allow(unsafe_code)]

use super::formats::{Planes, Words};
use super::lanes::{self, Lanes, Work};
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

#[derive(Clone, Copy)]
pub(crate) struct Avx2;

#[inline(always)]
fn both(f: impl Fn(usize) -> __m256i) -> [__m256i; 2] {
    [f(0), f(1)]
}

/// Orders of the bytes of lanes: bytes `i` and `j` of each, at `[i][j]`, as the low bytes of its two
/// i16, or as the high ones; the others are zero.
type Orders = [[[u8; 32]; 4]; 4];
static LOW: Orders = orders(0);
static HIGH: Orders = orders(1);

const fn orders(byte: usize) -> Orders {
    let mut orders = [[[0x80; 32]; 4]; 4];
    let mut n = 0;
    while n < 4 * 4 * 8 {
        let (i, j, lane) = (n / 32, n / 8 % 4, n % 8);
        let order = &mut orders[i][j];
        order[4 * lane + byte] = (lane % 4 * 4 + i) as u8;
        order[4 * lane + 2 + byte] = (lane % 4 * 4 + j) as u8;
        n += 1;
    }
    orders
}

impl Lanes for Avx2 {
    type I = [__m256i; 2];
    type F = [__m256; 2];
    const BIAS: i32 = 0;
    const AHEAD: usize = 16384;
    const UNROLLS: bool = true;
    const HALVES: bool = true;

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
    fn zero() -> Self::I {
        [run!(_mm256_setzero_si256()); 2]
    }
    #[inline(always)]
    fn splat(x: i32) -> Self::I {
        [run!(_mm256_set1_epi32(x)); 2]
    }
    #[inline(always)]
    fn load(bytes: &[u8; 64]) -> Self::I {
        both(|i| run!(_mm256_loadu_si256(bytes.as_ptr().add(32 * i).cast())))
    }
    #[inline(always)]
    fn prefetch<const N: usize>(bytes: &[u8; N]) {
        run!(_mm_prefetch::<_MM_HINT_T0>(bytes.as_ptr().cast()));
    }
    #[inline(always)]
    fn load_pairs(pairs: &[[i16; 2]; 16]) -> Self::I {
        both(|i| run!(_mm256_loadu_si256(pairs.as_ptr().add(8 * i).cast())))
    }
    #[inline(always)]
    fn and(a: Self::I, b: Self::I) -> Self::I {
        both(|i| run!(_mm256_and_si256(a[i], b[i])))
    }
    #[inline(always)]
    fn or(a: Self::I, b: Self::I) -> Self::I {
        both(|i| run!(_mm256_or_si256(a[i], b[i])))
    }
    #[inline(always)]
    fn shr<const N: u32>(a: Self::I) -> Self::I {
        both(|i| run!(_mm256_srl_epi32(a[i], _mm_cvtsi32_si128(N as i32))))
    }
    #[inline(always)]
    fn shl<const N: u32>(a: Self::I) -> Self::I {
        both(|i| run!(_mm256_sll_epi32(a[i], _mm_cvtsi32_si128(N as i32))))
    }
    #[inline(always)]
    fn sar<const N: u32>(a: Self::I) -> Self::I {
        both(|i| run!(_mm256_sra_epi32(a[i], _mm_cvtsi32_si128(N as i32))))
    }
    #[inline(always)]
    fn add(a: Self::I, b: Self::I) -> Self::I {
        both(|i| run!(_mm256_add_epi32(a[i], b[i])))
    }
    #[inline(always)]
    fn mul(a: Self::I, b: Self::I) -> Self::I {
        both(|i| run!(_mm256_mullo_epi32(a[i], b[i])))
    }
    #[inline(always)]
    fn dot(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        // Two products of at most 127 * 127 fit an i16, so that nothing saturates.
        both(|i| {
            run!({
                let pairs = _mm256_maddubs_epi16(w[i], a[i]);
                _mm256_add_epi32(sum[i], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
            })
        })
    }
    #[inline(always)]
    fn dot_signed(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        // |w| is at most 128, and two products of 128 * 127 still fit; activations are above -128.
        both(|i| {
            run!({
                let pairs =
                    _mm256_maddubs_epi16(_mm256_abs_epi8(w[i]), _mm256_sign_epi8(a[i], w[i]));
                _mm256_add_epi32(sum[i], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
            })
        })
    }
    #[inline(always)]
    fn dots<F: Planes, const T: usize>(
        sums: &mut [Self::I; T],
        words: Words<'_>,
        s: usize,
        a: &[[i8; 4]],
    ) {
        match F::SIGNED {
            true => lanes::dots::<Self, F, T>(sums, words, s, a),
            false => dots::dots::<F, T>(sums, words, s, a),
        }
    }
    #[inline(always)]
    fn factor<const SIGNED: bool>(x: Self::I, i: usize) -> Self::I {
        Self::pair::<SIGNED>(x, i, i)
    }
    #[inline(always)]
    fn pair<const SIGNED: bool>(x: Self::I, i: usize, j: usize) -> Self::I {
        let order = &if SIGNED { HIGH } else { LOW }[i][j];
        both(|half| {
            run!({
                let x = _mm256_shuffle_epi8(x[half], _mm256_loadu_si256(order.as_ptr().cast()));
                match SIGNED {
                    true => _mm256_srai_epi16::<8>(x),
                    false => x,
                }
            })
        })
    }
    #[inline(always)]
    fn madd(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        both(|i| run!(_mm256_add_epi32(sum[i], _mm256_madd_epi16(w[i], a[i]))))
    }
    #[inline(always)]
    fn float_zero() -> Self::F {
        [run!(_mm256_setzero_ps()); 2]
    }
    #[inline(always)]
    fn float_splat(x: f32) -> Self::F {
        [run!(_mm256_set1_ps(x)); 2]
    }
    #[inline(always)]
    fn to_float(a: Self::I) -> Self::F {
        a.map(|a| run!(_mm256_cvtepi32_ps(a)))
    }
    #[inline(always)]
    fn load_f32(bytes: &[u8; 64]) -> Self::F {
        [0, 1].map(|i| run!(_mm256_loadu_ps(bytes.as_ptr().add(32 * i).cast())))
    }
    #[inline(always)]
    fn load_f16(bytes: &[u8; 32]) -> Self::F {
        [0, 1].map(|i| {
            run!(_mm256_cvtph_ps(_mm_loadu_si128(
                bytes.as_ptr().add(16 * i).cast()
            )))
        })
    }
    #[inline(always)]
    fn float_neg(a: Self::F) -> Self::F {
        a.map(|a| run!(_mm256_xor_ps(a, _mm256_set1_ps(-0.0))))
    }
    #[inline(always)]
    fn float_mul(a: Self::F, b: Self::F) -> Self::F {
        [0, 1].map(|i| run!(_mm256_mul_ps(a[i], b[i])))
    }
    #[inline(always)]
    fn float_add(a: Self::F, b: Self::F) -> Self::F {
        [0, 1].map(|i| run!(_mm256_add_ps(a[i], b[i])))
    }
    #[inline(always)]
    fn dot_bf16(sum: Self::F, w: Self::I, a: Self::I) -> Self::F {
        let high = |x| {
            run!(_mm256_castsi256_ps(_mm256_and_si256(
                x,
                _mm256_set1_epi32(!0xffff)
            )))
        };
        let low = |x| run!(_mm256_castsi256_ps(_mm256_slli_epi32::<16>(x)));
        let sum = Self::fma(w.map(high), a.map(high), sum);
        Self::fma(w.map(low), a.map(low), sum)
    }
    #[inline(always)]
    fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        [0, 1].map(|i| run!(_mm256_fmadd_ps(a[i], b[i], c[i])))
    }
    #[inline(always)]
    fn store(a: Self::F, to: &mut [f32; 16]) {
        for (i, a) in a.into_iter().enumerate() {
            run!(_mm256_storeu_ps(to.as_mut_ptr().add(8 * i), a))
        }
    }
    #[inline(always)]
    fn load_floats(x: &[f32; 16]) -> Self::F {
        [0, 1].map(|i| run!(_mm256_loadu_ps(x.as_ptr().add(8 * i))))
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
}
