//! Linear layers on panels: weights laid out so that one vector holds the same place of 16 rows.
//!
//! A *panel* is 16 rows of a weight, as many bytes as they have in a file, in another order:
//!
//! ```text
//! file:   row 0: d q q q q …    row 1: d q q q q …    …            q: four bytes, d: an f16
//! panel:  q₀ of rows 0 … 15,  q₁ of rows 0 … 15,  …                64 bytes each
//!         then of every block d of rows 0 … 15                     32 bytes each
//! ```
//!
//! Of a float type a panel has one element of every row, then the next of every row; of bf16 it
//! has two:
//!
//! ```text
//! panel:  w₀ w₁ of row 0, w₀ w₁ of row 1, …, of row 15,  w₂ w₃ of row 0, …    64 bytes each
//! ```
//!
//! So an instruction that multiplies 4 bytes by 4 bytes in each of 16 lanes takes 4 weights of 16
//! rows and the same 4 activations, and a lane's sum belongs to one row from start to end: no
//! horizontal sums. The results are those of [`portable::linear_quant`](crate::portable::linear_quant)
//! and [`portable::linear_float`](crate::portable::linear_float) to the bit: sums within a
//! quantised block are integers, hence exact in any order, and floats are added in theirs.

mod ahead;
pub(crate) mod attention;
mod floats;
mod formats;
pub mod heads;
pub(crate) mod lanes;
mod layout;
pub(crate) mod limits;
mod opened;
mod panel;
mod plain;
mod product;
pub(crate) mod quantize;

#[cfg(target_arch = "x86_64")]
pub(crate) mod amx;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;

pub(crate) use floats::linear_float;
pub use layout::{LAYOUT, ROWS, bytes, pack, unpack_row};
pub(crate) use plain::Plain;
pub(crate) use product::linear_panels;
