//! Activations for float weights.

use super::bf16;
use crate::activations::Rows;
use glassbox_core::DType;

/// Lays rows out as one tile of [`Steps`](crate::Steps) for weights of the float type `dtype`.
///
/// # Panics
/// When `dst` has another length than it should.
#[inline(always)]
pub fn steps(dst: &mut [u32], x: Rows<'_>, dtype: DType) {
    let n = x.data.len() / x.width.max(1);
    match dtype {
        DType::BF16 => {
            assert_eq!(dst.len(), n * x.width.div_ceil(2));
            for t in 0..n {
                let (pairs, rest) = x.row(t).as_chunks::<2>();
                let pair =
                    |a: f32, b: f32| u32::from(bf16::round(a)) | u32::from(bf16::round(b)) << 16;
                for (i, &[a, b]) in pairs.iter().enumerate() {
                    dst[i * n + t] = pair(a, b);
                }
                for &a in rest {
                    dst[pairs.len() * n + t] = pair(a, 0.0);
                }
            }
        }
        _ => {
            assert_eq!(dst.len(), x.data.len());
            for t in 0..n {
                for (i, x) in x.row(t).iter().enumerate() {
                    dst[i * n + t] = x.to_bits();
                }
            }
        }
    }
}
