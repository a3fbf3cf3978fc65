//! One file, mapped, read, or in memory from the start.

use crate::{OpenOptions, WeightsError, map};
use glassbox_core::SharedBytes;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

pub(crate) struct Source {
    path: Arc<Path>,
    len: u64,
    /// When the file was last written to; `None` where that is not known, or there is no file.
    modified: Option<SystemTime>,
    backing: Backing,
}

enum Backing {
    Shared(SharedBytes),
    Plain(Mutex<File>),
}

impl Source {
    pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<Source, WeightsError> {
        let io = |source| WeightsError::Io {
            path: path.to_path_buf(),
            source,
        };
        let file = open_regular(path)?;
        let metadata = file.metadata().map_err(io)?;
        let (len, modified) = (metadata.len(), metadata.modified().ok());
        // An empty file can't be mapped on every platform, and there is nothing in it to share.
        let (len, backing) = if options.mmap && len > 0 {
            let bytes = map::map(&file).map_err(io)?;
            (bytes.len() as u64, Backing::Shared(bytes))
        } else {
            (len, Backing::Plain(Mutex::new(file)))
        };
        Ok(Source {
            path: path.into(),
            len,
            modified,
            backing,
        })
    }

    /// Bytes that are in memory already, under the name `path`.
    pub(crate) fn memory(path: &Path, bytes: SharedBytes) -> Source {
        Source {
            path: path.into(),
            len: bytes.len() as u64,
            modified: None,
            backing: Backing::Shared(bytes),
        }
    }

    pub(crate) fn path(&self) -> &Arc<Path> {
        &self.path
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn modified(&self) -> Option<SystemTime> {
        self.modified
    }

    /// The bytes `[start, start + len)`; an error when the file is now shorter than it was.
    pub(crate) fn range(&self, start: u64, len: u64) -> Result<SharedBytes, WeightsError> {
        let shrunk = || WeightsError::Shrunk {
            path: self.path.to_path_buf(),
            offset: start,
            needed: len,
            len: self.len,
        };
        let end = start.checked_add(len).ok_or_else(shrunk)?;
        if end > self.len {
            return Err(shrunk());
        }
        match &self.backing {
            Backing::Shared(bytes) => usize::try_from(start)
                .ok()
                .zip(usize::try_from(end).ok())
                .and_then(|(start, end)| bytes.slice(start..end))
                .ok_or_else(shrunk),
            Backing::Plain(file) => {
                let io = |source| WeightsError::Io {
                    path: self.path.to_path_buf(),
                    source,
                };
                // A poisoned lock only means that another thread panicked between seek and read;
                // the seek below makes its position irrelevant.
                let mut file = file.lock().unwrap_or_else(|e| e.into_inner());
                file.seek(SeekFrom::Start(start)).map_err(io)?;
                let mut bytes = Vec::with_capacity(usize::try_from(len).map_err(|_| shrunk())?);
                (&mut *file).take(len).read_to_end(&mut bytes).map_err(io)?;
                if bytes.len() as u64 != len {
                    return Err(shrunk());
                }
                Ok(bytes.into())
            }
        }
    }

    /// The first bytes of the file, `len` of them or all there are.
    pub(crate) fn prefix(&self, len: u64) -> Result<SharedBytes, WeightsError> {
        self.range(0, len.min(self.len))
    }
}

/// Opens a file, but no pipe or device, which could keep a reader waiting for ever.
fn open_regular(path: &Path) -> Result<File, WeightsError> {
    let io = |source| WeightsError::Io {
        path: path.to_path_buf(),
        source,
    };
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(WeightsError::NotAFile {
            path: path.to_path_buf(),
        });
    }
    File::open(path).map_err(io)
}

/// A small file beside the weights; `None` when there is none, an error above `cap` bytes.
pub(crate) fn read_small(path: PathBuf, cap: u64) -> Result<Option<Vec<u8>>, WeightsError> {
    let file = match open_regular(&path) {
        Ok(file) => file,
        Err(WeightsError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    if let Err(source) = file.take(cap.saturating_add(1)).read_to_end(&mut bytes) {
        return Err(WeightsError::Io { path, source });
    }
    if bytes.len() as u64 > cap {
        return Err(WeightsError::FileTooLarge { path, cap });
    }
    Ok(Some(bytes))
}
