//! Sessions over a model: the generation loop of glassbox.
//!
//! An [`Engine`] holds a loaded model, its tokenizer and template, and the pages of the cache. A
//! [`Session`] is one conversation. [`Session::ask`] prepares a question; the [`Stream`] that comes
//! of it is the only loop from prompt to tokens, and gives the reasoning and the answer as events
//! while they are written. Nothing runs between two events: to drop a stream is to stop.
//!
//! What a later turn shares with an earlier one, from its first token on, is not computed again.
//! By the replay law that changes no bit of any result.
//!
//! Not here yet, each with its own place to come: pages shared between sessions and kept on disk,
//! several sequences in one batch, graceful budgets, branches of a reply, voting, speculation, and
//! the replay certificate.
//!
//! Deliberately absent: devices (`glassbox_models::CausalLm` hides them), files, and threads.

#![forbid(unsafe_code)]

mod ask;
mod cancel;
mod engine;
mod error;
mod pages;
mod reply;
mod sequence;
mod session;
mod stream;

pub use ask::{Ask, check_limits};
pub use cancel::Cancel;
pub use engine::{Engine, TextSide};
pub use error::EngineError;
pub use glassbox_trace::Event;
pub use reply::{Reply, Usage};
pub use session::Session;
pub use stream::Stream;
