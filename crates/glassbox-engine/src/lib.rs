//! Sessions over a model: the generation loop of glassbox.
//!
//! An [`Engine`] holds a loaded model, its tokenizer and template, and the pages of the cache. A
//! [`Session`] is one conversation. [`Session::ask`] prepares a question; the [`Stream`] that comes
//! of it is the only loop from prompt to tokens, and gives the reasoning and the answer as events
//! while they are written. Nothing runs between two events: to drop a stream is to stop.
//!
//! What a prompt shares with any earlier one of the same tenant, from its first token on, is not
//! computed again. By the replay law that changes no bit of any result.
//!
//! A [`Group`] writes several replies in one batch after another. [`Session::fork_at`],
//! [`edit`](Session::edit) and [`insert`](Session::insert) go on from a place in a reply, and
//! [`Session::ask_many`] lets several branches vote.
//!
//! [`Reply::certificate`] makes a document from which a reply can be computed again, and
//! [`Engine::replay`] does so. An [`AuditLog`] keeps such documents in a chain.
//!
//! The feature `constrain` binds answers by a [`Constraint`]. It is off by default.
//!
//! Deliberately absent: devices (`glassbox_models::CausalLm` hides them), model files, and threads.

#![forbid(unsafe_code)]

mod ask;
mod audit;
mod branch;
mod budget;
mod cache;
mod cancel;
mod certificate;
mod constraint;
mod disk_cache;
mod engine;
mod error;
mod forward;
mod group;
mod guess;
mod loops;
mod reply;
mod sequence;
mod session;
mod stream;
mod vote;
mod writing;

pub use ask::{Ask, check_limits};
pub use audit::{AuditEntry, AuditError, AuditLog, AuditReader};
pub use branch::At;
pub use budget::Budget;
pub use cancel::Cancel;
pub use certificate::{Certificate, CertificateError, Link, Replay, Terms};
pub use constraint::Constraint;
pub use disk_cache::DiskCache;
pub use engine::{Engine, TextSide};
pub use error::EngineError;
pub use glassbox_trace::Event;
pub use group::Group;
pub use loops::OnLoop;
pub use reply::{Reply, Usage};
pub use session::Session;
pub use stream::Stream;
pub use vote::{Choice, Poll, Vote, Weight};
