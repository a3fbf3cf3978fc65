//! Sums of products with unsigned weights.

use super::super::formats::{Planes, Words, each};
use super::super::lanes::Rows;
use super::half::Half;
use super::{Avx2, High, Low};
use std::arch::{asm, x86_64::*};

/// How many pairs of products fit into 16 bits when added up.
const fn fit<F: Planes>() -> usize {
    (i16::MAX as i32 / (2 * 127 * F::MOST)) as usize
}

/// Whether a sub-block's sums are taken out of 16 bits in between.
pub(super) const fn in_parts<F: Planes>() -> bool {
    fit::<F>() < F::SUB / 4
}

/// Some of the halves of sixteen lanes, `H` of them, done at once: they share what is loaded of the activations.
pub(super) trait Halves<const H: usize> {
    /// [`Planes::group`] of each.
    fn group<F: Planes>(words: Words<'_>, s: usize, g: usize) -> [__m256i; H];
    /// [`Planes::scale`] of each.
    fn scale<F: Planes>(words: Words<'_>, s: usize) -> [__m256i; H];
}

impl<const I: usize> Halves<1> for Half<I> {
    #[inline(always)]
    fn group<F: Planes>(words: Words<'_>, s: usize, g: usize) -> [__m256i; 1] {
        [F::group::<Self>(words, s, g)]
    }
    #[inline(always)]
    fn scale<F: Planes>(words: Words<'_>, s: usize) -> [__m256i; 1] {
        [F::scale::<Self>(words, s)]
    }
}

impl Halves<2> for Avx2 {
    #[inline(always)]
    fn group<F: Planes>(words: Words<'_>, s: usize, g: usize) -> [__m256i; 2] {
        [F::group::<Low>(words, s, g), F::group::<High>(words, s, g)]
    }
    #[inline(always)]
    fn scale<F: Planes>(words: Words<'_>, s: usize) -> [__m256i; 2] {
        [F::scale::<Low>(words, s), F::scale::<High>(words, s)]
    }
}

/// [`Rows::dots`] of a format whose weights are unsigned.
#[inline(always)]
pub(super) fn dots<V: Halves<H>, F: Planes, const H: usize, const T: usize, const N: usize>(
    sums: &mut [[__m256i; H]; T],
    words: Words<'_>,
    s: usize,
    a: &[[i8; 4]],
) {
    const { assert!(F::SIGNED || 2 * fit::<F>() >= F::SUB / 4) };
    let factor = match F::SUB != F::LEN {
        true => V::scale::<F>(words, s),
        false => [run!(_mm256_set1_epi16(1)); H],
    };
    part_dots::<V, F, H, T, N, 0>(sums, words, s, a, factor);
    if in_parts::<F>() {
        part_dots::<V, F, H, T, N, 1>(sums, words, s, a, factor);
    }
}

/// The same for the first, or the second, so many groups as fit into 16 bits, with a factor for every pair of
/// products.
#[inline(always)]
fn part_dots<
    V: Halves<H>,
    F: Planes,
    const H: usize,
    const T: usize,
    const N: usize,
    const PART: usize,
>(
    sums: &mut [[__m256i; H]; T],
    words: Words<'_>,
    s: usize,
    a: &[[i8; 4]],
    factor: [__m256i; H],
) {
    let groups = PART * fit::<F>()..(F::SUB / 4).min((PART + 1) * fit::<F>());
    let mut pairs = [[run!(_mm256_setzero_si256()); H]; T];
    if F::SUB == F::LEN {
        // A loop would ask of every group where its bits are.
        each!(G < F::SUB / 4 => if groups.contains(&G) {
            add_products::<V, F, H, T, N>(&mut pairs, words, s, G, a);
        });
    } else {
        for g in groups {
            add_products::<V, F, H, T, N>(&mut pairs, words, s, g, a);
        }
    }
    for t in 0..T {
        for h in 0..H {
            let products = run!(_mm256_madd_epi16(pairs[t][h], factor[h]));
            sums[t][h] = run!(_mm256_add_epi32(sums[t][h], products));
        }
    }
}

/// Adds the products of group `g` to pairs of sums.
#[inline(always)]
fn add_products<V: Halves<H>, F: Planes, const H: usize, const T: usize, const N: usize>(
    pairs: &mut [[__m256i; H]; T],
    words: Words<'_>,
    s: usize,
    g: usize,
    a: &[[i8; 4]],
) {
    let w = V::group::<F>(words, s, g);
    for t in 0..T {
        let a = Low::four(a[g * N + t]);
        for h in 0..H {
            let products = run!(_mm256_maddubs_epi16(w[h], a));
            pairs[t][h] = run!(opaque(_mm256_add_epi16(pairs[t][h], products)));
        }
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
