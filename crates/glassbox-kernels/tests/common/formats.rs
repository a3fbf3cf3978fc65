//! The block formats once more, one element at a time, written from ggml's `block_*` structures
//! and dequantisers (`ggml-common.h`, `ggml-quants.c`) rather than from glassbox-core.

use glassbox_core::DType;
use half::f16;

/// One weight: `(d * scale) * q + m * min`, the second term only where there are minima.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Element {
    pub(crate) d: f32,
    pub(crate) scale: i64,
    pub(crate) q: i64,
    pub(crate) m: f32,
    pub(crate) min: i64,
}

/// Whether the format has minima.
pub(crate) fn has_min(dtype: DType) -> bool {
    use DType::*;
    matches!(dtype, Q4_1 | Q5_1 | Q2_K | Q4_K | Q5_K)
}

/// Weight `i` of a block.
pub(crate) fn element(dtype: DType, b: &[u8], i: usize) -> Element {
    let f = |at: usize| f16::from_le_bytes([b[at], b[at + 1]]).to_f32();
    let plain = |d, q, m| Element {
        d,
        scale: 1,
        q,
        m,
        min: 1,
    };
    let nibble = |at: usize| i64::from((b[at + i % 16] >> (4 * (i / 16))) & 15);
    let fifth = |at: usize| i64::from((b[at + i / 8] >> (i % 8)) & 1) << 4;
    // K formats: the half of 128, the plane of 32 in it, the element in the plane.
    let (half, plane, l) = (i / 128, i % 128 / 32, i % 32);
    let two_bits = |at: usize| i64::from((b[at + 32 * half + l] >> (2 * plane)) & 3);
    let pair_nibble = |at: usize| i64::from((b[at + 32 * (i / 64) + l] >> (4 * (i / 32 % 2))) & 15);
    let scale_min_k4 = || {
        let (s, p) = (i / 32, &b[4..16]);
        let (scale, min) = if s < 4 {
            (p[s] & 63, p[s + 4] & 63)
        } else {
            let scale = (p[s + 4] & 15) | ((p[s - 4] >> 6) << 4);
            (scale, (p[s + 4] >> 4) | ((p[s] >> 6) << 4))
        };
        (i64::from(scale), i64::from(min))
    };
    match dtype {
        DType::Q4_0 => plain(f(0), nibble(2) - 8, 0.0),
        DType::Q4_1 => plain(f(0), nibble(4), f(2)),
        DType::Q5_0 => plain(f(0), (nibble(6) | fifth(2)) - 16, 0.0),
        DType::Q5_1 => plain(f(0), nibble(8) | fifth(4), f(2)),
        DType::Q8_0 => plain(f(0), i64::from(b[2 + i] as i8), 0.0),
        DType::Q2_K => Element {
            d: f(80),
            scale: i64::from(b[i / 16] & 15),
            q: two_bits(16),
            m: -f(82),
            min: i64::from(b[i / 16] >> 4),
        },
        DType::Q3_K => {
            let (s, p) = (i / 16, &b[96..108]);
            let low = if s < 8 { p[s] & 15 } else { p[s - 8] >> 4 };
            let high = (p[8 + s % 4] >> (2 * (s / 4))) & 3;
            let third = i64::from((b[l] >> (i / 32)) & 1);
            Element {
                d: f(108),
                scale: i64::from(low | (high << 4)) - 32,
                q: two_bits(32) - 4 * (1 - third),
                m: 0.0,
                min: 0,
            }
        }
        DType::Q4_K => {
            let ((scale, min), q) = (scale_min_k4(), pair_nibble(16));
            let (d, m) = (f(0), -f(2));
            Element {
                d,
                scale,
                q,
                m,
                min,
            }
        }
        DType::Q5_K => {
            let high = i64::from((b[16 + l] >> (i / 32)) & 1) << 4;
            let ((scale, min), q) = (scale_min_k4(), pair_nibble(48) | high);
            let (d, m) = (f(0), -f(2));
            Element {
                d,
                scale,
                q,
                m,
                min,
            }
        }
        DType::Q6_K => {
            let low = (b[64 * half + 32 * (plane % 2) + l] >> (4 * (plane / 2))) & 15;
            let high = (b[128 + 32 * half + l] >> (2 * plane)) & 3;
            Element {
                d: f(208),
                scale: i64::from(b[192 + i / 16] as i8),
                q: i64::from(low | (high << 4)) - 32,
                m: 0.0,
                min: 0,
            }
        }
        DType::F32 | DType::F16 | DType::BF16 => unreachable!("{dtype} has no blocks"),
    }
}
