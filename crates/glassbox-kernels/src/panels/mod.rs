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
//! So an instruction that multiplies 4 bytes by 4 bytes in each of 16 lanes takes 4 weights of 16
//! rows and the same 4 activations, and a lane's sum belongs to one row from start to end: no
//! horizontal sums. The result is that of [`portable::linear_quant`](crate::portable::linear_quant)
//! to the bit: sums within a block are integers, hence exact in any order, and the blocks of a row
//! are added in theirs.

mod formats;
pub(crate) mod lanes;
mod layout;
mod product;

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;

pub(crate) use lanes::Plain;
pub use layout::{ROWS, pack, unpack_row};
pub(crate) use product::linear_panels;
