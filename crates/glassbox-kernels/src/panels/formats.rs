//! How each format's words become the integers of 16 rows at once.

use super::lanes::Rows;
use crate::activations::SUM;
use glassbox_core::quant::{Format, Q2K, Q3K, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0};

/// Runs `$run` for every number below `$end`, at most 16, `$n` being a constant.
macro_rules! each {
    ($n:ident < $end:expr => $run:expr) => {
        each!($n < $end => $run; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    ($n:ident < $end:expr => $run:expr; $($number:literal)*) => {
        $(if $number < $end {
            const $n: usize = $number;
            $run;
        })*
    };
}
pub(super) use each;

/// The words of one block of 16 rows.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a>(pub(crate) &'a [[u8; 64]]);

impl Words<'_> {
    #[inline(always)]
    pub(super) fn at<V: Rows>(self, word: usize) -> V::I {
        V::load(&self.0[word])
    }
}

/// A format whose blocks can be multiplied on panels.
///
/// Groups are four weights in a row: group `g` holds weights `4 g` to `4 g + 3`.
pub(crate) trait Planes: Format {
    /// What is to be taken off every weight that [`group`](Self::group) gives.
    const OFFSET: i32 = 0;
    /// Whether [`group`](Self::group) gives signed bytes.
    const SIGNED: bool = false;
    /// The largest magnitude that [`group`](Self::group) gives.
    #[cfg_attr(
        not(target_arch = "x86_64"),
        allow(dead_code, reason = "AVX2 alone asks")
    )]
    const MOST: i32;
    /// Whether eight rows better meet two panels at once where registers hold so many sums: not where taking words
    /// apart needs registers too.
    const TWO_PANELS: bool = false;
    /// Stretches of sub-blocks that code can be shared by.
    const ALIKE: usize = 1;
    /// Whether minima count with a minus.
    const MINUS: bool = false;

    /// Group `g` of sub-block `s`, counted from the sub-block's start.
    fn group<V: Rows>(words: Words<'_>, s: usize, g: usize) -> V::I;

    /// The scale of sub-block `s` as a [factor](Rows::factor); only for formats with sub-blocks.
    #[inline(always)]
    fn scale<V: Rows>(_words: Words<'_>, _s: usize) -> V::I {
        V::splat(1)
    }

    /// Activations of a sum that a minimum meets.
    const SUM: usize = if Self::SUB == 32 && Self::LEN > 32 {
        2 * SUM
    } else {
        SUM
    };

    /// What two [sums](Self::SUM) of activations in a row are multiplied by, those of pair `p`, as two i16:
    /// minima, or the scales where [OFFSET](Self::OFFSET) is to be taken off; only for formats with
    /// sub-blocks, since those without have one for all.
    #[inline(always)]
    fn min_pair<V: Rows>(_words: Words<'_>, _p: usize) -> V::I {
        V::splat(0x0001_0001)
    }
}

#[inline(always)]
fn low<V: Rows>(x: V::I) -> V::I {
    V::and(x, V::splat(0x0f0f_0f0f))
}

#[inline(always)]
fn high<V: Rows>(x: V::I) -> V::I {
    V::and(V::shr::<4>(x), V::splat(0x0f0f_0f0f))
}

/// Bit `2 i` and the next of every byte, at the byte's bits 4 and 5.
#[inline(always)]
fn bits_to_high_pair<V: Rows>(x: V::I, i: usize) -> V::I {
    let x = match i {
        0 => V::shl::<4>(x),
        1 => V::shl::<2>(x),
        2 => x,
        _ => V::shr::<2>(x),
    };
    V::and(x, V::splat(0x3030_3030))
}

/// Bits `2 i` and the next of every byte.
#[inline(always)]
fn pair<V: Rows>(x: V::I, i: usize) -> V::I {
    let x = match i {
        0 => x,
        1 => V::shr::<2>(x),
        2 => V::shr::<4>(x),
        _ => V::shr::<6>(x),
    };
    V::and(x, V::splat(0x0303_0303))
}

/// Bit `i` of every byte, at its bit `TO`, which is at most 4.
#[inline(always)]
fn bit<V: Rows, const TO: i32>(x: V::I, i: usize) -> V::I {
    let x = match i as i32 - TO {
        -4 => V::shl::<4>(x),
        -3 => V::shl::<3>(x),
        -2 => V::shl::<2>(x),
        -1 => V::shl::<1>(x),
        0 => x,
        1 => V::shr::<1>(x),
        2 => V::shr::<2>(x),
        3 => V::shr::<3>(x),
        4 => V::shr::<4>(x),
        _ => V::shr::<5>(x),
    };
    V::and(x, V::splat(0x0101_0101 << TO))
}

/// Nibbles of 32 weights in four words: low ones first.
#[inline(always)]
fn nibble<V: Rows>(words: Words<'_>, first: usize, g: usize) -> V::I {
    match g < 4 {
        true => low::<V>(words.at::<V>(first + g)),
        false => high::<V>(words.at::<V>(first + g - 4)),
    }
}

/// Bits `4 g` to `4 g + 3` of every lane as bit 4 of its four bytes.
#[inline(always)]
fn fifth_bits<V: Rows>(bits: V::I, g: usize) -> V::I {
    let four = match g {
        0 => bits,
        1 => V::shr::<4>(bits),
        2 => V::shr::<8>(bits),
        3 => V::shr::<12>(bits),
        4 => V::shr::<16>(bits),
        5 => V::shr::<20>(bits),
        6 => V::shr::<24>(bits),
        _ => V::shr::<28>(bits),
    };
    // The product has bit j at bit 8 j, and others in between.
    let spread = V::mul(V::and(four, V::splat(15)), V::splat(0x0020_4081));
    V::shl::<4>(V::and(spread, V::splat(0x0101_0101)))
}

impl Planes for Q4_0 {
    const TWO_PANELS: bool = true;
    const MOST: i32 = 15;
    const OFFSET: i32 = 8;
    #[inline(always)]
    fn group<V: Rows>(words: Words<'_>, _s: usize, g: usize) -> V::I {
        nibble::<V>(words, 0, g)
    }
}

impl Planes for Q4_1 {
    const TWO_PANELS: bool = true;
    const MOST: i32 = 15;
    #[inline(always)]
    fn group<V: Rows>(words: Words<'_>, _s: usize, g: usize) -> V::I {
        nibble::<V>(words, 0, g)
    }
}

impl Planes for Q5_0 {
    const MOST: i32 = 31;
    const OFFSET: i32 = 16;
    #[inline(always)]
    fn group<V: Rows>(words: Words<'_>, _s: usize, g: usize) -> V::I {
        V::or(
            nibble::<V>(words, 1, g),
            fifth_bits::<V>(words.at::<V>(0), g),
        )
    }
}

impl Planes for Q5_1 {
    const MOST: i32 = 31;
    #[inline(always)]
    fn group<V: Rows>(words: Words<'_>, _s: usize, g: usize) -> V::I {
        V::or(
            nibble::<V>(words, 1, g),
            fifth_bits::<V>(words.at::<V>(0), g),
        )
    }
}

impl Planes for Q8_0 {
    const TWO_PANELS: bool = true;
    const MOST: i32 = 128;
    const SIGNED: bool = true;
    #[inline(always)]
    fn group<V: Rows>(words: Words<'_>, _s: usize, g: usize) -> V::I {
        words.at::<V>(g)
    }
}

impl Planes for Q2K {
    const MOST: i32 = 3;
    const MINUS: bool = true;
    #[inline(always)]
    fn group<V: Rows>(words: Words<'_>, s: usize, g: usize) -> V::I {
        // Words 0–3 are scales; a half of 128 weights is four planes in the same 8 words.
        let (half, plane, in_plane) = (s / 8, s % 8 / 2, s % 2 * 4 + g);
        pair::<V>(words.at::<V>(4 + half * 8 + in_plane), plane)
    }
    #[inline(always)]
    fn scale<V: Rows>(words: Words<'_>, s: usize) -> V::I {
        V::factor::<false>(low::<V>(words.at::<V>(s / 4)), s % 4)
    }
    #[inline(always)]
    fn min_pair<V: Rows>(words: Words<'_>, p: usize) -> V::I {
        V::pair::<false>(high::<V>(words.at::<V>(p / 2)), p % 2 * 2, p % 2 * 2 + 1)
    }
}

impl Planes for Q3K {
    const MOST: i32 = 7;
    const OFFSET: i32 = 4;
    #[inline(always)]
    fn group<V: Rows>(words: Words<'_>, s: usize, g: usize) -> V::I {
        // Words 0–7 are third bits, 8–23 bit pairs, 24–26 scales.
        let (half, plane, in_plane) = (s / 8, s % 8 / 2, s % 2 * 4 + g);
        let third = bit::<V, 2>(words.at::<V>(in_plane), 4 * half + plane);
        V::or(
            pair::<V>(words.at::<V>(8 + half * 8 + in_plane), plane),
            third,
        )
    }
    #[inline(always)]
    fn scale<V: Rows>(words: Words<'_>, s: usize) -> V::I {
        V::factor::<true>(q3_k_scales::<V>(words, s / 4), s % 4)
    }
    #[inline(always)]
    fn min_pair<V: Rows>(words: Words<'_>, p: usize) -> V::I {
        let scales = q3_k_scales::<V>(words, p / 2);
        V::pair::<true>(scales, p % 2 * 2, p % 2 * 2 + 1)
    }
}

/// The scales of sub-blocks `4 i` to `4 i + 3`, signed bytes.
#[inline(always)]
fn q3_k_scales<V: Rows>(words: Words<'_>, i: usize) -> V::I {
    let from = words.at::<V>(24 + i % 2);
    let four = if i < 2 {
        low::<V>(from)
    } else {
        high::<V>(from)
    };
    let six = V::or(four, bits_to_high_pair::<V>(words.at::<V>(26), i));
    // 32 less: without the sixth bit where it is set, else negative, with bits 5 to 7 set.
    let negative = V::and(V::add(six, V::splat(0x2020_2020)), V::splat(0x2020_2020));
    let signs = V::or(
        negative,
        V::or(V::shl::<1>(negative), V::shl::<2>(negative)),
    );
    V::or(V::and(six, V::splat(0x1f1f_1f1f)), signs)
}

/// The 6-bit scales (or, with `OF` 1, minima) that Q4_K and Q5_K share: byte `s % 4` of a lane is
/// that of sub-block `s`. Words 0–2 hold them.
#[inline(always)]
fn six_bits<V: Rows, const OF: usize>(words: Words<'_>, s: usize) -> V::I {
    let own = words.at::<V>(OF);
    if s < 4 {
        return V::and(own, V::splat(0x3f3f_3f3f));
    }
    let rest = words.at::<V>(2);
    let four = if OF == 0 {
        low::<V>(rest)
    } else {
        high::<V>(rest)
    };
    V::or(four, V::and(V::shr::<2>(own), V::splat(0x3030_3030)))
}

impl Planes for Q4K {
    const ALIKE: usize = 2;
    const TWO_PANELS: bool = true;
    const MOST: i32 = 15;
    const MINUS: bool = true;
    #[inline(always)]
    fn group<V: Rows>(words: Words<'_>, s: usize, g: usize) -> V::I {
        let word = words.at::<V>(3 + s / 2 * 8 + g);
        if s.is_multiple_of(2) {
            low::<V>(word)
        } else {
            high::<V>(word)
        }
    }
    #[inline(always)]
    fn scale<V: Rows>(words: Words<'_>, s: usize) -> V::I {
        V::factor::<false>(six_bits::<V, 0>(words, s), s % 4)
    }
    #[inline(always)]
    fn min_pair<V: Rows>(words: Words<'_>, p: usize) -> V::I {
        V::pair::<false>(six_bits::<V, 1>(words, 2 * p), p % 2 * 2, p % 2 * 2 + 1)
    }
}

impl Planes for Q5K {
    const TWO_PANELS: bool = true;
    const MOST: i32 = 31;
    const MINUS: bool = true;
    #[inline(always)]
    fn group<V: Rows>(words: Words<'_>, s: usize, g: usize) -> V::I {
        let word = words.at::<V>(11 + s / 2 * 8 + g);
        let four = if s.is_multiple_of(2) {
            low::<V>(word)
        } else {
            high::<V>(word)
        };
        V::or(four, bit::<V, 4>(words.at::<V>(3 + g), s))
    }
    #[inline(always)]
    fn scale<V: Rows>(words: Words<'_>, s: usize) -> V::I {
        V::factor::<false>(six_bits::<V, 0>(words, s), s % 4)
    }
    #[inline(always)]
    fn min_pair<V: Rows>(words: Words<'_>, p: usize) -> V::I {
        V::pair::<false>(six_bits::<V, 1>(words, 2 * p), p % 2 * 2, p % 2 * 2 + 1)
    }
}

impl Planes for Q6K {
    const ALIKE: usize = 2;
    const MOST: i32 = 63;
    const OFFSET: i32 = 32;
    #[inline(always)]
    fn group<V: Rows>(words: Words<'_>, s: usize, g: usize) -> V::I {
        // Words 0–31 are low nibbles, 32–47 high bit pairs, 48–51 scales.
        let (half, plane, in_plane) = (s / 8, s % 8 / 2, s % 2 * 4 + g);
        let word = words.at::<V>(half * 16 + plane % 2 * 8 + in_plane);
        let four = if plane < 2 {
            low::<V>(word)
        } else {
            high::<V>(word)
        };
        let two = bits_to_high_pair::<V>(words.at::<V>(32 + half * 8 + in_plane), plane);
        V::or(four, two)
    }
    #[inline(always)]
    fn scale<V: Rows>(words: Words<'_>, s: usize) -> V::I {
        V::factor::<true>(words.at::<V>(48 + s / 4), s % 4)
    }
    #[inline(always)]
    fn min_pair<V: Rows>(words: Words<'_>, p: usize) -> V::I {
        V::pair::<true>(words.at::<V>(48 + p / 2), p % 2 * 2, p % 2 * 2 + 1)
    }
}
