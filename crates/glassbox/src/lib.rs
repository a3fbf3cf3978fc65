//! Reasoning models for Rust programs: ask a question, watch the reasoning, read the answer.
//!
//! ```no_run
//! use glassbox::{Event, Model};
//!
//! let model = Model::open("models/SmolLM2-135M-Instruct.Q4_1.gguf")?;
//! let mut session = model.session();
//! let mut stream = session.ask("What is the capital of France?").max_tokens(200).stream()?;
//! for event in &mut stream {
//!     match event? {
//!         Event::Thinking(text) | Event::Answer(text) => print!("{text}"),
//!         Event::Step(step) => eprintln!("[{} {}]", step.index, step.kind.name()),
//!         _ => {}
//!     }
//! }
//! println!("\n{:?}", stream.finish()?.usage);
//! # Ok::<(), glassbox::Error>(())
//! ```
//!
//! This crate is a thin front: it opens files, puts a backend, a tokenizer and an engine together,
//! and re-exports what a program needs. [`trace`], [`sampling`] and [`text`] can be used alone.
//!
//! The feature `tiny` embeds a small reasoning model, `Model::tiny()`, for programs that should
//! run without any file; `constrain` binds answers by a [`Constraint`]. Both are off by default.
//!
//! Deliberately absent: anything that belongs to one of the crates below.

#![forbid(unsafe_code)]

mod error;
mod model;
mod options;
mod text_side;
#[cfg(feature = "tiny")]
pub mod tiny;

pub use error::Error;
pub use glassbox_core::{Batch, DType, KvType, PAGE, RopeLayout, Sequence, SharedBytes};
pub use glassbox_cpu::{CpuOptions, Limits};
pub use glassbox_engine::{
    Ask, At, AuditEntry, AuditError, AuditLog, AuditReader, Budget, Cancel, Certificate, Choice,
    Constraint, DiskCache, Engine, EngineError, Event, Group, OnLoop, Poll, Replay, Reply, Session,
    Stream, TextSide, Usage, Vote, Weight, check_limits,
};
pub use glassbox_models::{
    CausalLm, DecoderSpec, Family, ModelError, Progress, RopeScaling, Tensor,
};
pub use glassbox_sampling::{Chain, SamplingParams};
pub use glassbox_text::{Message, Role, Special, Thinking};
pub use glassbox_trace::{StepKind, StopReason, Trace};
pub use model::Model;
pub use options::ModelOptions;
pub use text_side::{gguf_text_side, gguf_vocab, open_text_side, text_side};

/// CPU kernels and their tables.
pub use glassbox_kernels as kernels;
pub use glassbox_kernels::{IsaError, Kernels};
/// From logits to a token.
pub use glassbox_sampling as sampling;
/// Tokenizers and chat templates.
pub use glassbox_text as text;
/// From model output to a reasoning trace; needs no model.
pub use glassbox_trace as trace;
/// Checkpoints, their metadata, and the quantiser.
pub use glassbox_weights as weights;
