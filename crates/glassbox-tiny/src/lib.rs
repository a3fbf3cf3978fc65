//! The place of the embedded tiny reasoning model.
//!
//! Nothing is embedded yet. What will stand here: a small Qwen2 checkpoint in Hugging Face
//! layout, included as bytes, its model card, and nothing that depends on another crate.
//! Until then a command that is given no `--model` says how to fetch one.

#![forbid(unsafe_code)]
