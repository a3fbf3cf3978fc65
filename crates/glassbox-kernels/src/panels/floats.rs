//! Float weights on panels.

use super::lanes::Lanes;
use super::layout::ROWS;
use super::product::store;
use crate::Tile;
use crate::activations::{Steps, tile};
use crate::portable::linear_float::BLOCK;
use glassbox_core::DType;
use std::array;
use std::ops::Range;

/// A float type, whose panels are one step of `N` bytes after another: an element of 16 rows, or
/// two of bf16.
trait Float<const N: usize> {
    /// Elements of a step.
    const LEN: usize = 1;

    /// `sum + w x` for the rows of a step and one word of activations, as often as there are
    /// words.
    fn times<V: Lanes, const T: usize>(sums: &mut [V::F; T], step: &[u8; N], x: [u32; T]);
}

struct F32;
struct F16;
struct Bf16;

impl Float<64> for F32 {
    #[inline(always)]
    fn times<V: Lanes, const T: usize>(sums: &mut [V::F; T], step: &[u8; 64], x: [u32; T]) {
        each::<V, T>(sums, V::load_f32(step), x);
    }
}

impl Float<32> for F16 {
    #[inline(always)]
    fn times<V: Lanes, const T: usize>(sums: &mut [V::F; T], step: &[u8; 32], x: [u32; T]) {
        each::<V, T>(sums, V::load_f16(step), x);
    }
}

#[inline(always)]
fn each<V: Lanes, const T: usize>(sums: &mut [V::F; T], w: V::F, x: [u32; T]) {
    for t in 0..T {
        sums[t] = V::fma(w, V::float_splat(f32::from_bits(x[t])), sums[t]);
    }
}

impl Float<64> for Bf16 {
    const LEN: usize = 2;

    #[inline(always)]
    fn times<V: Lanes, const T: usize>(sums: &mut [V::F; T], step: &[u8; 64], x: [u32; T]) {
        let w = V::load(step);
        for t in 0..T {
            sums[t] = V::dot_bf16(sums[t], w, V::splat(x[t] as i32));
        }
    }
}

/// `dst[t, o] = x[t] · w[o]` as [`linear_float`](crate::portable::linear_float::linear_float)
/// has it, for the panels at the front of `w`, of a weight of `dst.n_cols()` rows of the float type
/// `dtype`; of what stands behind them the memory is told.
///
/// # Panics
/// When `w` has less, or `x` another size, than `dst` asks for, or the type is quantised.
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
    let n_panels = dst.n_cols().div_ceil(ROWS);
    assert_eq!(x.words.len(), dst.n_rows() * x.per_row);
    assert!(w.len() >= n_panels * x.per_row * N);
    let steps = w.as_chunks::<N>().0;
    // Few rows have too few sums to keep the multipliers busy: they take panels side by side.
    let side_by_side = if dst.n_rows() < 4 { 4 } else { 1 };
    for begin in (0..n_panels).step_by(side_by_side) {
        let panels = begin..n_panels.min(begin + side_by_side);
        let mut first = 0;
        while first < dst.n_rows() {
            let n = tile(dst.n_rows() - first);
            let x = &x.words[first * x.per_row..][..n * x.per_row];
            match n {
                1 => products::<V, F, N, 1, 4>(dst, first, panels.clone(), steps, x),
                2 => products::<V, F, N, 2, 2>(dst, first, panels.clone(), steps, x),
                4 => products::<V, F, N, 4, 1>(dst, first, panels.clone(), steps, x),
                _ if V::HALVES => {
                    let (panel, x) = (panels.start, x.as_chunks::<8>().0);
                    product::<V, F, N, 8, 4, 1>(dst, (first, panel), steps, x, 0);
                    product::<V, F, N, 8, 4, 1>(dst, (first, panel), steps, x, 4);
                }
                _ => products::<V, F, N, 8, 1>(dst, first, panels.clone(), steps, x),
            }
            first += n;
        }
    }
}

/// Some of the panels, `P` side by side, times a tile of activations, into the rows of `dst` from
/// `first` on.
#[inline(always)]
fn products<V: Lanes, F: Float<N>, const N: usize, const T: usize, const P: usize>(
    dst: &mut Tile<'_>,
    first: usize,
    mut panels: Range<usize>,
    steps: &[[u8; N]],
    x: &[u32],
) {
    let x = x.as_chunks::<T>().0;
    while panels.len() >= P {
        product::<V, F, N, T, T, P>(dst, (first, panels.start), steps, x, 0);
        panels.start += P;
    }
    for panel in panels {
        product::<V, F, N, T, T, 1>(dst, (first, panel), steps, x, 0);
    }
}

/// `P` panels from `panel` on times `T` rows of activations, those from `at` on of `TILE` that take turns.
#[inline(always)]
fn product<
    V: Lanes,
    F: Float<N>,
    const N: usize,
    const TILE: usize,
    const T: usize,
    const P: usize,
>(
    dst: &mut Tile<'_>,
    (first, panel): (usize, usize),
    steps: &[[u8; N]],
    x: &[[u32; TILE]],
    at: usize,
) {
    let steps = &steps[panel * x.len()..];
    let panels: [_; P] = array::from_fn(|p| &steps[p * x.len()..][..x.len()]);
    let ahead: [_; P] = array::from_fn(|p| steps.get(p * x.len() + V::AHEAD / N..));
    let ahead = ahead.map(Option::unwrap_or_default);
    let mut y = [[V::float_zero(); T]; P];
    for begin in (0..x.len()).step_by(BLOCK / F::LEN) {
        let mut sums = [[V::float_zero(); T]; P];
        for i in begin..x.len().min(begin + BLOCK / F::LEN) {
            for p in 0..P {
                // The first rows wait for the weights.
                if first + at == 0
                    && let Some(step) = ahead[p].get(i)
                {
                    V::prefetch(step);
                }
                F::times::<V, T>(
                    &mut sums[p],
                    &panels[p][i],
                    array::from_fn(|t| x[i][at + t]),
                );
            }
        }
        for p in 0..P {
            for t in 0..T {
                y[p][t] = V::float_add(y[p][t], sums[p][t]);
            }
        }
    }
    for (p, y) in y.into_iter().enumerate() {
        store::<V, T>(dst, (first + at, (panel + p) * ROWS), y);
    }
}
