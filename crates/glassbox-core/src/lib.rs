//! The vocabulary that every other crate of glassbox shares: data types, quantised block formats,
//! weights as bytes with a shape, batches of sequences over paged keys and values, and the
//! [`Backend`] boundary between a model and the device that computes it.
//!
//! ```
//! use glassbox_core::{DType, WeightView};
//!
//! // A 1 × 32 matrix of q8_0: one block, whose f16 scale is 0.5 and whose weights are 0, 1, 2, …
//! let mut bytes = vec![0x00, 0x38];
//! bytes.extend(0..32u8);
//! let weight = WeightView::new("w", DType::Q8_0, 1, 32, bytes.into()).unwrap();
//! let mut row = [0.0f32; 32];
//! weight.dequantize_row(0, &mut row);
//! assert_eq!(row[3], 1.5);
//! ```
//!
//! Deliberately absent: files and their formats, devices, threads, and anything that allocates
//! on the decode path.

#![forbid(unsafe_code)]

mod attention;
mod backend;
mod batch;
pub mod conformance;
mod dtype;
mod error;
pub mod quant;
mod rope;
mod shared_bytes;
mod weight;

pub use attention::{AttentionShape, KvType};
pub use backend::Backend;
pub use batch::{Batch, PAGE, Sequence};
pub use dtype::DType;
pub use error::CoreError;
pub use rope::{Rope, RopeLayout};
pub use shared_bytes::SharedBytes;
pub use weight::WeightView;
