//! What a model's files lie in: a folder of the file system, or memory.

use crate::source::{Source, read_small};
use crate::{OpenOptions, WeightsError};
use glassbox_core::SharedBytes;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub(crate) enum Folder {
    Disk(PathBuf),
    /// Files by name, and the name of them all.
    Memory(PathBuf, BTreeMap<PathBuf, SharedBytes>),
}

impl Folder {
    /// The folder that a file lies in.
    pub(crate) fn of(file: &Path) -> Folder {
        Folder::Disk(match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
            _ => PathBuf::from("."),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Folder::Disk(path) | Folder::Memory(path, _) => path,
        }
    }

    /// The folder's own name, whatever path led to it.
    pub(crate) fn name(&self) -> Option<String> {
        let path = match self {
            Folder::Disk(path) => std::fs::canonicalize(path).ok()?,
            Folder::Memory(path, _) => path.clone(),
        };
        Some(path.file_name()?.to_str()?.to_owned())
    }

    /// The names of what lies in it, as far as they can be read.
    pub(crate) fn names(&self) -> Vec<PathBuf> {
        match self {
            Folder::Disk(path) => {
                let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
                entries.map(|entry| entry.file_name().into()).collect()
            }
            Folder::Memory(_, files) => files.keys().cloned().collect(),
        }
    }

    pub(crate) fn has(&self, name: impl AsRef<Path>) -> bool {
        match self {
            Folder::Disk(path) => path.join(name).is_file(),
            Folder::Memory(_, files) => files.contains_key(name.as_ref()),
        }
    }

    /// Opens a file of weights.
    pub(crate) fn source(
        &self,
        name: impl AsRef<Path>,
        options: &OpenOptions,
    ) -> Result<Source, WeightsError> {
        let path = self.path().join(&name);
        match self {
            Folder::Disk(_) => Source::open(&path, options),
            Folder::Memory(_, files) => match files.get(name.as_ref()) {
                Some(bytes) => Ok(Source::memory(&path, bytes.clone())),
                None => Err(WeightsError::Io {
                    path,
                    source: ErrorKind::NotFound.into(),
                }),
            },
        }
    }

    /// A small file; `None` when there is none, an error above `cap` bytes.
    pub(crate) fn small(
        &self,
        name: impl AsRef<Path>,
        cap: u64,
    ) -> Result<Option<Vec<u8>>, WeightsError> {
        let path = self.path().join(&name);
        match self {
            Folder::Disk(_) => read_small(path, cap),
            Folder::Memory(_, files) => match files.get(name.as_ref()) {
                Some(bytes) if bytes.len() as u64 > cap => {
                    Err(WeightsError::FileTooLarge { path, cap })
                }
                bytes => Ok(bytes.map(|bytes| bytes.to_vec())),
            },
        }
    }
}
