//! The CPU backend: buffers, a team of threads, and which kernel runs for each operation.
//!
//! ```
//! use glassbox_core::{Backend, Batch, DType, Rope, RopeLayout, Sequence, WeightView};
//! use glassbox_cpu::{Cpu, CpuOptions};
//!
//! let mut cpu = Cpu::new(&CpuOptions::default()).unwrap();
//! let identity = [1.0f32, 0.0, 0.0, 1.0].map(f32::to_le_bytes).concat();
//! let table = WeightView::new("embed", DType::F32, 2, 2, identity.into()).unwrap();
//! let table = cpu.upload(table).unwrap();
//! let mut x = cpu.buffer(1, 2).unwrap();
//!
//! let sequence = [Sequence { n_tokens: 1, start: 0, pages: &[0] }];
//! let batch = Batch::new(&[1], &sequence, &[0]).unwrap();
//! let rope = Rope { inv_freq: vec![], magnitude: 1.0, layout: RopeLayout::Half };
//! cpu.begin(&batch, &rope).unwrap();
//! cpu.embed(&mut x, &table).unwrap();
//! let mut row = [0.0; 2];
//! cpu.read(&mut row, &x).unwrap();
//! assert_eq!(row, [0.0, 1.0]);
//! ```
//!
//! Matrices are laid out anew, in panels of as many bytes as in their file (see
//! `glassbox_kernels::panels`).
//!
//! Deliberately absent: arithmetic, which is all in `glassbox-kernels`, and anything that knows
//! of models.

#![deny(unsafe_code)]

mod angles;
mod backend;
mod input;
mod kv;
mod limits;
mod linear;
mod memory;
mod options;
mod team;
mod weight;

pub use backend::{Buf, Cpu};
pub use kv::Kv;
pub use limits::Limits;
pub use options::{CpuError, CpuOptions};
pub use weight::Weight;
