//! The K formats: super-blocks of 256 with integer scales and minima per sub-block.
//! Source: the GGUF specification and ggml's `block_q2_K` … `block_q6_K`.

use super::{Format, Unpacked, f16_at};
use crate::DType;

/// 16 bytes of 4-bit scales and minima, 64 bytes of 2-bit weights, `d: f16, dmin: f16`.
pub struct Q2K;
/// 32 bytes of third bits, 64 bytes of 2-bit weights, 12 bytes of 6-bit scales, `d: f16`.
pub struct Q3K;
/// `d: f16, dmin: f16`, 12 bytes of 6-bit scales and minima, 128 bytes of nibbles.
pub struct Q4K;
/// `d: f16, dmin: f16`, 12 bytes of 6-bit scales and minima, 32 bytes of fifth bits, 128 of nibbles.
pub struct Q5K;
/// 128 bytes of low nibbles, 64 of high bit pairs, 16 signed scales, `d: f16`.
pub struct Q6K;

impl Format for Q2K {
    const DTYPE: DType = DType::Q2_K;
    const SUB: usize = 16;
    const FLOATS: &[usize] = &[80, 82];

    #[inline(always)]
    fn unpack(dst: &mut Unpacked, block: &[u8]) {
        let block = &block[..Self::BYTES];
        dst.d = f16_at(block, Self::FLOATS[0]);
        dst.m = -f16_at(block, Self::FLOATS[1]);
        for (s, &b) in block[..16].iter().enumerate() {
            dst.scales[s] = (b & 15) as i8;
            dst.mins[s] = (b >> 4) as i8;
        }
        // Each half of 128 weights is four planes of 32, two bits apart in the same 32 bytes.
        for (half, packed) in block[16..80].chunks_exact(32).enumerate() {
            for plane in 0..4 {
                let q = &mut dst.q[half * 128 + plane * 32..][..32];
                for (q, &b) in q.iter_mut().zip(packed) {
                    *q = ((b >> (2 * plane)) & 3) as i8;
                }
            }
        }
    }
}

impl Format for Q3K {
    const DTYPE: DType = DType::Q3_K;
    const SUB: usize = 16;
    const FLOATS: &[usize] = &[108];

    #[inline(always)]
    fn unpack(dst: &mut Unpacked, block: &[u8]) {
        let block = &block[..Self::BYTES];
        dst.d = f16_at(block, Self::FLOATS[0]);
        // Scale `s` has its low four bits in a nibble of the first eight bytes, and its high two
        // in a pair of bits of the last four.
        let scales = &block[96..108];
        for s in 0..16 {
            let low = (scales[s % 8] >> (4 * (s / 8))) & 15;
            let high = (scales[8 + s % 4] >> (2 * (s / 4))) & 3;
            dst.scales[s] = (low | (high << 4)) as i8 - 32;
        }
        let high = &block[..32];
        for (half, packed) in block[32..96].chunks_exact(32).enumerate() {
            for plane in 0..4 {
                let q = &mut dst.q[half * 128 + plane * 32..][..32];
                for ((q, &b), &h) in q.iter_mut().zip(packed).zip(high) {
                    let third = (h >> (4 * half + plane)) & 1;
                    *q = (((b >> (2 * plane)) & 3) | (third << 2)) as i8 - 4;
                }
            }
        }
    }
}

/// The eight 6-bit scales and minima that [`Q4K`] and [`Q5K`] share.
#[inline(always)]
fn scales_and_mins(dst: &mut Unpacked, packed: &[u8]) {
    let packed = &packed[..12];
    for s in 0..4 {
        dst.scales[s] = (packed[s] & 63) as i8;
        dst.mins[s] = (packed[s + 4] & 63) as i8;
        dst.scales[s + 4] = ((packed[s + 8] & 15) | ((packed[s] >> 6) << 4)) as i8;
        dst.mins[s + 4] = ((packed[s + 8] >> 4) | ((packed[s + 4] >> 6) << 4)) as i8;
    }
}

impl Format for Q4K {
    const DTYPE: DType = DType::Q4_K;
    const SUB: usize = 32;
    const FLOATS: &[usize] = &[0, 2];

    #[inline(always)]
    fn unpack(dst: &mut Unpacked, block: &[u8]) {
        let block = &block[..Self::BYTES];
        dst.d = f16_at(block, Self::FLOATS[0]);
        dst.m = -f16_at(block, Self::FLOATS[1]);
        scales_and_mins(dst, &block[4..16]);
        for (q, packed) in dst.q.chunks_exact_mut(64).zip(block[16..].chunks_exact(32)) {
            let (lo, hi) = q.split_at_mut(32);
            for ((lo, hi), &b) in lo.iter_mut().zip(hi).zip(packed) {
                *lo = (b & 15) as i8;
                *hi = (b >> 4) as i8;
            }
        }
    }
}

impl Format for Q5K {
    const DTYPE: DType = DType::Q5_K;
    const SUB: usize = 32;
    const FLOATS: &[usize] = &[0, 2];

    #[inline(always)]
    fn unpack(dst: &mut Unpacked, block: &[u8]) {
        let block = &block[..Self::BYTES];
        dst.d = f16_at(block, Self::FLOATS[0]);
        dst.m = -f16_at(block, Self::FLOATS[1]);
        scales_and_mins(dst, &block[4..16]);
        let high = &block[16..48];
        let pairs = dst.q.chunks_exact_mut(64).zip(block[48..].chunks_exact(32));
        for (pair, (q, packed)) in pairs.enumerate() {
            let (lo, hi) = q.split_at_mut(32);
            for (((lo, hi), &b), &h) in lo.iter_mut().zip(hi).zip(packed).zip(high) {
                *lo = ((b & 15) | (((h >> (2 * pair)) & 1) << 4)) as i8;
                *hi = ((b >> 4) | (((h >> (2 * pair + 1)) & 1) << 4)) as i8;
            }
        }
    }
}

impl Format for Q6K {
    const DTYPE: DType = DType::Q6_K;
    const SUB: usize = 16;
    const FLOATS: &[usize] = &[208];

    #[inline(always)]
    fn unpack(dst: &mut Unpacked, block: &[u8]) {
        let block = &block[..Self::BYTES];
        dst.d = f16_at(block, Self::FLOATS[0]);
        for (s, &b) in block[192..208].iter().enumerate() {
            dst.scales[s] = b as i8;
        }
        // Each half of 128 weights: four planes of 32, whose low nibbles are two planes of 32
        // bytes and whose high bits are pairs in one plane of 32 bytes.
        for (half, q) in dst.q.chunks_exact_mut(128).enumerate() {
            let low = &block[half * 64..][..64];
            let high = &block[128 + half * 32..][..32];
            for plane in 0..4 {
                let low = &low[(plane % 2) * 32..][..32];
                let shift = 4 * (plane / 2);
                for ((q, &l), &h) in q[plane * 32..][..32].iter_mut().zip(low).zip(high) {
                    *q = (((l >> shift) & 15) | (((h >> (2 * plane)) & 3) << 4)) as i8 - 32;
                }
            }
        }
    }
}
