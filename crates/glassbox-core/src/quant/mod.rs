//! The quantised formats, each as one function that unpacks a block.
//!
//! A block of any format is `LEN` integers `q` in sub-blocks of `SUB`, a scale and a minimum per
//! sub-block, and two floats. Weight `i` of sub-block `s = i / SUB` is
//!
//! ```text
//! w[i] = (d * scale[s]) * q[i] + m * min[s]          each product and the sum rounded to f32
//! ```
//!
//! (without the second term where a format has no minima), which is, to the bit, what the
//! reference implementation of the GGUF formats computes.
//! Because the integers are separate from the floats, a product with quantised activations is
//! exact inside a block: see `glassbox-kernels`.

mod k;
mod legacy;

pub use k::{Q2K, Q3K, Q4K, Q5K, Q6K};
pub use legacy::{Q4_0, Q4_1, Q5_0, Q5_1, Q8_0};

use crate::DType;
use std::ops::BitAnd;

/// The most elements a block of any format has.
pub const MAX_LEN: usize = 256;
/// The most sub-blocks a block of any format has.
pub const MAX_SUBS: usize = 16;

/// A block, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Unpacked {
    /// The scale of all scales.
    pub d: f32,
    /// The scale of all minima, with its sign; 0 where the format has none.
    pub m: f32,
    /// A scale per sub-block.
    pub scales: [i8; MAX_SUBS],
    /// A minimum per sub-block, never negative.
    pub mins: [i8; MAX_SUBS],
    /// The integers.
    pub q: [i8; MAX_LEN],
}

impl Default for Unpacked {
    fn default() -> Self {
        Unpacked {
            d: 0.0,
            m: 0.0,
            scales: [1; MAX_SUBS],
            mins: [1; MAX_SUBS],
            q: [0; MAX_LEN],
        }
    }
}

/// A block format.
pub trait Format {
    /// Its type.
    const DTYPE: DType;
    /// Weights in a block.
    const LEN: usize = Self::DTYPE.block_len();
    /// Bytes of a block.
    const BYTES: usize = Self::DTYPE.block_bytes();
    /// Weights in a sub-block, which share a scale and a minimum.
    const SUB: usize;
    /// Where in a block `d` and, in formats with minima, `m` stand.
    const FLOATS: &[usize];
    /// Whether `m` and `mins` are used.
    const HAS_MIN: bool = Self::FLOATS.len() == 2;

    /// Takes a block apart. Only the first `LEN` integers and `LEN / SUB` scales and minima are
    /// written; formats without scales or minima leave those of [`Unpacked::default`].
    ///
    /// # Panics
    /// When `block` is not `BYTES` long.
    fn unpack(dst: &mut Unpacked, block: &[u8]);
}

/// Calls `$body` with `$F` naming the [`Format`] of `$dtype`; `$float` for the float types.
#[macro_export]
macro_rules! with_format {
    ($dtype:expr, $F:ident => $body:expr, float => $float:expr) => {
        match $dtype {
            $crate::DType::F32 | $crate::DType::F16 | $crate::DType::BF16 => $float,
            $crate::DType::Q4_0 => {
                type $F = $crate::quant::Q4_0;
                $body
            }
            $crate::DType::Q4_1 => {
                type $F = $crate::quant::Q4_1;
                $body
            }
            $crate::DType::Q5_0 => {
                type $F = $crate::quant::Q5_0;
                $body
            }
            $crate::DType::Q5_1 => {
                type $F = $crate::quant::Q5_1;
                $body
            }
            $crate::DType::Q8_0 => {
                type $F = $crate::quant::Q8_0;
                $body
            }
            $crate::DType::Q2_K => {
                type $F = $crate::quant::Q2K;
                $body
            }
            $crate::DType::Q3_K => {
                type $F = $crate::quant::Q3K;
                $body
            }
            $crate::DType::Q4_K => {
                type $F = $crate::quant::Q4K;
                $body
            }
            $crate::DType::Q5_K => {
                type $F = $crate::quant::Q5K;
                $body
            }
            $crate::DType::Q6_K => {
                type $F = $crate::quant::Q6K;
                $body
            }
        }
    };
}

/// `dst[i] =` element `i` of the row `src` of type `dtype`, as f32.
///
/// # Panics
/// When `src` is not exactly `dst.len()` elements.
pub fn dequantize(dtype: DType, src: &[u8], dst: &mut [f32]) {
    assert_eq!(
        Some(src.len()),
        dtype.row_bytes(dst.len()),
        "{dtype} row of {}",
        dst.len()
    );
    with_format!(dtype, F => blocks::<F>(src, dst), float => widen(dtype, src, dst));
}

/// `dst[i] =` element `i` of the row `src` of the float type `dtype`, as f32. Always inlined, so
/// that a kernel compiles it with the instructions it has.
#[inline(always)]
pub fn widen(dtype: DType, src: &[u8], dst: &mut [f32]) {
    match dtype {
        DType::F32 => {
            for (y, x) in dst.iter_mut().zip(src.as_chunks().0) {
                *y = f32::from_le_bytes(*x);
            }
        }
        DType::F16 => {
            for (y, x) in dst.iter_mut().zip(src.as_chunks().0) {
                *y = f16_to_f32(u16::from_le_bytes(*x));
            }
        }
        DType::BF16 => {
            for (y, x) in dst.iter_mut().zip(src.as_chunks().0) {
                *y = f32::from_bits(u32::from(u16::from_le_bytes(*x)) << 16);
            }
        }
        _ => panic!("{dtype} is not a float type"),
    }
}

/// The f16 with these bits, as f32: no branch, so that a loop over it becomes vector code.
#[inline(always)]
pub fn f16_to_f32(bits: u16) -> f32 {
    let bits = u32::from(bits);
    let magnitude = (bits & 0x7fff) << 13;
    // Exact: it moves the exponent's bias, and a subnormal f16 becomes a normal f32.
    let scaled = f32::from_bits(magnitude) * f32::from_bits((127 + 112) << 23);
    let special = if magnitude >= 0x7c00 << 13 {
        0x7f80_0000
    } else {
        0
    };
    f32::from_bits(scaled.to_bits() | special | (bits & 0x8000) << 16)
}

fn blocks<F: Format>(src: &[u8], dst: &mut [f32]) {
    let mut block = Unpacked::default();
    for (y, x) in dst.chunks_exact_mut(F::LEN).zip(src.chunks_exact(F::BYTES)) {
        F::unpack(&mut block, x);
        for (s, y) in y.chunks_exact_mut(F::SUB).enumerate() {
            let scale = block.d * f32::from(block.scales[s]);
            let q = &block.q[s * F::SUB..];
            if F::HAS_MIN {
                let min = block.m * f32::from(block.mins[s]);
                for (y, &q) in y.iter_mut().zip(q) {
                    *y = scale * f32::from(q) + min;
                }
            } else {
                // Not `+ 0.0`, which would turn a product of −0 into +0.
                for (y, &q) in y.iter_mut().zip(q) {
                    *y = scale * f32::from(q);
                }
            }
        }
    }
}

/// Whether no element of a row is NaN or infinite. Of a quantised block only the floats are
/// looked at, since its integers keep a finite scale finite.
pub fn is_finite(dtype: DType, src: &[u8]) -> bool {
    with_format!(dtype, F => {
        let at = |block: &[u8], at: usize| u16::from_le_bytes([block[at], block[at + 1]]);
        none(src.chunks_exact(F::BYTES), |block| {
            F::FLOATS.iter().fold(false, |any, &float| any | all_ones(at(block, float), F16))
        })
    }, float => match dtype {
        DType::F32 => none(src.as_chunks().0, |x| all_ones(u32::from_le_bytes(*x), 0x7f80_0000)),
        DType::F16 => none(src.as_chunks().0, |x| all_ones(u16::from_le_bytes(*x), F16)),
        DType::BF16 => none(src.as_chunks().0, |x| all_ones(u16::from_le_bytes(*x), 0x7f80)),
        _ => panic!("{dtype} is not a float type"),
    })
}

/// The exponent of an f16, which infinities and NaN have all bits of.
const F16: u16 = 0x7c00;

#[inline(always)]
fn all_ones<T: BitAnd<Output = T> + PartialEq + Copy>(x: T, bits: T) -> bool {
    x & bits == bits
}

/// Whether none is `bad`: all are looked at, since a loop that may end early is no vector code.
#[inline(always)]
fn none<T>(all: impl IntoIterator<Item = T>, bad: impl Fn(T) -> bool) -> bool {
    !all.into_iter().fold(false, |any, x| any | bad(x))
}

/// The f16 at `at`, as f32.
#[inline(always)]
fn f16_at(block: &[u8], at: usize) -> f32 {
    f16_to_f32(u16::from_le_bytes([block[at], block[at + 1]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One bad value in one element, or in one float of one block, at every place.
    #[test]
    fn what_is_not_finite_is_found_wherever_it_stands() {
        for dtype in DType::ALL {
            let n_bytes = dtype.block_bytes();
            let good = vec![0x11u8; 5 * n_bytes];
            assert!(is_finite(dtype, &good), "{dtype}");
            let mut values = vec![0.0; 5 * dtype.block_len()];
            let mut found = 0;
            for at in (0..good.len() - 1).step_by(2) {
                let mut bad = good.clone();
                // 0x7f80 in the high half of an f32 or in a bf16, 0x7c00 in an f16.
                bad[at..at + 2].copy_from_slice(match dtype {
                    DType::F32 | DType::BF16 => &[0x80, 0x7f],
                    _ => &[0x00, 0x7c],
                });
                dequantize(dtype, &bad, &mut values);
                let truth = values.iter().all(|x| x.is_finite());
                assert_eq!(is_finite(dtype, &bad), truth, "{dtype} at byte {at}");
                found += usize::from(!truth);
            }
            assert!(found >= 5, "{dtype}: {found}");
        }
    }

    #[test]
    fn every_f16_widens_exactly() {
        for bits in 0..=u16::MAX {
            let (ours, truth) = (f16_to_f32(bits), half::f16::from_bits(bits).to_f32());
            assert!(
                ours.to_bits() == truth.to_bits() || ours.is_nan() && truth.is_nan(),
                "{bits:#x}"
            );
        }
    }
}
