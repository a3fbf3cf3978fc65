//! A document by which a reply can be computed again.
//!
//! [`document`] says what is in it and how it is hashed, [`replay`] writes its reply again and
//! compares, [`identity`] says which model this is.

mod document;
mod error;
pub(crate) mod hex;
mod identity;
mod replay;

pub(crate) use identity::{Identity, tokenizer_hash};

pub use document::{Certificate, Link, Terms};
pub use error::CertificateError;
pub use replay::Replay;
