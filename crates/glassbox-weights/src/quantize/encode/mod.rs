//! f32 rows as blocks of any type that glassbox writes.
//!
//! Every encoder minimises the plain squared error of the weights, and evaluates candidates with
//! the scale as the file will hold it, rounded to f16: for given scales each integer is then the
//! nearest one, which is the best there is. Candidates include the simple choice that the formats'
//! reference quantisers make, so no block comes out worse than theirs.

mod affine;
mod k;
mod q6_k;
mod search;
mod symmetric;

use glassbox_core::DType;
use half::{bf16, f16};
use std::fmt;

/// Why values can't be written in a type.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum EncodeProblem {
    /// A NaN or an infinity.
    NotFinite {
        /// Its column.
        col: usize,
        /// The value.
        value: f32,
    },
    /// A value that the type, or the f16 scale of its block, can't reach.
    TooLarge {
        /// Its column.
        col: usize,
        /// The value.
        value: f32,
    },
}

impl fmt::Display for EncodeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EncodeProblem::NotFinite { col, value } => write!(f, "column {col} is {value}"),
            EncodeProblem::TooLarge { col, value } => {
                write!(f, "column {col} is {value:e}, beyond the type's range")
            }
        }
    }
}

/// The types that [`encode_row`] writes.
pub const WRITABLE: [DType; 11] = [
    DType::F32,
    DType::F16,
    DType::BF16,
    DType::Q8_0,
    DType::Q4_0,
    DType::Q4_1,
    DType::Q5_0,
    DType::Q5_1,
    DType::Q4_K,
    DType::Q5_K,
    DType::Q6_K,
];

/// Encodes a row of f32 as `dtype`, one of [`WRITABLE`].
///
/// Floats round to nearest, ties to even. Quantised types minimise the squared error, block by
/// block; the result depends on the row alone.
///
/// # Errors
/// A value that is not finite, or too large for the type.
///
/// # Panics
/// When `dst` is not exactly the bytes of `src`, or `dtype` is not writable.
pub fn encode_row(dtype: DType, src: &[f32], dst: &mut [u8]) -> Result<(), EncodeProblem> {
    assert_eq!(Some(dst.len()), dtype.row_bytes(src.len()), "{dtype} row");
    check(dtype, src)?;
    match dtype {
        DType::F32 => floats(src, dst, f32::to_le_bytes),
        DType::F16 => floats(src, dst, |x| f16::from_f32(x).to_le_bytes()),
        DType::BF16 => floats(src, dst, |x| bf16::from_f32(x).to_le_bytes()),
        DType::Q8_0 => blocks(src, dst, dtype, symmetric::q8_0),
        DType::Q4_0 => blocks(src, dst, dtype, symmetric::q4_0),
        DType::Q5_0 => blocks(src, dst, dtype, symmetric::q5_0),
        DType::Q4_1 => blocks(src, dst, dtype, affine::q4_1),
        DType::Q5_1 => blocks(src, dst, dtype, affine::q5_1),
        DType::Q4_K => blocks(src, dst, dtype, k::q4_k),
        DType::Q5_K => blocks(src, dst, dtype, k::q5_k),
        DType::Q6_K => blocks(src, dst, dtype, q6_k::q6_k),
        DType::Q2_K | DType::Q3_K => panic!("{dtype} is read only"),
    }
    Ok(())
}

fn floats<const N: usize>(src: &[f32], dst: &mut [u8], round: impl Fn(f32) -> [u8; N]) {
    for (y, &x) in dst.as_chunks_mut().0.iter_mut().zip(src) {
        *y = round(x);
    }
}

fn blocks(src: &[f32], dst: &mut [u8], dtype: DType, encode: impl Fn(&[f32], &mut [u8])) {
    for (x, y) in src
        .chunks_exact(dtype.block_len())
        .zip(dst.chunks_exact_mut(dtype.block_bytes()))
    {
        encode(x, y);
    }
}

/// The largest magnitude that a type is sure to hold. A block's scale is an f16, and the widest
/// range of an affine block is twice the magnitude.
fn largest(dtype: DType) -> f32 {
    match dtype {
        DType::F32 => f32::MAX,
        DType::F16 | DType::Q4_1 | DType::Q5_1 => 65504.0,
        // Half a unit in the last place below where rounding reaches infinity.
        DType::BF16 => bf16::MAX.to_f32(),
        // The integer times the scale reaches at least four times the largest f16.
        _ => 4.0 * 65504.0,
    }
}

fn check(dtype: DType, src: &[f32]) -> Result<(), EncodeProblem> {
    let largest = largest(dtype);
    match src.iter().position(|x| x.is_nan() || x.abs() > largest) {
        None => Ok(()),
        Some(col) if src[col].is_finite() => Err(EncodeProblem::TooLarge {
            col,
            value: src[col],
        }),
        Some(col) => Err(EncodeProblem::NotFinite {
            col,
            value: src[col],
        }),
    }
}

/// The nearest f16, but never zero for what is not: a block of tiny weights keeps the smallest
/// scale there is instead of losing all of them.
fn scale_f16(x: f32) -> f16 {
    let nearest = f16::from_f32(x);
    if x != 0.0 && nearest == f16::ZERO {
        f16::from_bits(1 | (u16::from(x < 0.0) << 15))
    } else if nearest.is_infinite() {
        if x < 0.0 { f16::MIN } else { f16::MAX }
    } else {
        nearest
    }
}
