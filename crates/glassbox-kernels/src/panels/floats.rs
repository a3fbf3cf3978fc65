//! Float weights on panels.

use super::lanes::Lanes;
use super::layout::ROWS;
use super::product::store;
use crate::Tile;
use crate::activations::{Steps, tile};
use crate::portable::linear_float::BLOCK;
use glassbox_core::DType;

/// A float type, whose panels are one step of `N` bytes after another: an element of 16 rows, or
/// two of bf16.
trait Float<const N: usize> {
    /// Elements of a step.
    const LEN: usize = 1;

    /// `sum + w x` for the rows of a step and one word of activations, as often as there are
    /// words.
    fn times<V: Lanes, const T: usize>(sums: &mut [V::F; T], step: &[u8; N], x: &[u32; T]);
}

struct F32;
struct F16;
struct Bf16;

impl Float<64> for F32 {
    #[inline(always)]
    fn times<V: Lanes, const T: usize>(sums: &mut [V::F; T], step: &[u8; 64], x: &[u32; T]) {
        each::<V, T>(sums, V::load_f32(step), x);
    }
}

impl Float<32> for F16 {
    #[inline(always)]
    fn times<V: Lanes, const T: usize>(sums: &mut [V::F; T], step: &[u8; 32], x: &[u32; T]) {
        each::<V, T>(sums, V::load_f16(step), x);
    }
}

#[inline(always)]
fn each<V: Lanes, const T: usize>(sums: &mut [V::F; T], w: V::F, x: &[u32; T]) {
    for t in 0..T {
        sums[t] = V::fma(w, V::float_splat(f32::from_bits(x[t])), sums[t]);
    }
}

impl Float<64> for Bf16 {
    const LEN: usize = 2;

    #[inline(always)]
    fn times<V: Lanes, const T: usize>(sums: &mut [V::F; T], step: &[u8; 64], x: &[u32; T]) {
        let w = V::load(step);
        for t in 0..T {
            sums[t] = V::dot_bf16(sums[t], w, V::splat(x[t] as i32));
        }
    }
}

/// `dst[t, o] = x[t] · w[o]` as [`linear_float`](crate::portable::linear_float::linear_float)
/// has it, for the panels `w` of a weight of `dst.n_cols()` rows of the float type `dtype`.
///
/// # Panics
/// When `w` or `x` does not have the size that `dst` asks for, or the type is quantised.
#[inline(always)]
pub(crate) fn linear_float<V: Lanes>(dst: &mut Tile<'_>, x: &Steps<'_>, w: &[u8], dtype: DType) {
    match dtype {
        DType::F32 => linear::<V, F32, 64>(dst, x, w),
        DType::F16 => linear::<V, F16, 32>(dst, x, w),
        DType::BF16 => linear::<V, Bf16, 64>(dst, x, w),
        _ => panic!("{dtype} is not a float type"),
    }
}

#[inline(always)]
fn linear<V: Lanes, F: Float<N>, const N: usize>(dst: &mut Tile<'_>, x: &Steps<'_>, w: &[u8]) {
    let panel_bytes = x.per_row * N;
    assert_eq!(x.words.len(), dst.n_rows() * x.per_row);
    assert_eq!(w.len(), dst.n_cols().div_ceil(ROWS) * panel_bytes);
    for (panel, bytes) in w.chunks_exact(panel_bytes.max(1)).enumerate() {
        let (panel, column) = (bytes.as_chunks::<N>().0, panel * ROWS);
        let mut first = 0;
        while first < dst.n_rows() {
            let n = tile(dst.n_rows() - first);
            let x = &x.words[first * x.per_row..][..n * x.per_row];
            match n {
                1 => product::<V, F, N, 1>(dst, (first, column), panel, x),
                2 => product::<V, F, N, 2>(dst, (first, column), panel, x),
                4 => product::<V, F, N, 4>(dst, (first, column), panel, x),
                _ => product::<V, F, N, 8>(dst, (first, column), panel, x),
            }
            first += n;
        }
    }
}

/// A panel times a tile of activations, into `dst` from row and column `at` on.
#[inline(always)]
fn product<V: Lanes, F: Float<N>, const N: usize, const T: usize>(
    dst: &mut Tile<'_>,
    at: (usize, usize),
    panel: &[[u8; N]],
    x: &[u32],
) {
    let mut y = [V::float_zero(); T];
    let blocks = panel.chunks(BLOCK / F::LEN);
    for (panel, x) in blocks.zip(x.as_chunks::<T>().0.chunks(BLOCK / F::LEN)) {
        let mut sums = [V::float_zero(); T];
        for (step, x) in panel.iter().zip(x) {
            F::times::<V, T>(&mut sums, step, x);
        }
        for t in 0..T {
            y[t] = V::float_add(y[t], sums[t]);
        }
    }
    store::<V, T>(dst, at, y);
}
