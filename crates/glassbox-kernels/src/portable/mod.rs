//! The specification of every operation, in plain loops.
//!
//! # Order of reduction
//! A sum of floats runs over [`LANES`] partial sums, element `i` going to lane `i % LANES` by a
//! fused multiply-add in order of `i`, and the lanes are folded by halves:
//! `lane[j] += lane[j + n / 2]`. Linear layers sum in order, in one partial sum: over the blocks of
//! a quantised row, and over the elements of a block of a float one, whose sums are then added.
//! Sums of integers are exact. Nothing else is summed in floats.
//!
//! # Shape of the loops
//! Compilers turn these loops into vector code, and little keeps them from it. Partial sums are
//! copied to a local array before a loop and back after it; up to four arrays of [`LANES`], indexed
//! by loops of constant length, stay in registers, while more, or one dynamic index, put all of
//! them in memory, ten times slower. A sum of integer products is one plain `fold`. A conversion by
//! `as` saturates, element by element; `exp::round` does not.
//!
//! All functions are `#[inline(always)]`, so that a table can compile them again with more
//! instructions enabled; fused multiply-adds are explicit, so that none is made or lost by that.

pub mod attention;
pub mod attention_i16;
pub mod bf16;
pub mod dot;
pub mod elementwise;
pub mod exp;
pub mod fixed;
pub mod linear_float;
pub mod linear_quant;
pub mod rms_norm;
pub mod rope;
pub mod softmax;
pub mod steps;

/// Partial sums of a float reduction.
pub const LANES: usize = 16;
