//! Linear layers of quantised weights.

use crate::Tile;
use crate::activations::{Activations, SUM};
use glassbox_core::quant::{Format, Unpacked};

/// `dst[t, o] = x[t] · w[o]` for quantised weights and activations: `w` holds `dst.n_cols()` rows
/// of `x.width` elements of format `F`, as they lie in a file, and `x` one row for each of `dst`.
///
/// With `isum = Σ scale q a` and `msum = Σ min a`, integers and exact, the sum runs over the
/// blocks `b` of the row in order:
///
/// ```text
/// y = fma(d_w[b] * d_a[b], isum[b], y);  y = fma(m_w[b] * d_a[b], msum[b], y)
/// ```
///
/// where the second step is there only for formats with minima; for those without sub-blocks it is
/// `y = fma(m_w[b], d_a[b] * msum[b], y)`, since all rows of a weight share that product. The tables compute the same from
/// [panels](crate::panels).
///
/// # Panics
/// When `w` or `x` does not have the size that `dst` asks for, or the blocks differ.
pub fn linear_quant<F: Format>(dst: &mut Tile<'_>, x: &Activations<'_>, w: &[u8]) {
    let row_bytes = x.width / F::LEN * F::BYTES;
    assert_eq!(x.block.size(), F::LEN);
    assert_eq!(w.len(), dst.n_cols() * row_bytes);
    let mut block = Unpacked::default();
    for t in 0..dst.n_rows() {
        let (q, d, sums) = x.row(t);
        for (o, w) in w.chunks_exact(row_bytes.max(1)).enumerate() {
            let mut y = 0.0f32;
            for (b, bytes) in w.chunks_exact(F::BYTES).enumerate() {
                F::unpack(&mut block, bytes);
                let q = &q[b * F::LEN..][..F::LEN];
                let sums = &sums[b * F::LEN / SUM..][..F::LEN / SUM];
                let (isum, msum) = products::<F>(&block, q, sums);
                let d_a = d[b * x.block.each()];
                y = (block.d * d_a).mul_add(isum as f32, y);
                if F::HAS_MIN {
                    y = match F::SUB == F::LEN {
                        true => block.m.mul_add(d_a * msum as f32, y),
                        false => (block.m * d_a).mul_add(msum as f32, y),
                    };
                }
            }
            dst.row(t)[o] = y;
        }
    }
}

/// `Σ scale q a` and `Σ min a`. An i32 holds 256 · 4096 · 127, the most that the first can be in
/// magnitude.
fn products<F: Format>(block: &Unpacked, a: &[i8], sums: &[i16]) -> (i32, i32) {
    let scaled = (0..F::LEN).map(|i| {
        let q = i32::from(block.q[i]).wrapping_mul(i32::from(a[i]));
        q.wrapping_mul(i32::from(block.scales[i / F::SUB]))
    });
    let least = (0..F::LEN / SUM)
        .map(|s| i32::from(block.mins[s * SUM / F::SUB]).wrapping_mul(i32::from(sums[s])));
    (
        scaled.fold(0, i32::wrapping_add),
        least.fold(0, i32::wrapping_add),
    )
}
