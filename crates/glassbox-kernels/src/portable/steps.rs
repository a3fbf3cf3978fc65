//! Activations for float weights.

use super::bf16;
use crate::activations::{Rows, Step};

/// Lays rows out as one tile of [`Steps`](crate::Steps).
///
/// # Panics
/// When `dst` has another length than it should, or a tile has no so many rows.
#[inline(always)]
pub fn steps(dst: &mut [u32], x: Rows<'_>, step: Step) {
    assert_eq!(
        dst.len(),
        x.data.len() / x.width.max(1) * step.per_row(x.width)
    );
    match step {
        Step::One => rows::<One, 1>(dst, x),
        Step::Rounded => rows::<Rounded, 1>(dst, x),
        Step::Two => rows::<Two, 2>(dst, x),
    }
}

/// The word of a step, which has `S` elements.
trait Word<const S: usize> {
    fn of(x: [f32; S]) -> u32;
}

struct One;
struct Rounded;
struct Two;

impl Word<1> for One {
    #[inline(always)]
    fn of([x]: [f32; 1]) -> u32 {
        x.to_bits()
    }
}

impl Word<1> for Rounded {
    #[inline(always)]
    fn of([x]: [f32; 1]) -> u32 {
        u32::from(bf16::round(x)) << 16
    }
}

impl Word<2> for Two {
    #[inline(always)]
    fn of([first, second]: [f32; 2]) -> u32 {
        u32::from(bf16::round(first)) | u32::from(bf16::round(second)) << 16
    }
}

#[inline(always)]
fn rows<W: Word<S>, const S: usize>(dst: &mut [u32], x: Rows<'_>) {
    match x.data.len() / x.width.max(1) {
        0 => {}
        1 => tile::<W, S, 1>(dst, x),
        2 => tile::<W, S, 2>(dst, x),
        4 => tile::<W, S, 4>(dst, x),
        8 => tile::<W, S, 8>(dst, x),
        n => panic!("{n} rows are no tile"),
    }
}

/// Eight steps of every row at a time: wide instructions make them before they take turns.
#[inline(always)]
fn tile<W: Word<S>, const S: usize, const T: usize>(dst: &mut [u32], x: Rows<'_>) {
    let whole = x.width / (8 * S);
    let (dst, rest) = dst.as_chunks_mut::<T>().0.split_at_mut(whole * 8);
    for (b, dst) in dst.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let mut words = [[0; 8]; T];
        for (t, words) in words.iter_mut().enumerate() {
            let x = x.row(t)[b * 8 * S..][..8 * S].as_chunks().0;
            for (word, &x) in words.iter_mut().zip(x) {
                *word = W::of(x);
            }
        }
        for (i, dst) in dst.iter_mut().enumerate() {
            for (dst, words) in dst.iter_mut().zip(&words) {
                *dst = words[i];
            }
        }
    }
    for t in 0..T {
        let x = &x.row(t)[whole * 8 * S..];
        for (i, dst) in rest.iter_mut().enumerate() {
            let mut step = [0.0; S];
            for (step, x) in step.iter_mut().zip(x.iter().skip(i * S)) {
                *step = *x;
            }
            dst[t] = W::of(step);
        }
    }
}
