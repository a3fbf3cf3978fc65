//! The lanes of eight rows of a panel: a 256-bit register.

use super::super::formats::{Planes, Words};
use super::super::lanes::{self, Rows};
use super::dots;
use std::arch::x86_64::*;

/// The first eight lanes of a panel, or the others.
#[derive(Clone, Copy)]
pub(crate) struct Half<const H: usize>;

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

impl<const H: usize> Rows for Half<H> {
    type I = __m256i;
    type F = __m256;
    const BIAS: i32 = 0;
    const UNROLLS: bool = true;

    #[inline(always)]
    fn zero() -> Self::I {
        run!(_mm256_setzero_si256())
    }
    #[inline(always)]
    fn splat(x: i32) -> Self::I {
        run!(_mm256_set1_epi32(x))
    }
    #[inline(always)]
    fn load(bytes: &[u8; 64]) -> Self::I {
        run!(_mm256_loadu_si256(bytes.as_ptr().add(32 * H).cast()))
    }
    #[inline(always)]
    fn keep(a: Self::I, to: &mut [u8; 64]) {
        run!(_mm256_storeu_si256(to.as_mut_ptr().add(32 * H).cast(), a));
    }
    #[inline(always)]
    fn prefetch<T>(what: *const T) {
        run!(_mm_prefetch::<_MM_HINT_T0>(what.cast()));
    }
    #[inline(always)]
    fn and(a: Self::I, b: Self::I) -> Self::I {
        run!(_mm256_and_si256(a, b))
    }
    #[inline(always)]
    fn or(a: Self::I, b: Self::I) -> Self::I {
        run!(_mm256_or_si256(a, b))
    }
    #[inline(always)]
    fn shr<const N: u32>(a: Self::I) -> Self::I {
        run!(_mm256_srl_epi32(a, _mm_cvtsi32_si128(N as i32)))
    }
    #[inline(always)]
    fn shl<const N: u32>(a: Self::I) -> Self::I {
        run!(_mm256_sll_epi32(a, _mm_cvtsi32_si128(N as i32)))
    }
    #[inline(always)]
    fn sar<const N: u32>(a: Self::I) -> Self::I {
        run!(_mm256_sra_epi32(a, _mm_cvtsi32_si128(N as i32)))
    }
    #[inline(always)]
    fn add(a: Self::I, b: Self::I) -> Self::I {
        run!(_mm256_add_epi32(a, b))
    }
    #[inline(always)]
    fn mul(a: Self::I, b: Self::I) -> Self::I {
        run!(_mm256_mullo_epi32(a, b))
    }
    #[inline(always)]
    fn dot(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        // Two products of at most 127 * 127 fit an i16, so that nothing saturates.
        run!({
            let pairs = _mm256_maddubs_epi16(w, a);
            _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
        })
    }
    #[inline(always)]
    fn dot_signed(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        // |w| is at most 128, and two products of 128 * 127 still fit; activations are above -128.
        run!({
            let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(a, w));
            _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
        })
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
        // Only so do registers suffice for many rows.
        let alone = F::SUB != F::LEN;
        if !alone || dots::always() {
            for p in 0..P {
                let mut own = sums.map(|sum| [sum[p]]);
                dots::dots::<Self, F, 1, T, N>(&mut own, words[p], s, a);
                (0..T).for_each(|t| [sums[t][p]] = own[t]);
            }
        }
    }
    #[inline(always)]
    fn factor<const SIGNED: bool>(x: Self::I, i: usize) -> Self::I {
        Self::pair::<SIGNED>(x, i, i)
    }
    #[inline(always)]
    fn pair<const SIGNED: bool>(x: Self::I, i: usize, j: usize) -> Self::I {
        let order = &if SIGNED { HIGH } else { LOW }[i][j];
        run!({
            let x = _mm256_shuffle_epi8(x, _mm256_loadu_si256(order.as_ptr().cast()));
            match SIGNED {
                true => _mm256_srai_epi16::<8>(x),
                false => x,
            }
        })
    }
    #[inline(always)]
    fn madd(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        run!(_mm256_add_epi32(sum, _mm256_madd_epi16(w, a)))
    }
    #[inline(always)]
    fn load_pairs(pairs: &[[i16; 2]; 16]) -> Self::I {
        run!(_mm256_loadu_si256(pairs.as_ptr().add(8 * H).cast()))
    }
    #[inline(always)]
    fn float_zero() -> Self::F {
        run!(_mm256_setzero_ps())
    }
    #[inline(always)]
    fn float_splat(x: f32) -> Self::F {
        run!(_mm256_set1_ps(x))
    }
    #[inline(always)]
    fn to_float(a: Self::I) -> Self::F {
        run!(_mm256_cvtepi32_ps(a))
    }
    #[inline(always)]
    fn load_floats(x: &[f32; 16]) -> Self::F {
        run!(_mm256_loadu_ps(x.as_ptr().add(8 * H)))
    }
    #[inline(always)]
    fn load_f32(bytes: &[u8; 64]) -> Self::F {
        run!(_mm256_loadu_ps(bytes.as_ptr().add(32 * H).cast()))
    }
    #[inline(always)]
    fn load_f16(bytes: &[u8; 32]) -> Self::F {
        run!(_mm256_cvtph_ps(_mm_loadu_si128(
            bytes.as_ptr().add(16 * H).cast()
        )))
    }
    #[inline(always)]
    fn float_neg(a: Self::F) -> Self::F {
        run!(_mm256_xor_ps(a, _mm256_set1_ps(-0.0)))
    }
    #[inline(always)]
    fn float_mul(a: Self::F, b: Self::F) -> Self::F {
        run!(_mm256_mul_ps(a, b))
    }
    #[inline(always)]
    fn float_add(a: Self::F, b: Self::F) -> Self::F {
        run!(_mm256_add_ps(a, b))
    }
    #[inline(always)]
    fn widen_bf16(a: Self::I) -> [Self::F; 2] {
        let high = Self::and(a, Self::splat(!0xffff));
        [run!(_mm256_slli_epi32::<16>(a)), high].map(|x| run!(_mm256_castsi256_ps(x)))
    }
    #[inline(always)]
    fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        run!(_mm256_fmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn store(a: Self::F, to: &mut [f32; 16]) {
        run!(_mm256_storeu_ps(to.as_mut_ptr().add(8 * H), a))
    }
}
