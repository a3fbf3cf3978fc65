//! Sums of products with unsigned weights.

use super::super::formats::{Planes, Words};
use super::super::lanes::Rows;
use std::arch::{asm, x86_64::*};

/// How many pairs of products fit into 16 bits when added up.
const fn fit<F: Planes>() -> usize {
    (i16::MAX as i32 / (2 * 127 * F::MOST)) as usize
}

/// Whether a sub-block's sums are taken out of 16 bits in between.
pub(super) const fn in_parts<F: Planes>() -> bool {
    fit::<F>() < F::SUB / 4
}

/// [`Rows::dots`] of a format whose weights are unsigned.
#[inline(always)]
pub(super) fn dots<V: Rows<I = __m256i>, F: Planes, const T: usize>(
    sums: &mut [__m256i; T],
    words: Words<'_>,
    s: usize,
    a: &[[i8; 4]],
) {
    const { assert!(F::SIGNED || 2 * fit::<F>() >= F::SUB / 4) };
    let has_scale = F::SUB != F::LEN;
    let factor = match has_scale {
        true => F::scale::<V>(words, s),
        false => run!(_mm256_set1_epi16(1)),
    };
    part_dots::<V, F, T, 0>(sums, words, s, a, factor);
    if in_parts::<F>() {
        part_dots::<V, F, T, 1>(sums, words, s, a, factor);
    }
}

/// The same for the first, or the second, so many groups as fit into 16 bits, with a factor for every pair of
/// products.
#[inline(always)]
fn part_dots<V: Rows<I = __m256i>, F: Planes, const T: usize, const PART: usize>(
    sums: &mut [__m256i; T],
    words: Words<'_>,
    s: usize,
    a: &[[i8; 4]],
    factor: __m256i,
) {
    let (n, most) = (F::SUB / 4, fit::<F>());
    let mut pairs = [run!(_mm256_setzero_si256()); T];
    for g in PART * most..n.min((PART + 1) * most) {
        let w = F::group::<V>(words, s, g);
        for t in 0..T {
            let products = run!(_mm256_maddubs_epi16(w, V::four(a[g * T + t])));
            pairs[t] = run!(opaque(_mm256_add_epi16(pairs[t], products)));
        }
    }
    for t in 0..T {
        let products = run!(_mm256_madd_epi16(pairs[t], factor));
        sums[t] = run!(_mm256_add_epi32(sums[t], products));
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
pub(super) fn always() -> bool {
    let mut yes = 1u32;
    // SAFETY: no instruction; the number stays what it was.
    unsafe { asm!("/* {0:e} */", inout(reg) yes, options(nomem, nostack, preserves_flags)) };
    yes == 1
}
