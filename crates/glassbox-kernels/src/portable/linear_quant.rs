//! Linear layers of quantised weights.

use crate::Tile;
use crate::activations::{Activations, SUM};
use glassbox_core::quant::{Format, MAX_LEN, MAX_SUBS, Unpacked};

/// Weight rows unpacked at a time.
const ROWS: usize = 4;
/// Tokens that share an unpacked block.
const TOKENS: usize = 8;

/// A block of weights, ready for products: scales folded into the integers.
#[derive(Clone, Copy)]
struct Block {
    d: f32,
    m: f32,
    /// `scale[s] * q[i]`, at most 4096 in magnitude.
    q: [i16; MAX_LEN],
    /// The minimum of each 16 weights.
    mins: [i16; MAX_SUBS],
}

impl Block {
    const ZERO: Block = Block {
        d: 0.0,
        m: 0.0,
        q: [0; MAX_LEN],
        mins: [0; MAX_SUBS],
    };

    #[inline(always)]
    fn unpack<F: Format>(&mut self, block: &[u8], scratch: &mut Unpacked) {
        F::unpack(scratch, block);
        self.d = scratch.d;
        self.m = scratch.m;
        for s in 0..F::LEN / F::SUB {
            let scale = i16::from(scratch.scales[s]);
            let q = &scratch.q[s * F::SUB..][..F::SUB];
            for (y, &q) in self.q[s * F::SUB..][..F::SUB].iter_mut().zip(q) {
                *y = scale.wrapping_mul(i16::from(q));
            }
            if F::HAS_MIN {
                self.mins[s * F::SUB / SUM..][..F::SUB / SUM].fill(i16::from(scratch.mins[s]));
            }
        }
    }

    /// `Σ scale q a`: at most 256 · 4096 · 127 in magnitude, which an i32 holds.
    #[inline(always)]
    fn dot<F: Format>(&self, a: &[i8]) -> i32 {
        let products = self.q[..F::LEN].iter().zip(&a[..F::LEN]);
        products.fold(0, |sum, (&q, &a)| {
            sum.wrapping_add(i32::from(q).wrapping_mul(a.into()))
        })
    }

    /// `Σ min a`, from the sums of 16 activations.
    #[inline(always)]
    fn dot_mins<F: Format>(&self, sums: &[i16]) -> i32 {
        let n = F::LEN / SUM;
        let products = self.mins[..n].iter().zip(&sums[..n]);
        products.fold(0, |sum, (&m, &a)| {
            sum.wrapping_add(i32::from(m).wrapping_mul(a.into()))
        })
    }
}

/// `dst[t, o] = x[t] · w[o]` for quantised weights and activations: `w` holds `dst.n_cols()` rows
/// of `x.width` elements of format `F`, `x` one row for each of `dst`.
///
/// With `isum = Σ scale q a` and `msum = Σ min a`, integers and exact, the sum runs over the
/// blocks `b` of the row in order:
///
/// ```text
/// y = fma(d_w[b] * d_a[b], isum[b], y);  y = fma(m_w[b] * d_a[b], msum[b], y)
/// ```
///
/// where the second step is there only for formats with minima.
///
/// # Panics
/// When `w` or `x` does not have the size that `dst` asks for, or the blocks differ.
#[inline(always)]
pub fn linear_quant<F: Format>(dst: &mut Tile<'_>, x: &Activations<'_>, w: &[u8]) {
    let n_out = dst.n_cols();
    let n_blocks = x.width / F::LEN;
    let row_bytes = n_blocks * F::BYTES;
    assert_eq!(x.block.size(), F::LEN);
    assert_eq!(w.len(), n_out * row_bytes);
    let mut scratch = Unpacked::default();
    let mut blocks = [Block::ZERO; ROWS];
    for first in (0..n_out).step_by(ROWS) {
        let n_rows = ROWS.min(n_out - first);
        for first_token in (0..dst.n_rows()).step_by(TOKENS) {
            let n_tokens = TOKENS.min(dst.n_rows() - first_token);
            let mut sums = [[0.0f32; ROWS]; TOKENS];
            for b in 0..n_blocks {
                for (r, block) in blocks.iter_mut().take(n_rows).enumerate() {
                    let at = (first + r) * row_bytes + b * F::BYTES;
                    block.unpack::<F>(&w[at..][..F::BYTES], &mut scratch);
                }
                for (t, sums) in sums.iter_mut().take(n_tokens).enumerate() {
                    let row = first_token + t;
                    let a = &x.q_row(row)[b * F::LEN..][..F::LEN];
                    let a_sums = &x.sums_row(row)[b * F::LEN / SUM..][..F::LEN / SUM];
                    let d = x.d_row(row)[b];
                    for (y, block) in sums.iter_mut().zip(&blocks).take(n_rows) {
                        *y = (block.d * d).mul_add(block.dot::<F>(a) as f32, *y);
                        if F::HAS_MIN {
                            let msum = block.dot_mins::<F>(a_sums) as f32;
                            *y = (block.m * d).mul_add(msum, *y);
                        }
                    }
                }
            }
            for (t, sums) in sums.iter().take(n_tokens).enumerate() {
                dst.row(first_token + t)[first..][..n_rows].copy_from_slice(&sums[..n_rows]);
            }
        }
    }
}
