//! Sums of products with unsigned weights.

use super::super::formats::{Planes, Words};
use super::super::lanes::Lanes;
use super::Avx2;
use std::arch::{asm, x86_64::*};

/// How many pairs of products fit into 16 bits when added up.
const fn fit<F: Planes>() -> usize {
    (i16::MAX as i32 / (2 * 127 * F::MOST)) as usize
}

/// [`Lanes::dots`] of a format whose weights are unsigned.
#[inline(always)]
pub(super) fn dots<F: Planes, const T: usize>(
    sums: &mut [[__m256i; 2]; T],
    words: Words<'_>,
    s: usize,
    a: &[[i8; 4]],
) {
    let has_scale = F::SUB != F::LEN;
    // Where sums are taken out of 16 bits in between, registers suffice only so.
    if has_scale && fit::<F>() < F::SUB / 4 && !always() {
        return;
    }
    let factor = match has_scale {
        true => F::scale::<Avx2>(words, s),
        false => [run!(_mm256_set1_epi16(1)); 2],
    };
    half_dots::<F, T, 0>(sums, words, s, a, factor);
    half_dots::<F, T, 1>(sums, words, s, a, factor);
}

/// The same for half of the rows, with a factor for every pair of products.
#[inline(always)]
fn half_dots<F: Planes, const T: usize, const HALF: usize>(
    sums: &mut [[__m256i; 2]; T],
    words: Words<'_>,
    s: usize,
    a: &[[i8; 4]],
    factor: [__m256i; 2],
) {
    const { assert!(F::SIGNED || 2 * fit::<F>() >= F::SUB / 4) };
    part_dots::<F, T, HALF, 0>(sums, words, s, a, factor);
    if fit::<F>() < F::SUB / 4 {
        part_dots::<F, T, HALF, 1>(sums, words, s, a, factor);
    }
}

/// The same for the first, or the second, so many groups as fit into 16 bits.
#[inline(always)]
fn part_dots<F: Planes, const T: usize, const HALF: usize, const PART: usize>(
    sums: &mut [[__m256i; 2]; T],
    words: Words<'_>,
    s: usize,
    a: &[[i8; 4]],
    factor: [__m256i; 2],
) {
    let (n, most) = (F::SUB / 4, fit::<F>());
    let mut pairs = [run!(_mm256_setzero_si256()); T];
    for g in PART * most..n.min((PART + 1) * most) {
        let w = F::group::<Avx2>(words, s, g)[HALF];
        for t in 0..T {
            let a = Avx2::four(a[g * T + t])[HALF];
            let sum = run!(_mm256_add_epi16(pairs[t], _mm256_maddubs_epi16(w, a)));
            pairs[t] = run!(opaque(sum));
        }
    }
    for t in 0..T {
        let products = run!(_mm256_madd_epi16(pairs[t], factor[HALF]));
        sums[t][HALF] = run!(_mm256_add_epi32(sums[t][HALF], products));
    }
}

/// `x`, of which a compiler knows nothing: sums stay in the order that they are written in, for which
/// registers suffice.
#[inline]
#[target_feature(enable = "avx")]
fn opaque(mut x: __m256i) -> __m256i {
    // SAFETY: no instruction; the register stays what it was.
    unsafe { asm!("/* {0} */", inout(ymm_reg) x, options(pure, nomem, nostack, preserves_flags)) };
    x
}

/// True, of which a compiler knows nothing: what is done then is not mixed with what comes before and
/// after it.
#[inline(always)]
fn always() -> bool {
    let mut yes = 1u32;
    // SAFETY: no instruction; the number stays what it was.
    unsafe { asm!("/* {0:e} */", inout(reg) yes, options(nomem, nostack, preserves_flags)) };
    yes == 1
}
