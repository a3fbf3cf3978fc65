//! `chat` over the embedded model: to follow a reasoning and to correct it.
//!
//! What the model says is not fixed here, but for sums that it has to get right: the tests compare
//! replies with each other and with what was put into them.

mod branches;
mod edits;
mod errors;
mod showing;
#[path = "../support/mod.rs"]
mod support;
mod talk;
