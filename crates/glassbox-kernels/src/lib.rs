//! CPU kernels on slices: what each operation of a decoder computes, and the tables of compiled
//! variants that compute it.
//!
//! [`portable`] is the specification: plain loops with a documented order of every reduction.
//! Each table of [`Kernels`] equals it to the bit, whatever instructions it was compiled to, so a
//! program's results do not depend on the machine that runs it. A table is chosen once, at run
//! time:
//!
//! ```
//! let kernels = glassbox_kernels::Kernels::detect().unwrap();
//! let mut sum = [1.0, 2.0];
//! kernels.add(&mut sum, &[0.5, 0.5]);
//! assert_eq!(sum, [1.5, 2.5]);
//! ```
//!
//! Deliberately absent: threads, allocation, files, and any choice by `target-cpu` at compile
//! time.

#![deny(unsafe_code)]

mod activations;
mod arch;
pub mod panels;
pub mod portable;
mod table;
mod tile;

pub use activations::{ActBlock, Activations, Rows, Step, Steps, TILE, Turns, tile};
pub use panels::attention::{HeadPanels, KvPanels};
pub use portable::attention::{KvPages, Queries};
pub use table::{IsaError, Kernels};
pub use tile::{Grid, Tile};
