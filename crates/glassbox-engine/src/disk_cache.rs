use crate::EngineError;
use crate::cache::Disk;
use glassbox_core::PAGE;
use glassbox_models::{CausalLm, Fingerprint};
use std::path::PathBuf;

/// A folder in which pages of the cache outlive the process: a prompt that begins as an earlier one
/// did is not computed again after a restart.
///
/// Several models and processes can share a folder. What is in it tells something of the prompts
/// that led to it to whoever can read it.
#[derive(Clone, Debug)]
pub struct DiskCache {
    /// The folder; it is made if it is not there.
    pub folder: PathBuf,
    /// Bytes that the pages of this model may take; those used longest ago go first.
    pub bytes: u64,
}

impl DiskCache {
    /// A place for so many bytes of pages.
    pub fn new(folder: impl Into<PathBuf>, bytes: u64) -> Self {
        DiskCache {
            folder: folder.into(),
            bytes,
        }
    }

    pub(crate) fn open(
        self,
        model: &dyn CausalLm,
        weights: Fingerprint,
    ) -> Result<Disk, EngineError> {
        let mut format = blake3::Hasher::new_derive_key("glassbox page format");
        format.update(weights.as_bytes());
        let layout = format!("{}; {PAGE}; {}", env!("CARGO_PKG_VERSION"), model.layout());
        format.update(layout.as_bytes());
        let format = *format.finalize().as_bytes();
        let page_bytes = model.page_bytes();
        Disk::open(&self.folder, self.bytes, format, page_bytes).map_err(|error| {
            EngineError::Disk {
                folder: self.folder,
                error,
            }
        })
    }
}
