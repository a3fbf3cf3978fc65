//! `config.json` as typed structs that keep its keys.
//!
//! A config decides what is computed, so nothing in it is skipped unseen. Every key is one of:
//!
//! * **read**: a field of [`Qwen2Config`] or [`LlamaConfig`], of the right type and in range;
//! * **harmless**: on the list in `harmless.rs`, because it does not touch the forward pass;
//! * **idle**: unknown, but `null`, `false`, an empty object or an empty array, which is how a key
//!   says that the thing it is about is not there;
//! * anything else is an error that names the key and its value.
//!
//! What is read and merely not implemented by a model (a sliding window in use, biases) is kept in
//! the struct, for the model to refuse by name. Values that only one spelling is known for, such
//! as `hidden_act`, are refused here.

mod distills;
mod error;
mod fields;
mod harmless;
mod llama;
mod parse;
mod qwen2;
mod rope;

pub use distills::{DISTILLS, Distill};
pub use error::ConfigError;
pub use llama::LlamaConfig;
pub use qwen2::Qwen2Config;
pub use rope::{RopeScaling, RopeType};

/// The largest `config.json` that is read.
pub const MAX_CONFIG: u64 = 1 << 20;

/// A parsed `config.json`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ModelConfig {
    /// `"model_type": "qwen2"`: Qwen2, Qwen2.5 and R1's Qwen distills.
    Qwen2(Qwen2Config),
    /// `"model_type": "llama"`: Llama 1 to 3, SmolLM and R1's Llama distills.
    Llama(LlamaConfig),
}
