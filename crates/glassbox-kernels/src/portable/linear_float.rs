//! Linear layers of float weights.

use super::LANES;
use super::dot::{accumulate_rows, fold};
use crate::{Rows, Tile};
use glassbox_core::{DType, quant::widen};

/// Columns decoded at a time.
const CHUNK: usize = 256;
/// Weight rows decoded at a time, whose sums run side by side.
const ROWS: usize = 4;
/// Tokens that share a decoded chunk.
const TOKENS: usize = 8;

/// Starts at a cache line, so that no vector load or store lies across two.
#[repr(align(64))]
struct Aligned<T>(T);

/// `dst[t, o] = x[t] · w[o]` for float weights: `w` holds `dst.n_cols()` rows of `x.width`
/// elements of `dtype`, `x` one row for each of `dst`.
///
/// The weights are widened to f32, which is exact, and summed as a
/// [`dot`](super::dot::dot) is.
///
/// # Panics
/// When `w` or `x` does not have the size that `dst` asks for.
#[inline(always)]
pub fn linear_float(dst: &mut Tile<'_>, x: Rows<'_>, w: &[u8], dtype: DType) {
    let n_out = dst.n_cols();
    let element = dtype.block_bytes();
    let row_bytes = x.width * element;
    assert_eq!(w.len(), n_out * row_bytes);
    let Aligned(decoded) = &mut Aligned([[0.0f32; CHUNK]; ROWS]);
    let Aligned(sums) = &mut Aligned([[[0.0; LANES]; ROWS]; TOKENS]);
    for first in (0..n_out).step_by(ROWS) {
        let n_rows = ROWS.min(n_out - first);
        for first_token in (0..dst.n_rows()).step_by(TOKENS) {
            let n_tokens = TOKENS.min(dst.n_rows() - first_token);
            let sums = &mut sums[..n_tokens];
            sums.fill([[0.0; LANES]; ROWS]);
            for start in (0..x.width).step_by(CHUNK) {
                let len = CHUNK.min(x.width - start);
                for (r, decoded) in decoded.iter_mut().take(n_rows).enumerate() {
                    let at = (first + r) * row_bytes + start * element;
                    widen(dtype, &w[at..][..len * element], &mut decoded[..len]);
                }
                for (t, sums) in sums.iter_mut().enumerate() {
                    let x = &x.row(first_token + t)[start..][..len];
                    // Rows beyond `n_rows` add stale numbers to sums that nobody reads.
                    accumulate_rows(sums, decoded.each_ref().map(|w| &w[..len]), x);
                }
            }
            for (t, sums) in sums.iter().enumerate() {
                let y = &mut dst.row(first_token + t)[first..][..n_rows];
                for (y, &sums) in y.iter_mut().zip(sums) {
                    *y = fold(sums);
                }
            }
        }
    }
}
