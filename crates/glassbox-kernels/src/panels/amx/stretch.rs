//! Weights unpacked for the tiles.
#![allow(unsafe_code)]

use super::tiles::Line;
use super::{STRETCH, V};
use crate::panels::formats::{Planes, Words, each};
use crate::panels::lanes::Rows;
use crate::panels::layout::float_offset;
use std::arch::x86_64::*;
use std::ops::Range;

/// Weights of a stretch of a panel as bytes, with the scales of their sub-blocks in them.
pub(super) struct Stretch {
    /// Signed bytes of formats without sub-blocks; else the high parts of the products.
    pub(super) high: [Line; STRETCH / 4],
    /// The low parts, unsigned.
    pub(super) low: [Line; STRETCH / 4],
    /// The minima of 32 or 64 weights, as two i16.
    pub(super) mins: [Line; STRETCH / 32],
    /// The scale of each block.
    pub(super) d: [Line; STRETCH / 32],
    /// What multiplies the minima of each block.
    pub(super) m: [Line; STRETCH / 32],
}

impl Stretch {
    pub(super) const ZERO: Stretch = Stretch {
        high: [Line::ZERO; STRETCH / 4],
        low: [Line::ZERO; STRETCH / 4],
        mins: [Line::ZERO; STRETCH / 32],
        d: [Line::ZERO; STRETCH / 32],
        m: [Line::ZERO; STRETCH / 32],
    };

    /// Unpacks some of the `n_blocks` blocks of a panel.
    #[inline(always)]
    pub(super) fn unpack<F: Planes>(
        &mut self,
        panel: &[u8],
        blocks: Range<usize>,
        n_blocks: usize,
    ) {
        let n_words = (F::BYTES - 2 * F::FLOATS.len()) / 4;
        let (words, floats) = panel.split_at(float_offset::<F>(n_blocks * F::BYTES));
        let words = &words.as_chunks::<64>().0[blocks.start * n_words..];
        let (words, next) = words.split_at(blocks.len() * n_words);
        for line in &next[..next.len().min(words.len())] {
            // SAFETY: a hint.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
        }
        let floats = &floats.as_chunks::<32>().0[blocks.start * F::FLOATS.len()..];
        if let Some(next) = floats.get(4 * blocks.len() * F::FLOATS.len()) {
            // SAFETY: a hint.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(next.as_ptr().cast()) };
        }
        for b in 0..blocks.len() {
            let words = Words(&words[b * n_words..][..n_words]);
            let groups = b * F::LEN / 4..(b + 1) * F::LEN / 4;
            let (high, low) = (&mut self.high[groups.clone()], &mut self.low[groups]);
            let at = |s: usize| s * F::SUB / 4..(s + 1) * F::SUB / 4;
            each!(S < F::LEN / F::SUB => sub_block::<F, S>(words, &mut high[at(S)], &mut low[at(S)]));
            self.d[b].set_f32(V::load_f16(&floats[b * F::FLOATS.len()]));
            if F::HAS_MIN {
                let m = V::load_f16(&floats[b * F::FLOATS.len() + 1]);
                self.m[b].set_f32(if F::MINUS { V::float_neg(m) } else { m });
                for p in 0..n_minima::<F>() {
                    self.mins[b * n_minima::<F>() + p].0 = F::min_pair::<V>(words, p);
                }
            }
        }
    }
}

/// Unpacks sub-block `S`.
#[inline(always)]
fn sub_block<F: Planes, const S: usize>(words: Words<'_>, high: &mut [Line], low: &mut [Line]) {
    if F::SUB == F::LEN {
        for (g, to) in high.iter_mut().enumerate() {
            to.0 = less::<F>(F::group::<V>(words, S, g));
        }
        return;
    }
    let scale = F::scale::<V>(words, S);
    let scale = one_of_each(scale, V::shl::<16>(scale));
    for (g, (high, low)) in high.iter_mut().zip(low).enumerate() {
        (high.0, low.0) = parts::<F>(F::group::<V>(words, S, g), scale);
    }
}

/// Bytes without what is to be taken off them.
#[inline(always)]
fn less<F: Planes>(q: __m512i) -> __m512i {
    if F::OFFSET == 0 {
        return q;
    }
    // SAFETY: as for all of [`Avx512`].
    unsafe { _mm512_sub_epi8(q, _mm512_set1_epi8(F::OFFSET as i8)) }
}

/// Whether weights have no offset; then their scales, of at most six bits, are cut, not their
/// products: `scale q = 8 high + low`, both unsigned. Else it is `256 high + low`, `high` signed.
pub(super) const fn cuts_scales<F: Planes>() -> bool {
    F::OFFSET == 0
}

/// The two parts of bytes times the scale of their lane, which stands there twice.
#[inline(always)]
fn parts<F: Planes>(q: __m512i, scale: __m512i) -> (__m512i, __m512i) {
    // SAFETY: as for all of [`Avx512`].
    unsafe {
        let bytes = _mm512_set1_epi16(0xff);
        if cuts_scales::<F>() {
            // No byte overflows: at most 31 times 7.
            let high = _mm512_mullo_epi16(q, _mm512_srli_epi16::<3>(scale));
            let low = _mm512_mullo_epi16(q, _mm512_and_si512(scale, _mm512_set1_epi16(7)));
            return (high, low);
        }
        let offset = _mm512_set1_epi16(F::OFFSET as i16);
        let even = _mm512_sub_epi16(_mm512_and_si512(q, bytes), offset);
        let odd = _mm512_sub_epi16(_mm512_srli_epi16::<8>(q), offset);
        let (even, odd) = (
            _mm512_mullo_epi16(even, scale),
            _mm512_mullo_epi16(odd, scale),
        );
        let low = _mm512_or_si512(_mm512_and_si512(even, bytes), _mm512_slli_epi16::<8>(odd));
        let high = _mm512_or_si512(
            _mm512_srli_epi16::<8>(even),
            _mm512_andnot_si512(bytes, odd),
        );
        (high, low)
    }
}

/// Two i16 a lane: the first of `a` and the second of `b`.
#[inline(always)]
fn one_of_each(a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: as for all of [`Avx512`].
    unsafe { _mm512_mask_mov_epi16(a, 0xaaaa_aaaa, b) }
}

/// Products for the minima of a block with sub-blocks.
pub(super) const fn n_minima<F: Planes>() -> usize {
    match F::SUB == F::LEN {
        true => 0,
        false => F::LEN / (2 * F::SUM),
    }
}
