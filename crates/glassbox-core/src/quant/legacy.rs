//! Blocks of 32 with one f16 scale and, in the `_1` types, one f16 minimum.
//! Source: the GGUF specification and ggml's `block_q4_0` … `block_q8_0`.

use super::{Format, Unpacked, f16_at};
use crate::DType;

/// `d: f16`, then 16 bytes whose low nibbles are weights 0–15 and high nibbles 16–31, minus 8.
pub struct Q4_0;
/// `d: f16, m: f16`, then nibbles as in [`Q4_0`], unsigned.
pub struct Q4_1;
/// `d: f16`, 32 fifth bits, then nibbles as in [`Q4_0`]; five bits, minus 16.
pub struct Q5_0;
/// `d: f16, m: f16`, 32 fifth bits, then nibbles; five bits, unsigned.
pub struct Q5_1;
/// `d: f16`, then 32 signed bytes.
pub struct Q8_0;

/// Weights 0–15 from the low nibbles of 16 bytes and 16–31 from the high ones, less `offset`.
#[inline(always)]
fn nibbles(q: &mut [i8], packed: &[u8], offset: i8) {
    let (lo, hi) = q[..32].split_at_mut(16);
    for ((lo, hi), &b) in lo.iter_mut().zip(hi).zip(&packed[..16]) {
        *lo = (b & 15) as i8 - offset;
        *hi = (b >> 4) as i8 - offset;
    }
}

/// [`nibbles`] with bit `i` of the 32-bit word `high` as the fifth bit of weight `i`.
#[inline(always)]
fn nibbles_and_bits(q: &mut [i8], packed: &[u8], high: &[u8], offset: i8) {
    nibbles(q, packed, offset);
    let bits = u32::from_le_bytes([high[0], high[1], high[2], high[3]]);
    for (i, q) in q[..32].iter_mut().enumerate() {
        *q += (((bits >> i) & 1) << 4) as i8;
    }
}

impl Format for Q4_0 {
    const DTYPE: DType = DType::Q4_0;
    const SUB: usize = 32;
    const FLOATS: &[usize] = &[0];

    #[inline(always)]
    fn unpack(dst: &mut Unpacked, block: &[u8]) {
        let block = &block[..Self::BYTES];
        dst.d = f16_at(block, Self::FLOATS[0]);
        nibbles(&mut dst.q, &block[2..], 8);
    }
}

impl Format for Q4_1 {
    const DTYPE: DType = DType::Q4_1;
    const SUB: usize = 32;
    const FLOATS: &[usize] = &[0, 2];

    #[inline(always)]
    fn unpack(dst: &mut Unpacked, block: &[u8]) {
        let block = &block[..Self::BYTES];
        dst.d = f16_at(block, Self::FLOATS[0]);
        dst.m = f16_at(block, Self::FLOATS[1]);
        nibbles(&mut dst.q, &block[4..], 0);
    }
}

impl Format for Q5_0 {
    const DTYPE: DType = DType::Q5_0;
    const SUB: usize = 32;
    const FLOATS: &[usize] = &[0];

    #[inline(always)]
    fn unpack(dst: &mut Unpacked, block: &[u8]) {
        let block = &block[..Self::BYTES];
        dst.d = f16_at(block, Self::FLOATS[0]);
        nibbles_and_bits(&mut dst.q, &block[6..], &block[2..6], 16);
    }
}

impl Format for Q5_1 {
    const DTYPE: DType = DType::Q5_1;
    const SUB: usize = 32;
    const FLOATS: &[usize] = &[0, 2];

    #[inline(always)]
    fn unpack(dst: &mut Unpacked, block: &[u8]) {
        let block = &block[..Self::BYTES];
        dst.d = f16_at(block, Self::FLOATS[0]);
        dst.m = f16_at(block, Self::FLOATS[1]);
        nibbles_and_bits(&mut dst.q, &block[8..], &block[4..8], 0);
    }
}

impl Format for Q8_0 {
    const DTYPE: DType = DType::Q8_0;
    const SUB: usize = 32;
    const FLOATS: &[usize] = &[0];

    #[inline(always)]
    fn unpack(dst: &mut Unpacked, block: &[u8]) {
        let block = &block[..Self::BYTES];
        dst.d = f16_at(block, Self::FLOATS[0]);
        for (q, &b) in dst.q[..32].iter_mut().zip(&block[2..]) {
            *q = b as i8;
        }
    }
}
