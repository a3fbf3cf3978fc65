//! The specification of every operation, in plain loops.
//!
//! # Order of reduction
//! A sum of floats runs over [`LANES`] partial sums, element `i` going to lane `i % LANES` by a
//! fused multiply-add in order of `i`, and the lanes are folded by halves:
//! `lane[j] += lane[j + n / 2]`. Sums over the blocks of a quantised row run in order of the
//! blocks, in one partial sum. Sums of integers are exact. Nothing else is summed in floats.
//!
//! All functions are `#[inline(always)]`, so that a table can compile them again with more
//! instructions enabled; fused multiply-adds are explicit, so that none is made or lost by that.

pub mod attention;
pub mod dot;
pub mod elementwise;
pub mod exp;
pub mod limits;
pub mod linear_float;
pub mod linear_quant;
pub mod quantize;
pub mod rms_norm;
pub mod rope;

/// Partial sums of a float reduction.
pub const LANES: usize = 16;
