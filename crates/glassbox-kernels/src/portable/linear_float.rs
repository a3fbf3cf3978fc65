//! Linear layers of float weights.

use super::bf16;
use crate::{Rows, Tile};
use glassbox_core::{DType, quant::widen};

/// Elements of a row that are summed one by one, before their sum is added to the others.
pub const BLOCK: usize = 128;

/// `dst[t, o] = x[t] · w[o]` for float weights: `w` holds `dst.n_cols()` rows of `x.width`
/// elements of `dtype`, as they lie in a file, and `x` one row for each of `dst`.
///
/// The weights are widened to f32, which is exact, and the sum runs over [`BLOCK`]s of the row:
///
/// ```text
/// y = 0;  for every block:  s = 0;  s = fma(w[i], x[i], s) for every i in it;  y = y + s
/// ```
///
/// The elements go in order, but for bf16 weights, for which the activations are
/// [rounded](bf16::round) too, magnitudes below [`bf16::LEAST`] are zero, and of every two elements
/// the second goes first, all of which is what the instruction `vdpbf16ps` does. The tables
/// compute the same from [panels](crate::panels).
///
/// # Panics
/// When `w` or `x` does not have the size that `dst` asks for.
pub fn linear_float(dst: &mut Tile<'_>, x: Rows<'_>, w: &[u8], dtype: DType) {
    let row_bytes = x.width * dtype.block_bytes();
    assert_eq!(w.len(), dst.n_cols() * row_bytes);
    let mut row = vec![0.0; x.width];
    for (o, w) in w.chunks_exact(row_bytes.max(1)).enumerate() {
        widen(dtype, w, &mut row);
        for t in 0..dst.n_rows() {
            dst.row(t)[o] = match dtype {
                DType::BF16 => {
                    let x: Vec<f32> = x
                        .row(t)
                        .iter()
                        .map(|&x| bf16::widen(bf16::round(x)))
                        .collect();
                    let w: Vec<f32> = row.iter().map(|&w| bf16::widen(bf16::round(w))).collect();
                    sum(
                        &x,
                        &w,
                        |i, n| if i + 1 == n && i % 2 == 0 { i } else { i ^ 1 },
                    )
                }
                _ => sum(x.row(t), &row, |i, _| i),
            };
        }
    }
}

/// The sum of products, in blocks; `nth` is the place of the element that goes next.
fn sum(x: &[f32], w: &[f32], nth: impl Fn(usize, usize) -> usize) -> f32 {
    let mut y = 0.0f32;
    for (x, w) in x.chunks(BLOCK).zip(w.chunks(BLOCK)) {
        let order = (0..x.len()).map(|i| nth(i, x.len()));
        y += order.fold(0.0f32, |s, i| w[i].mul_add(x[i], s));
    }
    y
}
