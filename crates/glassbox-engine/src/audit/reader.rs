use super::{AuditError, START, link};
use crate::Certificate;
use blake3::Hash;
use glassbox_text::Message;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The most bytes of a line: several times a reply of a million tokens.
const MOST: u64 = 64 << 20;

/// One reply in an audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AuditEntry {
    /// When it was written down, in milliseconds since 1970 by this machine's clock.
    pub unix_ms: u64,
    /// The conversation up to the question; empty where a text was continued.
    pub messages: Vec<Message>,
    /// Everything that was written, tags included.
    pub text: String,
    /// What it takes to compute it again.
    pub certificate: Certificate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(with = "crate::certificate::hex")]
    hash: Hash,
    #[serde(borrow)]
    entry: &'a RawValue,
}

/// Reads an audit log and checks it, line by line. The first error is the last that it gives.
#[derive(Debug)]
pub struct AuditReader {
    path: PathBuf,
    file: BufReader<File>,
    line: u64,
    /// Bytes of the lines that were read and hold.
    pub(super) whole: u64,
    hash: Hash,
    ended: bool,
}

impl AuditReader {
    /// Opens a log for reading.
    ///
    /// # Errors
    /// A file that is not there.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, AuditError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|error| AuditError::Io {
            path: path.to_owned(),
            error,
        })?;
        Ok(AuditReader::new(path, file))
    }

    pub(super) fn new(path: &Path, file: File) -> Self {
        AuditReader {
            path: path.to_owned(),
            file: BufReader::new(file),
            line: 0,
            whole: 0,
            hash: START,
            ended: false,
        }
    }

    /// The hash of the last line that was read.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The number of the last line that was read, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    fn entry(&mut self) -> Result<Option<AuditEntry>, AuditError> {
        let mut bytes = Vec::new();
        let path = || self.path.clone();
        let read = (&mut self.file).take(MOST + 1);
        let n = { read }.read_until(b'\n', &mut bytes);
        let n = n.map_err(|error| AuditError::Io {
            path: path(),
            error,
        })? as u64;
        if n == 0 {
            return Ok(None);
        }
        let line = self.line + 1;
        if bytes.pop_if(|last| *last == b'\n').is_none() {
            return Err(match n > MOST {
                true => AuditError::TooLong {
                    path: path(),
                    line,
                    most: MOST,
                },
                false => AuditError::Torn {
                    path: path(),
                    line,
                    bytes: n,
                },
            });
        }
        let json = |error| AuditError::Json {
            path: path(),
            line,
            error,
        };
        let read: Line<'_> = serde_json::from_slice(&bytes).map_err(json)?;
        let hash = link(&self.hash, read.entry.get().as_bytes());
        if hash != read.hash {
            return Err(AuditError::Chain { path: path(), line });
        }
        let entry: AuditEntry = serde_json::from_str(read.entry.get()).map_err(json)?;
        let checked = entry.certificate.check();
        checked.map_err(|error| AuditError::Certificate {
            path: path(),
            line,
            error,
        })?;
        (self.line, self.hash) = (line, hash);
        self.whole += n;
        Ok(Some(entry))
    }
}

impl Iterator for AuditReader {
    type Item = Result<AuditEntry, AuditError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let entry = self.entry().transpose();
        self.ended = !matches!(entry, Some(Ok(_)));
        entry
    }
}
