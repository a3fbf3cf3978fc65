//! One file per command.

pub(crate) mod ask;
pub(crate) mod chat;
pub(crate) mod inspect;
pub(crate) mod logits;
pub(crate) mod models;
pub(crate) mod tokens;
pub(crate) mod trace;
