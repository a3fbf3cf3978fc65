//! Qwen2 and Llama, as data over one forward pass.
//!
//! A checkpoint's configuration becomes a [`DecoderSpec`]; what the spec cannot say is refused by
//! name. [`Decoder::load`] checks every tensor against the spec and brings it to a device, and
//! [`forward`](forward::forward) is the one pass that all families share. [`CausalLm`] hides the
//! device behind an object, which is where generics end.
//!
//! ```no_run
//! use glassbox_models::{DecoderSpec, LoadOptions};
//! use glassbox_weights::{Checkpoint, OpenOptions};
//!
//! let checkpoint = Checkpoint::open("model.gguf", &OpenOptions::default())?;
//! let spec = DecoderSpec::from_checkpoint(&checkpoint)?;
//! println!("{} layers, {} kv heads", spec.n_layers, spec.n_kv_heads);
//! # Ok::<(), glassbox_models::ModelError>(())
//! ```
//!
//! Deliberately absent: any name of a device, tokenizers, sampling, and twins of a layer for each
//! family.

#![forbid(unsafe_code)]

mod causal_lm;
mod check;
mod error;
pub mod forward;
mod from_config;
mod from_gguf;
mod load;
mod names;
mod prepare;
mod rope;
mod spec;

pub use causal_lm::{CausalLm, LoadedModel};
pub use error::{ModelError, SpecError};
pub use forward::{Site, Watch};
pub use glassbox_weights::Fingerprint;
pub use load::{Decoder, LoadOptions, Progress};
pub use names::Tensor;
pub use prepare::prepare;
pub use rope::RopeScaling;
pub use spec::{DecoderSpec, Family};
