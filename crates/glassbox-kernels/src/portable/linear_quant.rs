//! Linear layers of quantised weights.

use crate::Tile;
use crate::activations::{Activations, SUM};
use glassbox_core::quant::{Format, MAX_LEN, MAX_SUBS, Unpacked};

/// Weight rows unpacked at a time.
const ROWS: usize = 8;
/// Tokens that share an unpacked block.
const TOKENS: usize = 16;

/// A block of each of [`ROWS`] rows, ready for products: scales folded into the integers.
struct Blocks {
    d: [f32; ROWS],
    m: [f32; ROWS],
    /// `scale[s] * q[i]`, at most 4096 in magnitude.
    q: [[i16; MAX_LEN]; ROWS],
    /// The minimum of each 16 weights.
    mins: [[i16; MAX_SUBS]; ROWS],
}

impl Blocks {
    const ZERO: Blocks = Blocks {
        d: [0.0; ROWS],
        m: [0.0; ROWS],
        q: [[0; MAX_LEN]; ROWS],
        mins: [[0; MAX_SUBS]; ROWS],
    };

    #[inline(always)]
    fn unpack<F: Format>(&mut self, row: usize, block: &[u8], scratch: &mut Unpacked) {
        F::unpack(scratch, block);
        self.d[row] = scratch.d;
        self.m[row] = scratch.m;
        let (q, mins) = (&mut self.q[row], &mut self.mins[row]);
        for s in 0..F::LEN / F::SUB {
            let scale = if is_plain::<F>() {
                1
            } else {
                i16::from(scratch.scales[s])
            };
            let from = &scratch.q[s * F::SUB..][..F::SUB];
            for (y, &q) in q[s * F::SUB..][..F::SUB].iter_mut().zip(from) {
                *y = scale.wrapping_mul(i16::from(q));
            }
            if F::HAS_MIN && !is_plain::<F>() {
                mins[s * F::SUB / SUM..][..F::SUB / SUM].fill(i16::from(scratch.mins[s]));
            }
        }
    }

    /// One step of the sums of all rows: the block's products with the activations `a` of scale
    /// `d`, whose sums of 16 are `sums`.
    #[inline(always)]
    fn step<F: Format>(
        &self,
        y: &mut [f32; ROWS],
        n_rows: usize,
        (a, sums, d): (&[i8], &[i16], f32),
    ) {
        let total = sums.iter().fold(0, |sum, &a| sum + i32::from(a));
        let (mut isum, mut msum) = ([0i32; ROWS], [total; ROWS]);
        // Up to `n_rows`, though all are there: a loop of known length would be vectorised across
        // the rows, which for a short block is several times slower than along them.
        for r in 0..n_rows.min(ROWS) {
            isum[r] = dot(&self.q[r][..F::LEN], &a[..F::LEN]);
            if F::HAS_MIN && !is_plain::<F>() {
                msum[r] = dot(&self.mins[r][..F::LEN / SUM], &sums[..F::LEN / SUM]);
            }
        }
        for r in 0..ROWS {
            y[r] = (self.d[r] * d).mul_add(isum[r] as f32, y[r]);
            if F::HAS_MIN {
                y[r] = (self.m[r] * d).mul_add(msum[r] as f32, y[r]);
            }
        }
    }
}

/// Whether a block has one sub-block, whose scale and minimum are then 1.
#[inline(always)]
fn is_plain<F: Format>() -> bool {
    F::SUB == F::LEN
}

/// `Σ q a`: for integers and scales at most 256 · 4096 · 127 in magnitude, which an i32 holds, and
/// far less for minima and sums.
#[inline(always)]
fn dot<A: Copy + Into<i32>>(q: &[i16], a: &[A]) -> i32 {
    q.iter().zip(a).fold(0, |sum, (&q, &a)| {
        sum.wrapping_add(i32::from(q).wrapping_mul(a.into()))
    })
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
    let mut blocks = Blocks::ZERO;
    for first in (0..n_out).step_by(ROWS) {
        let n_rows = ROWS.min(n_out - first);
        for first_token in (0..dst.n_rows()).step_by(TOKENS) {
            let n_tokens = TOKENS.min(dst.n_rows() - first_token);
            let mut sums = [[0.0f32; ROWS]; TOKENS];
            for b in 0..n_blocks {
                for r in 0..n_rows {
                    let at = (first + r) * row_bytes + b * F::BYTES;
                    blocks.unpack::<F>(r, &w[at..][..F::BYTES], &mut scratch);
                }
                for (t, sums) in sums.iter_mut().take(n_tokens).enumerate() {
                    let row = first_token + t;
                    let a = &x.q_row(row)[b * F::LEN..][..F::LEN];
                    let a_sums = &x.sums_row(row)[b * F::LEN / SUM..][..F::LEN / SUM];
                    // Rows beyond `n_rows` add stale numbers to sums that nobody reads.
                    blocks.step::<F>(sums, n_rows, (a, a_sums, x.d_row(row)[b]));
                }
            }
            for (t, sums) in sums.iter().take(n_tokens).enumerate() {
                dst.row(first_token + t)[first..][..n_rows].copy_from_slice(&sums[..n_rows]);
            }
        }
    }
}
