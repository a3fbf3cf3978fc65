use crate::{CertificateError, EngineError};
use std::io;
use std::path::PathBuf;

/// What can be wrong with an audit log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The file system.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Another process writes to it.
    #[error("{}: another process has this audit log open", path.display())]
    InUse {
        /// The log.
        path: PathBuf,
    },
    /// Not a line of an audit log.
    #[error("{}, line {line}: {error}", path.display())]
    Json {
        /// The log.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What it is not.
        error: serde_json::Error,
    },
    /// The chain breaks here.
    #[error(
        "{}, line {line}: its hash does not follow from the line before: \
         it was changed, or what stood before it is not there any more", path.display()
    )]
    Chain {
        /// The log.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
    /// The certificate of a line is not what was sealed.
    #[error("{}, line {line}: {error}", path.display())]
    Certificate {
        /// The log.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        error: CertificateError,
    },
    /// The last line was never finished.
    #[error(
        "{}, line {line}: torn after {bytes} bytes: its writer was stopped before it was \
         acknowledged", path.display()
    )]
    Torn {
        /// The log.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Bytes that are there.
        bytes: u64,
    },
    /// A line that no reply makes.
    #[error("{}, line {line}: longer than {most} bytes", path.display())]
    TooLong {
        /// The log.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The most bytes of a line.
        most: u64,
    },
    /// A reply that has no certificate.
    #[error(transparent)]
    Reply(#[from] EngineError),
}
