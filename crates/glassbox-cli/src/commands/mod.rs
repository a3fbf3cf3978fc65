//! One file per command.

pub(crate) mod ask;
pub(crate) mod bench;
pub(crate) mod chat;
pub(crate) mod doctor;
pub(crate) mod eval;
pub(crate) mod inspect;
pub(crate) mod logits;
pub(crate) mod models;
pub(crate) mod prepare;
pub(crate) mod quantize;
pub(crate) mod replay;
pub(crate) mod tokens;
pub(crate) mod trace;
