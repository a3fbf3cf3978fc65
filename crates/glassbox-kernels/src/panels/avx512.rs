//! Sixteen lanes of a 512-bit register, with VNNI.
#![allow(unsafe_code)]

use super::formats::Words;
use super::lanes::{self, Lanes, Rows};
use std::arch::asm;
use std::arch::x86_64::*;

/// Runs intrinsics.
macro_rules! run {
    ($intrinsics:expr) => {{
        // SAFETY: only tables whose instructions the machine has call this, and every load and
        // store is within an array, for which no alignment is asked.
        unsafe { $intrinsics }
    }};
}

/// Signed bytes plus 128.
#[inline(always)]
fn unsigned(w: __m512i) -> __m512i {
    run!(_mm512_xor_si512(w, _mm512_set1_epi8(-128)))
}

/// Defines [`Rows::dot_rows`] of one panel for so many rows, whose sums and places among the activations are given.
///
/// A compiler that is given the intrinsics loads the activations of a whole block first, for which it
/// has not the registers.
macro_rules! dot_rows {
    ($name:ident, $n:literal, $($sum:ident $at:literal),*) => {
        #[inline]
        #[target_feature(enable = "avx512f,avx512vnni")]
        fn $name<const P: usize>(sums: &mut [[__m512i; P]; $n], p: usize, w: __m512i, a: &[[i8; 4]; $n]) {
            let [$($sum),*] = sums;
            run!(asm!(
                $(concat!("vpdpbusd {", stringify!($sum), "}, {w}, dword ptr [{a} + ", $at, "]{{1to16}}"),)*
                $($sum = inout(zmm_reg) $sum[p],)*
                w = in(zmm_reg) w,
                a = in(reg) a,
                options(readonly, nostack, preserves_flags)
            ));
        }
    };
}
dot_rows!(dot_one, 1, s0 0);
dot_rows!(dot_two, 2, s0 0, s1 4);
dot_rows!(dot_four, 4, s0 0, s1 4, s2 8, s3 12);
dot_rows!(dot_eight, 8, s0 0, s1 4, s2 8, s3 12, s4 16, s5 20, s6 24, s7 28);

/// The same for eight rows and two panels, which one load of the activations is for: loads are as scarce as
/// products.
macro_rules! dot_rows_twice {
    ($name:ident, $n:literal, $($one:ident $two:ident $at:literal),*) => {
        #[inline]
        #[target_feature(enable = "avx512f,avx512vnni")]
        fn $name(sums: &mut [[__m512i; 2]; $n], [v, w]: [__m512i; 2], a: &[[i8; 4]; $n]) {
            let [$([$one, $two]),*] = sums;
            let _x: __m512i;
            run!(asm!(
                $(concat!("vpbroadcastd {x}, dword ptr [{a} + ", $at, "]"),
                concat!("vpdpbusd {", stringify!($one), "}, {v}, {x}"),
                concat!("vpdpbusd {", stringify!($two), "}, {w}, {x}"),)*
                x = out(zmm_reg) _x,
                $($one = inout(zmm_reg) *$one, $two = inout(zmm_reg) *$two,)*
                v = in(zmm_reg) v,
                w = in(zmm_reg) w,
                a = in(reg) a,
                options(readonly, nostack, preserves_flags)
            ));
        }
    };
}
dot_rows_twice!(dot_eight_twice, 8, s0 z0 0, s1 z1 4, s2 z2 8, s3 z3 12, s4 z4 16, s5 z5 20, s6 z6 24, s7 z7 28);

/// Adds a part times its scale.
///
/// As these and the products are no pure functions to the compiler, it leaves them in their order: else it takes
/// all products of a block first, keeps their parts in memory, and has the multiplications wait for each other.
#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn add_scaled(sum: &mut __m512i, part: __m512i, scale: __m512i) {
    let _x: __m512i;
    run!(asm!(
        "vpmulld {x}, {part}, {scale}",
        "vpaddd {sum}, {sum}, {x}",
        x = out(zmm_reg) _x,
        sum = inout(zmm_reg) *sum,
        part = in(zmm_reg) part,
        scale = in(zmm_reg) scale,
        options(nomem, nostack, preserves_flags)
    ));
}

/// `BF16` tells whether `vdpbf16ps` is there.
#[derive(Clone, Copy)]
pub(crate) struct Avx512<const BF16: bool>;

impl<const BF16: bool> Rows for Avx512<BF16> {
    type I = __m512i;
    type F = __m512;
    const BIAS: i32 = 128;
    const UNROLLS: bool = true;
    const PAIRS: bool = BF16;

    #[inline(always)]
    fn zero() -> Self::I {
        run!(_mm512_setzero_si512())
    }
    #[inline(always)]
    fn splat(x: i32) -> Self::I {
        run!(_mm512_set1_epi32(x))
    }
    #[inline(always)]
    fn load(bytes: &[u8; 64]) -> Self::I {
        run!(_mm512_loadu_si512(bytes.as_ptr().cast()))
    }
    #[inline(always)]
    fn keep(a: Self::I, to: &mut [u8; 64]) {
        run!(_mm512_storeu_si512(to.as_mut_ptr().cast(), a));
    }
    #[inline(always)]
    fn prefetch<T>(what: *const T) {
        run!(_mm_prefetch::<_MM_HINT_T0>(what.cast()));
    }
    #[inline(always)]
    fn and(a: Self::I, b: Self::I) -> Self::I {
        run!(_mm512_and_si512(a, b))
    }
    #[inline(always)]
    fn or(a: Self::I, b: Self::I) -> Self::I {
        run!(_mm512_or_si512(a, b))
    }
    #[inline(always)]
    fn shr<const N: u32>(a: Self::I) -> Self::I {
        run!(_mm512_srli_epi32::<N>(a))
    }
    #[inline(always)]
    fn shl<const N: u32>(a: Self::I) -> Self::I {
        run!(_mm512_slli_epi32::<N>(a))
    }
    #[inline(always)]
    fn sar<const N: u32>(a: Self::I) -> Self::I {
        run!(_mm512_srai_epi32::<N>(a))
    }
    #[inline(always)]
    fn add(a: Self::I, b: Self::I) -> Self::I {
        run!(_mm512_add_epi32(a, b))
    }
    #[inline(always)]
    fn mul(a: Self::I, b: Self::I) -> Self::I {
        run!(_mm512_mullo_epi32(a, b))
    }
    #[inline(always)]
    fn dot(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        run!(_mm512_dpbusd_epi32(sum, w, a))
    }
    #[inline(always)]
    fn dot_signed(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        Self::dot(sum, unsigned(w), a)
    }
    #[inline(always)]
    fn dot_rows<const SIGNED: bool, const T: usize, const P: usize>(
        sums: &mut [[Self::I; P]; T],
        w: [Self::I; P],
        a: &[[i8; 4]; T],
    ) {
        const { assert!(matches!(T, 1 | 2 | 4 | 8), "a case for so many rows") };
        let w = if SIGNED { w.map(unsigned) } else { w };
        if P == 2
            && let Some(a) = a.first_chunk::<8>()
            && let Some(sums) = sums.as_flattened_mut().as_chunks_mut().0.first_chunk_mut()
        {
            run!(dot_eight_twice(sums, [w[0], w[1]], a));
            return;
        }
        macro_rules! by {
            ($dot:ident, $p:expr, $w:expr) => {
                if let (Some(sums), Some(a)) = (sums.first_chunk_mut(), a.first_chunk()) {
                    run!($dot(sums, $p, $w, a));
                }
            };
        }
        for (p, w) in w.into_iter().enumerate() {
            match T {
                8 => by!(dot_eight, p, w),
                4 => by!(dot_four, p, w),
                2 => by!(dot_two, p, w),
                _ => by!(dot_one, p, w),
            }
        }
    }
    #[inline(always)]
    fn anew(words: Words<'_>) -> Words<'_> {
        let mut at = words.0.as_ptr();
        run!(asm!("/* {at} */", at = inout(reg) at, options(readonly, nostack, preserves_flags)));
        // SAFETY: it is where it was.
        Words(unsafe { std::slice::from_raw_parts(at, words.0.len()) })
    }
    #[inline(always)]
    fn add_scaled(mut sum: Self::I, part: Self::I, scale: Self::I) -> Self::I {
        run!(add_scaled(&mut sum, part, scale));
        sum
    }
    #[inline(always)]
    fn madd(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        run!(_mm512_dpwssd_epi32(sum, w, a))
    }
    #[inline(always)]
    fn load_pairs(pairs: &[[i16; 2]; 16]) -> Self::I {
        run!(_mm512_loadu_si512(pairs.as_ptr().cast()))
    }
    #[inline(always)]
    fn float_zero() -> Self::F {
        run!(_mm512_setzero_ps())
    }
    #[inline(always)]
    fn float_splat(x: f32) -> Self::F {
        run!(_mm512_set1_ps(x))
    }
    #[inline(always)]
    fn to_float(a: Self::I) -> Self::F {
        run!(_mm512_cvtepi32_ps(a))
    }
    #[inline(always)]
    fn load_floats(x: &[f32; 16]) -> Self::F {
        run!(_mm512_loadu_ps(x.as_ptr()))
    }
    #[inline(always)]
    fn load_f32(bytes: &[u8; 64]) -> Self::F {
        run!(_mm512_loadu_ps(bytes.as_ptr().cast()))
    }
    #[inline(always)]
    fn load_f16(bytes: &[u8; 32]) -> Self::F {
        run!(_mm512_cvtph_ps(_mm256_loadu_si256(bytes.as_ptr().cast())))
    }
    #[inline(always)]
    fn float_neg(a: Self::F) -> Self::F {
        run!(_mm512_castsi512_ps(_mm512_xor_si512(
            _mm512_castps_si512(a),
            _mm512_set1_epi32(i32::MIN)
        )))
    }
    #[inline(always)]
    fn float_mul(a: Self::F, b: Self::F) -> Self::F {
        run!(_mm512_mul_ps(a, b))
    }
    #[inline(always)]
    fn float_add(a: Self::F, b: Self::F) -> Self::F {
        run!(_mm512_add_ps(a, b))
    }
    #[inline(always)]
    fn widen_bf16(a: Self::I) -> [Self::F; 2] {
        let high = Self::and(a, Self::splat(!0xffff));
        [run!(_mm512_slli_epi32::<16>(a)), high].map(|x| run!(_mm512_castsi512_ps(x)))
    }
    #[inline(always)]
    fn dot_bf16(sum: Self::F, w: Self::I, a: Self::I) -> Self::F {
        if BF16 {
            let bf16 = |x: __m512i| run!(std::mem::transmute::<__m512i, __m512bh>(x));
            return run!(_mm512_dpbf16_ps(sum, bf16(w), bf16(a)));
        }
        lanes::dot_bf16::<Self>(sum, w, a)
    }
    #[inline(always)]
    fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        run!(_mm512_fmadd_ps(a, b, c))
    }
    #[inline(always)]
    fn store(a: Self::F, to: &mut [f32; 16]) {
        run!(_mm512_storeu_ps(to.as_mut_ptr(), a))
    }
}

impl<const BF16: bool> Lanes for Avx512<BF16> {
    type Low = Self;
    type High = Self;
    const MANY_SUMS: bool = true;

    #[inline(always)]
    fn bits(a: Self::F) -> Self::I {
        run!(_mm512_castps_si512(a))
    }
    #[inline(always)]
    fn max(a: Self::I, b: Self::I) -> Self::I {
        run!(_mm512_max_epi32(a, b))
    }
    #[inline(always)]
    fn largest(a: Self::I) -> i32 {
        run!(_mm512_reduce_max_epi32(a))
    }
    #[inline(always)]
    fn total(a: Self::I) -> i32 {
        run!(_mm512_reduce_add_epi32(a))
    }
    #[inline(always)]
    fn narrow(a: Self::I) -> [i8; 16] {
        let mut bytes = [0; 16];
        run!(_mm_storeu_si128(
            bytes.as_mut_ptr().cast(),
            _mm512_cvtepi32_epi8(a)
        ));
        bytes
    }
    #[inline(always)]
    fn take_turns(q: [Self::I; 8], to: &mut [[[i8; 4]; 8]; 4]) -> [i32; 8] {
        let mut sums = [0; 8];
        run!({
            // Quarters have the same four integers of rows 0 to 3, or of 4 to 7.
            let low = _mm512_packs_epi16(
                _mm512_packs_epi32(q[0], q[1]),
                _mm512_packs_epi32(q[2], q[3]),
            );
            let high = _mm512_packs_epi16(
                _mm512_packs_epi32(q[4], q[5]),
                _mm512_packs_epi32(q[6], q[7]),
            );
            let first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
            let first = _mm512_permutex2var_epi64(low, first, high);
            let second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
            let second = _mm512_permutex2var_epi64(low, second, high);
            let to: *mut __m512i = to.as_mut_ptr().cast();
            _mm512_storeu_si512(to, first);
            _mm512_storeu_si512(to.add(1), second);
            let ones = _mm512_set1_epi8(1);
            let sum = _mm512_dpbusd_epi32(_mm512_setzero_si512(), ones, first);
            let sum = _mm512_dpbusd_epi32(sum, ones, second);
            let high = _mm512_extracti64x4_epi64::<1>(sum);
            let sum = _mm256_add_epi32(_mm512_castsi512_si256(sum), high);
            _mm256_storeu_si256(sums.as_mut_ptr().cast(), sum);
        });
        sums
    }
    #[inline(always)]
    fn narrow_pairs(a: Self::I) -> [i16; 16] {
        let mut pairs = [0; 16];
        run!(_mm256_storeu_si256(
            pairs.as_mut_ptr().cast(),
            _mm512_cvtepi32_epi16(a)
        ));
        pairs
    }
    #[inline(always)]
    fn floats(bits: Self::I) -> Self::F {
        run!(_mm512_castsi512_ps(bits))
    }
    #[inline(always)]
    fn float_max(a: Self::F, b: Self::F) -> Self::F {
        run!(_mm512_max_ps(a, b))
    }
    #[inline(always)]
    fn float_largest(a: Self::F) -> f32 {
        run!(_mm512_reduce_max_ps(a))
    }
    #[inline(always)]
    fn fold(a: Self::F) -> f32 {
        run!({
            let high = _mm512_extractf32x8_ps::<1>(a);
            let a = _mm256_add_ps(_mm512_castps512_ps256(a), high);
            let a = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
            let a = _mm_add_ps(a, _mm_movehl_ps(a, a));
            _mm_cvtss_f32(_mm_add_ss(a, _mm_movehdup_ps(a)))
        })
    }
    #[inline(always)]
    fn times_power(a: Self::F, n: Self::F) -> Self::F {
        run!(_mm512_scalef_ps(a, n))
    }
}
