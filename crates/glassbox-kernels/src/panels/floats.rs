//! Float weights on panels.

use super::lanes::Lanes;
use super::layout::ROWS;
use super::product::{store, tell_places};
use crate::Tile;
use crate::activations::{Steps, tile};
use crate::portable::linear_float::BLOCK;
use glassbox_core::DType;
use std::array;
use std::ops::Range;

/// A float type, whose panels are one piece of `N` bytes after another: an element of 16 rows, or
/// two of bf16. It meets `S` [steps](Steps) of activations.
trait Float<const N: usize, const S: usize> {
    /// Elements of a piece.
    const LEN: usize = 1;

    /// `sum + w x` for the rows of a piece and each of `T` rows of activations, the first of them
    /// row `at` of those that take turns.
    fn times<V: Lanes, const TILE: usize, const T: usize>(
        sums: &mut [V::F; T],
        w: &[u8; N],
        x: &[[u32; TILE]; S],
        at: usize,
    );
}

struct F32;
struct F16;
struct Bf16;

impl Float<64, 1> for F32 {
    #[inline(always)]
    fn times<V: Lanes, const TILE: usize, const T: usize>(
        sums: &mut [V::F; T],
        w: &[u8; 64],
        x: &[[u32; TILE]; 1],
        at: usize,
    ) {
        each::<V, T>(sums, V::load_f32(w), &x[0][at..][..T]);
    }
}

impl Float<32, 1> for F16 {
    #[inline(always)]
    fn times<V: Lanes, const TILE: usize, const T: usize>(
        sums: &mut [V::F; T],
        w: &[u8; 32],
        x: &[[u32; TILE]; 1],
        at: usize,
    ) {
        each::<V, T>(sums, V::load_f16(w), &x[0][at..][..T]);
    }
}

impl Float<64, 2> for Bf16 {
    const LEN: usize = 2;

    #[inline(always)]
    fn times<V: Lanes, const TILE: usize, const T: usize>(
        sums: &mut [V::F; T],
        w: &[u8; 64],
        x: &[[u32; TILE]; 2],
        at: usize,
    ) {
        let [first, second] = V::widen_bf16(V::load(w));
        each::<V, T>(sums, second, &x[1][at..][..T]);
        each::<V, T>(sums, first, &x[0][at..][..T]);
    }
}

#[inline(always)]
fn each<V: Lanes, const T: usize>(sums: &mut [V::F; T], w: V::F, x: &[u32]) {
    for t in 0..T {
        sums[t] = V::fma(w, V::float_splat(f32::from_bits(x[t])), sums[t]);
    }
}

/// By an instruction for two elements.
impl Float<64, 1> for Bf16 {
    const LEN: usize = 2;

    #[inline(always)]
    fn times<V: Lanes, const TILE: usize, const T: usize>(
        sums: &mut [V::F; T],
        w: &[u8; 64],
        x: &[[u32; TILE]; 1],
        at: usize,
    ) {
        let w = V::load(w);
        let x = &x[0][at..][..T];
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
        DType::F32 => linear::<V, F32, 64, 1>(dst, x, w),
        DType::F16 => linear::<V, F16, 32, 1>(dst, x, w),
        DType::BF16 if V::PAIRS => linear::<V, Bf16, 64, 1>(dst, x, w),
        DType::BF16 => linear::<V, Bf16, 64, 2>(dst, x, w),
        _ => panic!("{dtype} is not a float type"),
    }
}

#[inline(always)]
fn linear<V: Lanes, F: Float<N, S>, const N: usize, const S: usize>(
    dst: &mut Tile<'_>,
    x: &Steps<'_>,
    w: &[u8],
) {
    let n_panels = dst.n_cols().div_ceil(ROWS);
    assert_eq!(x.words.len(), dst.n_rows() * x.per_row);
    assert!(x.per_row.is_multiple_of(S));
    assert!(w.len() >= n_panels * (x.per_row / S) * N);
    let w = w.as_chunks::<N>().0;
    // Few rows have too few sums to keep the multipliers busy: they take panels side by side.
    let side_by_side = if dst.n_rows() < 4 || V::MANY_SUMS {
        4
    } else {
        1
    };
    for begin in (0..n_panels).step_by(side_by_side) {
        let panels = begin..n_panels.min(begin + side_by_side);
        let mut first = 0;
        while first < dst.n_rows() {
            let n = tile(dst.n_rows() - first);
            let x = &x.words[first * x.per_row..][..n * x.per_row];
            match n {
                1 => products::<V, F, N, S, 1, 1, 4>(dst, first, panels.clone(), w, x),
                2 => products::<V, F, N, S, 2, 2, 2>(dst, first, panels.clone(), w, x),
                4 if V::MANY_SUMS => {
                    products::<V, F, N, S, 4, 4, 4>(dst, first, panels.clone(), w, x)
                }
                8 if V::MANY_SUMS => {
                    products::<V, F, N, S, 8, 8, 2>(dst, first, panels.clone(), w, x)
                }
                4 => products::<V, F, N, S, 4, 4, 1>(dst, first, panels.clone(), w, x),
                _ if V::HALVES => products::<V, F, N, S, 8, 4, 1>(dst, first, panels.clone(), w, x),
                _ => products::<V, F, N, S, 8, 8, 1>(dst, first, panels.clone(), w, x),
            }
            first += n;
        }
    }
}

/// Some of the panels, `P` side by side, times a tile of activations, into the rows of `dst` from
/// `first` on.
#[inline(always)]
fn products<
    V: Lanes,
    F: Float<N, S>,
    const N: usize,
    const S: usize,
    const TILE: usize,
    const T: usize,
    const P: usize,
>(
    dst: &mut Tile<'_>,
    first: usize,
    mut panels: Range<usize>,
    w: &[[u8; N]],
    x: &[u32],
) {
    let x = x.as_chunks::<TILE>().0.as_chunks::<S>().0;
    while panels.len() >= P {
        product::<V, F, N, S, TILE, T, P>(dst, (first, panels.start), w, x);
        panels.start += P;
    }
    for panel in panels {
        product::<V, F, N, S, TILE, T, 1>(dst, (first, panel), w, x);
    }
}

/// `P` panels from `panel` on times `TILE` rows of activations, `T` of which are met at a time.
#[inline(always)]
fn product<
    V: Lanes,
    F: Float<N, S>,
    const N: usize,
    const S: usize,
    const TILE: usize,
    const T: usize,
    const P: usize,
>(
    dst: &mut Tile<'_>,
    (first, panel): (usize, usize),
    w: &[[u8; N]],
    x: &[[[u32; TILE]; S]],
) {
    let w = &w[panel * x.len()..];
    let panels: [_; P] = array::from_fn(|p| &w[p * x.len()..][..x.len()]);
    // The first rows wait for the weights.
    let next = if first == 0 { w } else { &[] };
    let steps = x.len();
    let len = BLOCK / F::LEN;
    let n_blocks = steps.div_ceil(len);
    let mut y = [[V::float_zero(); TILE]; P];
    for (b, x) in x.chunks(len).enumerate() {
        let panels: [_; P] = array::from_fn(|p| &panels[p][b * len..][..x.len()]);
        // Behind its own blocks a panel has those of the one that takes its place.
        let ahead = b + V::AHEAD / (N * len);
        let (turns, ahead) = (ahead / n_blocks, ahead % n_blocks);
        let start = |p| (p + turns * P) * steps + ahead * len;
        let next: [_; P] = array::from_fn(|p| next.get(start(p)..).unwrap_or_default());
        // Every pass over the block tells the memory of its share, which evens the traffic out.
        let share = x.len().div_ceil(TILE / T);
        for at in (0..TILE).step_by(T) {
            let begin = at / T * share;
            let ahead: [_; P] =
                array::from_fn(|p| next[p].get(begin..begin + share).unwrap_or_default());
            let mut sums = [[V::float_zero(); T]; P];
            for i in 0..x.len() {
                for p in 0..P {
                    if let Some(piece) = ahead[p].get(i) {
                        V::prefetch(piece);
                    }
                    F::times::<V, TILE, T>(&mut sums[p], &panels[p][i], &x[i], at);
                }
            }
            for p in 0..P {
                for t in 0..T {
                    y[p][at + t] = V::float_add(y[p][at + t], sums[p][t]);
                }
            }
        }
    }
    for (p, y) in y.into_iter().enumerate() {
        store::<V, TILE>(dst, (first, (panel + p) * ROWS), y);
    }
    tell_places::<V, TILE, P>(dst, (first + TILE, panel * ROWS));
}
