//! Weights as a device lays them out, in a file beside the model, so that loading maps them instead
//! of laying them out anew.
//!
//! It is a GGUF file of an architecture of its own. A matrix keeps its name and its type; its rows
//! are filled up to what the device needs, and its bytes stand in the device's order. Two things
//! are written down: whose weights they are, by what tells a file from its next version at a
//! glance, and a hash of every matrix, which is compared when it is taken.

mod write;

pub use write::prepare;

use crate::checkpoint::gguf_file;
use crate::source::Source;
use crate::{Checkpoint, OpenOptions, TensorInfo, WeightsError};
use blake3::Hasher;
use glassbox_core::SharedBytes;
use rayon::prelude::*;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use twox_hash::XxHash3_64;

const ARCHITECTURE: &str = "glassbox-prepared";
const LAYOUT: &str = "prepared.layout";
const SOURCE: &str = "prepared.source";
const HASHES: &str = "prepared.hashes";

/// The file of prepared weights that belongs to a checkpoint.
pub(crate) enum Prepared {
    /// There is none.
    Absent,
    /// It is of these very files.
    Fresh(Box<Fresh>),
    /// What lies in its place is of no use.
    Unusable(Unusable),
}

pub(crate) struct Fresh {
    file: Checkpoint,
    layout: String,
    /// Of every tensor, in the order of the file.
    hashes: Vec<String>,
}

/// Why what lies in the place of prepared weights is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// Prepared weights of an older or newer version of the model's files.
    #[error("{}: not used, since it was made of other files than the model has now", .path.display())]
    Outdated {
        /// The file.
        path: PathBuf,
    },
    /// Something else.
    #[error("{}: not used, since it is no file of prepared weights", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Something that can't be read.
    #[error("not used: {reason}")]
    Wrong {
        /// What is wrong, with the file's name.
        reason: String,
    },
}

/// Where the prepared weights of what was opened as `path` lie.
pub(crate) fn place(path: &Path) -> PathBuf {
    if path.is_dir() {
        return path.join("model.prepared");
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".prepared");
    name.into()
}

impl Prepared {
    /// What lies at `path` for `checkpoint`.
    pub(crate) fn open(path: &Path, checkpoint: &Checkpoint) -> Prepared {
        let source = match Source::open(path, &OpenOptions::default()) {
            Err(WeightsError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                return Prepared::Absent;
            }
            source => source,
        };
        let fresh = source.and_then(gguf_file::open).and_then(Fresh::of);
        let path = path.to_path_buf();
        Prepared::Unusable(match fresh {
            Ok(Some((fresh, of))) if of == identity(checkpoint) => {
                return Prepared::Fresh(Box::new(fresh));
            }
            Ok(Some(_)) => Unusable::Outdated { path },
            Ok(None) => Unusable::Foreign { path },
            Err(error) => Unusable::Wrong {
                reason: error.to_string(),
            },
        })
    }
}

impl Fresh {
    /// The file, and whose weights it holds; `None` where it is something else.
    fn of(file: Checkpoint) -> Result<Option<(Fresh, String)>, WeightsError> {
        let Some(metadata) = file.gguf() else {
            return Ok(None);
        };
        if metadata.str("general.architecture")? != Some(ARCHITECTURE) {
            return Ok(None);
        }
        let parts = (
            metadata.str(LAYOUT)?,
            metadata.str(SOURCE)?,
            metadata.strings(HASHES)?,
        );
        let (Some(layout), Some(source), Some(hashes)) = parts else {
            return Ok(None);
        };
        let (layout, source) = (layout.to_owned(), source.to_owned());
        let hashes: Vec<String> = hashes.map(String::from).collect();
        if hashes.len() != file.tensors().len() {
            return Ok(None);
        }
        let fresh = Fresh {
            file,
            layout,
            hashes,
        };
        Ok(Some((fresh, source)))
    }

    pub(crate) fn path(&self) -> &Path {
        self.file.sources[0].path()
    }

    /// The bytes of a tensor of the model in `layout`; `None` where the file does not have them.
    pub(crate) fn bytes(
        &self,
        of: &TensorInfo,
        layout: &str,
    ) -> Result<Option<SharedBytes>, WeightsError> {
        let Some(at) = self.file.position(of.name()) else {
            return Ok(None);
        };
        if self.layout != layout {
            return Ok(None);
        }
        let bytes = self.file.bytes(&self.file.tensors[at])?;
        match hash(of, &bytes) == self.hashes[at] {
            true => Ok(Some(bytes)),
            false => Err(WeightsError::Damaged {
                path: self.path().to_path_buf(),
                tensor: of.name().into(),
            }),
        }
    }
}

/// The hash of a matrix, with what it is to be. It is to notice damage, at the speed of the memory,
/// and not somebody who could as well change the model.
fn hash(of: &TensorInfo, bytes: &[u8]) -> String {
    let parts = bytes.par_chunks(1 << 20).map(XxHash3_64::oneshot);
    let parts: Vec<u64> = parts.collect();
    let all = format!("{:?} {} {:?} {parts:x?}", of.name(), of.dtype(), of.shape());
    format!("{:016x}", XxHash3_64::oneshot(all.as_bytes()))
}

/// What tells the files of a checkpoint from others without a look at their weights: how long they
/// are and when they were written, and what their headers say.
fn identity(checkpoint: &Checkpoint) -> String {
    let mut hasher = Hasher::new_derive_key("glassbox prepared source 1");
    for source in &checkpoint.sources {
        let modified = source.modified();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        hasher.update(format!("{} {:?}\n", source.len(), since).as_bytes());
    }
    for t in checkpoint.tensors() {
        let line = format!(
            "{:?} {} {:?} {} {}\n",
            t.name, t.dtype, t.shape, t.source, t.offset
        );
        hasher.update(line.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
