//! Checkpoints for glassbox: GGUF and safetensors files as named matrices, `config.json` as typed
//! structs, a quantiser, a GGUF writer, and weights that are kept as a device lays them out
//! ([`prepare`]).
//!
//! ```no_run
//! use glassbox_weights::{Checkpoint, OpenOptions};
//!
//! let checkpoint = Checkpoint::open("model.gguf", &OpenOptions::default())?;
//! for info in checkpoint.tensors() {
//!     println!("{} {} {:?}", info.name(), info.dtype(), info.shape());
//! }
//! let norm = checkpoint.require("output_norm.weight", 1, 2048)?;
//! # Ok::<(), glassbox_weights::WeightsError>(())
//! ```
//!
//! Every file is untrusted. Any bytes give `Ok` or a typed error that names the file, the place,
//! what was found and what was expected; nothing panics, and nothing is reserved from a number
//! that the file's own size does not vouch for. What a config says and glassbox does not compute
//! is an error, never ignored.
//!
//! A checkpoint may also be bytes that a program brings: [`Checkpoint::from_memory`]. Files are
//! memory-mapped unless [`OpenOptions::mmap`] says otherwise. **A mapped file must not
//! be shortened while its [`Checkpoint`] or any of its weights live**: reading a page that is gone
//! ends the process (`SIGBUS`), and no library can turn that into an error. Plain reads can, at
//! the price of copies; see [`OpenOptions`].
//!
//! Deliberately absent: what the tensors mean (`glassbox-models`), tokenizers, downloads, pickle
//! files, and big-endian GGUF.

#![deny(unsafe_code)]

mod checkpoint;
pub mod config;
mod error;
mod fingerprint;
mod folder;
pub mod gguf;
mod json;
mod map;
mod open;
mod prepared;
pub mod quantize;
pub mod safetensors;
mod sniff;
mod source;
mod tensor_info;
mod verify;

pub use checkpoint::{Checkpoint, Format};
pub use config::{LlamaConfig, ModelConfig, Qwen2Config, RopeScaling, RopeType};
pub use error::{EscapedBytes, WeightsError};
pub use fingerprint::Fingerprint;
pub use json::JsonError;
pub use open::OpenOptions;
pub use prepared::{Unusable, prepare};
pub use quantize::{Target, quantize};
pub use sniff::Foreign;
pub use tensor_info::TensorInfo;
pub use verify::{NonFinite, verify};
