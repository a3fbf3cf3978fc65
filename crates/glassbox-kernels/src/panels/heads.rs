//! Keys and values of a cache in panels.
//!
//! A page of one key-value head has its keys as panels of 16 positions, two elements a step, and
//! its values as panels of 16 elements, two positions a step:
//!
//! ```text
//! keys:    k₀ k₁ of position 0, k₀ k₁ of position 1, …, of 15,  k₂ k₃ of position 0, …
//! values:  element 0 of positions 0 and 1, element 1 of both, …, element 15,
//!          element 0 of positions 2 and 3, …
//! ```
//!
//! so that a lane of a score is a position, and a lane of an output an element.

use super::layout::ROWS;
use glassbox_core::PAGE;

/// An integer of a key or a value, as a cache keeps it.
pub trait Cell: Copy {
    /// `x`, which it can hold.
    fn narrow(x: i16) -> Self;
    /// The integer.
    fn widen(self) -> i16;
}

impl Cell for i16 {
    #[inline(always)]
    fn narrow(x: i16) -> Self {
        x
    }

    #[inline(always)]
    fn widen(self) -> i16 {
        self
    }
}

impl Cell for i8 {
    #[inline(always)]
    fn narrow(x: i16) -> Self {
        x as i8
    }

    #[inline(always)]
    fn widen(self) -> i16 {
        i16::from(self)
    }
}

/// Two elements of a vector, or one of two vectors.
pub type Pair<C = i16> = [C; 2];

/// Pairs of the keys of one head in a page.
pub const fn key_pairs(head_dim: usize) -> usize {
    PAGE * head_dim.div_ceil(2)
}

/// Pairs of the values of one head in a page.
pub const fn value_pairs(head_dim: usize) -> usize {
    PAGE / 2 * head_dim.next_multiple_of(ROWS)
}

/// Where element `i` of the key at position `pos` of a page is: which pair, and which half of it.
#[inline(always)]
const fn key_place(head_dim: usize, pos: usize, i: usize) -> (usize, usize) {
    let panel = pos / ROWS * head_dim.div_ceil(2) * ROWS;
    (panel + i / 2 * ROWS + pos % ROWS, i % 2)
}

/// Where element `i` of the value at position `pos` of a page is.
#[inline(always)]
const fn value_place(pos: usize, i: usize) -> (usize, usize) {
    let panel = i / ROWS * (PAGE / 2) * ROWS;
    (panel + pos / 2 * ROWS + i % ROWS, pos % 2)
}

/// Writes the key at position `pos` of a page of one head.
#[inline(always)]
pub fn put_key<C: Cell>(page: &mut [Pair<C>], pos: usize, key: &[i16]) {
    for (i, &x) in key.iter().enumerate() {
        let (pair, half) = key_place(key.len(), pos, i);
        page[pair][half] = C::narrow(x);
    }
}

/// Writes the value at position `pos` of a page of one head.
#[inline(always)]
pub fn put_value<C: Cell>(page: &mut [Pair<C>], pos: usize, value: &[i16]) {
    for (i, &x) in value.iter().enumerate() {
        let (pair, half) = value_place(pos, i);
        page[pair][half] = C::narrow(x);
    }
}
