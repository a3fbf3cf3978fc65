pub(crate) mod gguf_file;
mod safetensors_files;

use crate::folder::Folder;
use crate::gguf;
use crate::prepared::{self, Prepared};
use crate::safetensors::is_plain_name;
use crate::sniff::{Kind, kind};
use crate::source::Source;
use crate::{ModelConfig, OpenOptions, TensorInfo, Unusable, WeightsError};
use glassbox_core::{SharedBytes, WeightView};
use std::path::{Path, PathBuf};

/// The largest file beside the weights that is read: real tokenizers stay below 40 MB.
const MAX_BESIDE: u64 = 128 << 20;

/// The file format of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// One GGUF file.
    Gguf,
    /// One safetensors file, or several with an index.
    SafeTensors,
}

/// An opened model: a GGUF file, a safetensors file, or a folder as Hugging Face lays it out.
///
/// Opening reads headers and configs and checks all of them; tensor data stays in the file until
/// [`tensor`](Self::tensor) asks for it.
pub struct Checkpoint {
    format: Format,
    pub(crate) sources: Vec<Source>,
    pub(crate) tensors: Vec<TensorInfo>,
    by_name: Vec<u32>,
    gguf: Option<gguf::Metadata>,
    config: Option<ModelConfig>,
    folder: Option<Folder>,
    place: Option<PathBuf>,
    prepared: Prepared,
}

impl Checkpoint {
    /// Opens what `path` names:
    ///
    /// * a GGUF file;
    /// * a safetensors file, or an index of several (`*.safetensors.index.json`), with the
    ///   `config.json` beside it if there is one;
    /// * a folder with `config.json` and either the index or `model.safetensors`.
    ///
    /// # Errors
    /// Anything that the formats' rules forbid, as [`gguf`],
    /// [`safetensors`](crate::safetensors) and [`config`](crate::config) list them.
    pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Checkpoint, WeightsError> {
        let path = path.as_ref();
        let mut checkpoint = Checkpoint::open_alone(path, options)?;
        if options.mmap {
            let place = prepared::place(path);
            checkpoint.prepared = Prepared::open(&place, &checkpoint);
            checkpoint.place = Some(place);
        }
        Ok(checkpoint)
    }

    /// Opens a model without what may be prepared for it.
    fn open_alone(path: &Path, options: &OpenOptions) -> Result<Checkpoint, WeightsError> {
        if path.is_dir() {
            return safetensors_files::open_folder(Folder::Disk(path.into()), options);
        }
        if let Some(name) = path.file_name()
            && name.to_string_lossy().ends_with(".safetensors.index.json")
        {
            return safetensors_files::open_sharded(name, Folder::of(path), options);
        }
        let source = Source::open(path, options)?;
        match kind(&source.prefix(512)?, source.len()) {
            Kind::Gguf => gguf_file::open(source),
            Kind::SafeTensors => safetensors_files::open_one(source, Folder::of(path)),
            Kind::Foreign(found) => Err(WeightsError::Foreign {
                path: path.to_path_buf(),
                found,
            }),
        }
    }

    /// Opens the files of a folder that are in memory already, such as a program's own: each with
    /// its name, and `name` for them all. They pass the same checks, and weights are not copied.
    ///
    /// ```
    /// use glassbox_weights::{Checkpoint, WeightsError};
    ///
    /// let files = [("config.json", b"{}".to_vec().into())];
    /// let error = Checkpoint::from_memory("mine", files).unwrap_err();
    /// assert!(matches!(error, WeightsError::NoWeights { .. }));
    /// ```
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn from_memory<'a>(
        name: &str,
        files: impl IntoIterator<Item = (&'a str, SharedBytes)>,
    ) -> Result<Checkpoint, WeightsError> {
        let files = files.into_iter().map(|(name, bytes)| (name.into(), bytes));
        let folder = Folder::Memory(name.into(), files.collect());
        safetensors_files::open_folder(folder, &OpenOptions::default())
    }

    /// Reads the header of a GGUF file whose tensor data may be cut off.
    pub fn open_header(path: impl AsRef<Path>) -> Result<gguf::Header, WeightsError> {
        let path = path.as_ref();
        let source = Source::open(path, &OpenOptions::default())?;
        match kind(&source.prefix(512)?, source.len()) {
            Kind::Gguf | Kind::SafeTensors => gguf_file::header(&source),
            Kind::Foreign(found) => Err(WeightsError::Foreign {
                path: path.to_path_buf(),
                found,
            }),
        }
    }

    /// The file format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The metadata of a GGUF file; `None` for safetensors.
    pub fn gguf(&self) -> Option<&gguf::Metadata> {
        self.gguf.as_ref()
    }

    /// The parsed `config.json`; `None` for GGUF, and for a lone safetensors file without one.
    pub fn config(&self) -> Option<&ModelConfig> {
        self.config.as_ref()
    }

    /// A file beside safetensors weights, such as `tokenizer.json`; `None` when there is none,
    /// and for GGUF, which holds what it needs.
    ///
    /// # Errors
    /// A name that is a path, a file above 128 MiB, or one that can't be read.
    pub fn directory_file(&self, name: &str) -> Result<Option<Vec<u8>>, WeightsError> {
        if !is_plain_name(name) {
            return Err(WeightsError::NotAName { name: name.into() });
        }
        match &self.folder {
            Some(folder) => folder.small(name, MAX_BESIDE),
            None => Ok(None),
        }
    }

    /// The name of the folder that safetensors weights lie in; `None` where it has none, and for
    /// GGUF.
    pub(crate) fn folder_name(&self) -> Option<String> {
        self.folder.as_ref()?.name()
    }

    /// All tensors: in file order, shard by shard.
    pub fn tensors(&self) -> impl ExactSizeIterator<Item = &TensorInfo> {
        self.tensors.iter()
    }

    /// What the files say of the tensor `name`.
    pub fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.position(name).map(|at| &self.tensors[at])
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.by_name
            .binary_search_by(|&i| self.tensors[i as usize].name.as_str().cmp(name))
            .ok()
            .map(|at| self.by_name[at] as usize)
    }

    /// The tensor `name` as a matrix: a vector is one row. `None` when there is no such tensor.
    ///
    /// # Errors
    /// Another rank than 1 or 2, or, with plain reads, a file that can't be read any more.
    pub fn tensor(&self, name: &str) -> Result<Option<WeightView>, WeightsError> {
        self.info(name).map(|info| self.view(info)).transpose()
    }

    /// The tensor `name`, which must be `[rows, cols]`; a vector is `[1, cols]`.
    ///
    /// # Errors
    /// As [`tensor`](Self::tensor), and when it is missing or of another shape.
    pub fn require(
        &self,
        name: &str,
        rows: usize,
        cols: usize,
    ) -> Result<WeightView, WeightsError> {
        let info = self.info(name).ok_or_else(|| WeightsError::MissingTensor {
            tensor: name.into(),
        })?;
        if info.rows_cols() != Some((rows, cols)) {
            let expected = match rows {
                1 if info.shape.len() < 2 => vec![cols as u64],
                _ => vec![rows as u64, cols as u64],
            };
            return Err(WeightsError::Shape {
                tensor: name.into(),
                expected,
                got: info.shape.clone(),
            });
        }
        self.view(info)
    }

    /// The file of weights that [`prepare`](crate::prepare) made of this model, or why what lies
    /// in its place is not used; `None` where nothing does, and with plain reads.
    pub fn prepared(&self) -> Option<Result<&Path, &Unusable>> {
        match &self.prepared {
            Prepared::Absent => None,
            Prepared::Fresh(fresh) => Some(Ok(fresh.path())),
            Prepared::Unusable(why) => Some(Err(why)),
        }
    }

    /// The bytes of the tensor `name` in a device's `layout`, if [`prepare`](crate::prepare) made
    /// them; they are read, and compared with their hash.
    ///
    /// # Errors
    /// Bytes that have changed since.
    pub fn laid_out(&self, name: &str, layout: &str) -> Result<Option<SharedBytes>, WeightsError> {
        match (&self.prepared, self.info(name)) {
            (Prepared::Fresh(fresh), Some(info)) => fresh.bytes(info, layout),
            _ => Ok(None),
        }
    }

    /// Where prepared weights of this model belong; `None` in memory, and with plain reads.
    pub(crate) fn prepared_place(&self) -> Option<PathBuf> {
        self.place.clone()
    }

    /// Bytes of all files that hold tensors.
    pub fn file_bytes(&self) -> u64 {
        self.sources.iter().map(Source::len).sum()
    }

    /// The files that hold tensors.
    pub fn files(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.sources.iter().map(|s| s.path().as_ref())
    }

    /// The bytes of a tensor of this checkpoint.
    pub(crate) fn bytes(&self, info: &TensorInfo) -> Result<SharedBytes, WeightsError> {
        self.sources[info.source].range(info.offset, info.n_bytes)
    }

    /// A tensor of this checkpoint as a matrix.
    pub(crate) fn view(&self, info: &TensorInfo) -> Result<WeightView, WeightsError> {
        let (rows, cols) = info.rows_cols().ok_or_else(|| WeightsError::Rank {
            tensor: info.name.clone(),
            shape: info.shape.clone(),
        })?;
        let data = self.bytes(info)?;
        Ok(WeightView::new(&*info.name, info.dtype, rows, cols, data)?)
    }
}

impl std::fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checkpoint")
            .field("format", &self.format)
            .field("files", &self.files().collect::<Vec<_>>())
            .field("tensors", &self.tensors.len())
            .finish_non_exhaustive()
    }
}

/// A failed read, or a wrong header: `parse_growing` and `parse_header` stop at either.
enum Stop<E> {
    Read(WeightsError),
    Wrong(E),
}

impl<E> From<E> for Stop<E> {
    fn from(error: E) -> Self {
        Stop::Wrong(error)
    }
}
