//! A log of replies that can only grow.
//!
//! Each line is `{"hash":"…","entry":{…}}`: the BLAKE3 hash, derived for `glassbox audit 1`, of the
//! hash of the line before (32 zero bytes at first) and the bytes of the entry as they stand in the
//! file. A line that is changed, removed or put elsewhere breaks the chain where it was. Whoever
//! rewrites the log from some line to its end is found out by whoever kept a later
//! [`hash`](AuditLog::hash).

mod error;
mod log;
mod reader;

pub use error::AuditError;
pub use log::AuditLog;
pub use reader::{AuditEntry, AuditReader};

/// The hash of a line.
fn link(previous: &blake3::Hash, entry: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_derive_key("glassbox audit 1");
    hasher.update(previous.as_bytes());
    hasher.update(entry);
    hasher.finalize()
}

/// What precedes the first line.
const START: blake3::Hash = blake3::Hash::from_bytes([0; 32]);
