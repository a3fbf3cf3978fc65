use crate::config::MAX_CONFIG;
use crate::gguf::{self, GgufError, sorted_unique};
use crate::safetensors::{self, IndexError, SafeTensorsError, is_plain_name};
use crate::sniff::{Foreign, Kind, kind};
use crate::source::{Source, read_small};
use crate::{ModelConfig, OpenOptions, TensorInfo, WeightsError};
use glassbox_core::{SharedBytes, WeightView};
use std::path::{Path, PathBuf};

/// The largest file beside the weights that is read: real tokenizers stay below 40 MB.
const MAX_BESIDE: u64 = 128 << 20;
/// The largest index: 70B models have some 60 KB.
const MAX_INDEX: u64 = 64 << 20;

const INDEX: &str = "model.safetensors.index.json";
const SINGLE: &str = "model.safetensors";

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
    sources: Vec<Source>,
    tensors: Vec<TensorInfo>,
    by_name: Vec<u32>,
    gguf: Option<gguf::Metadata>,
    config: Option<ModelConfig>,
    folder: Option<PathBuf>,
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
    /// Anything that the formats' rules forbid, as [`gguf`](crate::gguf),
    /// [`safetensors`](crate::safetensors) and [`config`](crate::config) list them.
    pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Checkpoint, WeightsError> {
        let path = path.as_ref();
        if path.is_dir() {
            return open_folder(path, options);
        }
        if path.to_string_lossy().ends_with(".safetensors.index.json") {
            return open_sharded(path, options);
        }
        let source = Source::open(path, options)?;
        match kind(&source.prefix(512)?, source.len()) {
            Kind::Gguf => open_gguf(source),
            Kind::SafeTensors => {
                let folder = parent(path);
                let config = read_config(&folder)?;
                let mut builder = Builder::default();
                builder.safetensors(source)?;
                builder.finish(config, folder)
            }
            Kind::Foreign(found) => Err(WeightsError::Foreign {
                path: path.to_path_buf(),
                found,
            }),
        }
    }

    /// Reads the header of a GGUF file whose tensor data may be cut off.
    pub fn open_header(path: impl AsRef<Path>) -> Result<gguf::Header, WeightsError> {
        let path = path.as_ref();
        let source = Source::open(path, &OpenOptions::default())?;
        match kind(&source.prefix(512)?, source.len()) {
            Kind::Gguf | Kind::SafeTensors => gguf_header(&source),
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
            Some(folder) => read_small(folder.join(name), MAX_BESIDE),
            None => Ok(None),
        }
    }

    /// All tensors: in file order, shard by shard.
    pub fn tensors(&self) -> impl ExactSizeIterator<Item = &TensorInfo> {
        self.tensors.iter()
    }

    /// What the files say of the tensor `name`.
    pub fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.by_name
            .binary_search_by(|&i| self.tensors[i as usize].name.as_str().cmp(name))
            .ok()
            .map(|at| &self.tensors[self.by_name[at] as usize])
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

fn gguf_error(source: &Source, error: GgufError) -> WeightsError {
    WeightsError::Gguf {
        path: source.path().to_path_buf(),
        source: error,
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

fn gguf_header(source: &Source) -> Result<gguf::Header, WeightsError> {
    let prefix = |len| source.prefix(len).map_err(Stop::Read);
    gguf::Header::parse_growing(source.len(), prefix).map_err(|stop| match stop {
        Stop::Read(e) => e,
        Stop::Wrong(e) => gguf_error(source, e),
    })
}

fn open_gguf(source: Source) -> Result<Checkpoint, WeightsError> {
    let header = gguf_header(&source)?;
    let parts = header.metadata().u64("split.count")?.unwrap_or(0);
    if parts > 1 {
        let part = header.metadata().u64("split.no")?.unwrap_or(0);
        return Err(gguf_error(
            &source,
            GgufError::Split {
                part: part.saturating_add(1),
                count: parts,
            },
        ));
    }
    header
        .check_data(source.len())
        .map_err(|e| gguf_error(&source, e))?;
    let (metadata, descriptors, data_offset) = header.into_parts();
    let tensors: Vec<TensorInfo> = descriptors
        .into_iter()
        .map(|t| TensorInfo {
            name: t.name,
            dtype: t.dtype,
            shape: t.shape,
            // No overflow: `check_data` saw that the tensor ends inside the file.
            offset: data_offset + t.offset,
            n_bytes: t.n_bytes,
            file: source.path().clone(),
            source: 0,
        })
        .collect();
    // The header's parser refused duplicates already.
    let by_name = sorted_unique(tensors.len(), |i| &tensors[i].name).unwrap_or_default();
    Ok(Checkpoint {
        format: Format::Gguf,
        sources: vec![source],
        tensors,
        by_name,
        gguf: Some(metadata),
        config: None,
        folder: None,
    })
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

fn read_config(folder: &Path) -> Result<Option<ModelConfig>, WeightsError> {
    let path = folder.join("config.json");
    let Some(bytes) = read_small(path.clone(), MAX_CONFIG)? else {
        return Ok(None);
    };
    match ModelConfig::parse(&bytes) {
        Ok(config) => Ok(Some(config)),
        Err(source) => Err(WeightsError::Config { path, source }),
    }
}

fn open_folder(folder: &Path, options: &OpenOptions) -> Result<Checkpoint, WeightsError> {
    // The index first, as a folder that has both was sharded last; then the single file.
    let index = folder.join(INDEX);
    let single = folder.join(SINGLE);
    let sharded = index.is_file();
    if !sharded && !single.is_file() {
        return Err(WeightsError::NoWeights {
            path: folder.to_path_buf(),
            instead: other_weights(folder),
        });
    }
    if !folder.join("config.json").is_file() {
        return Err(WeightsError::NoConfig {
            path: folder.to_path_buf(),
        });
    }
    match sharded {
        true => open_sharded(&index, options),
        false => Checkpoint::open(single, options),
    }
}

/// What a folder without safetensors has instead, for the message.
fn other_weights(folder: &Path) -> Option<String> {
    const PICKLE: &str = ": pickle files are not supported, convert to safetensors";
    let names = std::fs::read_dir(folder).ok()?;
    names
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| {
            let ending = Path::new(&name).extension()?.to_str()?;
            match ending {
                "bin" | "pt" | "pth" => Some(format!("{name}{PICKLE}")),
                "gguf" => Some(format!("{name}: give the path of that file")),
                "safetensors" => Some(format!("{name}: give the path of that file")),
                _ => None,
            }
        })
        .min()
}

fn open_sharded(index: &Path, options: &OpenOptions) -> Result<Checkpoint, WeightsError> {
    let wrong = |source| WeightsError::Index {
        path: index.to_path_buf(),
        source,
    };
    let folder = parent(index);
    let config = read_config(&folder)?;
    let bytes = read_small(index.to_path_buf(), MAX_INDEX)?.ok_or_else(|| WeightsError::Io {
        path: index.to_path_buf(),
        source: std::io::ErrorKind::NotFound.into(),
    })?;
    let parsed = safetensors::parse_index(&bytes).map_err(wrong)?;
    let mut builder = Builder::default();
    for shard in &parsed.shards {
        let path = folder.join(shard);
        if !path.is_file() {
            let shard = shard.clone();
            return Err(wrong(IndexError::MissingShard { shard }));
        }
        let source = Source::open(&path, options)?;
        match kind(&source.prefix(512)?, source.len()) {
            Kind::SafeTensors => builder.safetensors(source)?,
            Kind::Gguf => {
                let found = Foreign::Gguf;
                return Err(WeightsError::Foreign { path, found });
            }
            Kind::Foreign(found) => return Err(WeightsError::Foreign { path, found }),
        }
    }
    builder.agrees(&parsed).map_err(wrong)?;
    builder.finish(config, folder)
}

/// Collects the shards of a safetensors model.
#[derive(Default)]
struct Builder {
    sources: Vec<Source>,
    tensors: Vec<TensorInfo>,
}

impl Builder {
    fn safetensors(&mut self, source: Source) -> Result<(), WeightsError> {
        let range = |start, len| source.range(start, len).map_err(Stop::Read);
        let header = safetensors::parse_header(source.len(), range).map_err(
            |stop: Stop<SafeTensorsError>| match stop {
                Stop::Read(e) => e,
                Stop::Wrong(e) => WeightsError::SafeTensors {
                    path: source.path().to_path_buf(),
                    source: e,
                },
            },
        )?;
        let index = self.sources.len();
        self.tensors
            .extend(header.tensors.into_iter().map(|t| TensorInfo {
                name: t.name,
                dtype: t.dtype,
                shape: t.shape,
                offset: header.data_offset + t.offset,
                n_bytes: t.n_bytes,
                file: source.path().clone(),
                source: index,
            }));
        self.sources.push(source);
        Ok(())
    }

    /// Every tensor lies in the shard where the index puts it, and the reverse.
    fn agrees(&self, index: &safetensors::Index) -> Result<(), IndexError> {
        let shard = |t: &TensorInfo| index.shards[t.source].clone();
        let mut present: Vec<(&str, &str)> = self
            .tensors
            .iter()
            .map(|t| (t.name(), index.shards[t.source].as_str()))
            .collect();
        present.sort_unstable();
        for (tensor, shard) in &index.tensors {
            if present.binary_search(&(tensor, shard)).is_err() {
                return Err(IndexError::NotInShard {
                    tensor: tensor.clone(),
                    shard: shard.clone(),
                });
            }
        }
        let mut promised: Vec<(&str, &str)> = index
            .tensors
            .iter()
            .map(|(tensor, shard)| (tensor.as_str(), shard.as_str()))
            .collect();
        promised.sort_unstable();
        match self.tensors.iter().find(|t| {
            promised
                .binary_search(&(t.name(), index.shards[t.source].as_str()))
                .is_err()
        }) {
            None => Ok(()),
            Some(t) => Err(IndexError::NotInIndex {
                tensor: t.name.clone(),
                shard: shard(t),
            }),
        }
    }

    fn finish(
        self,
        config: Option<ModelConfig>,
        folder: PathBuf,
    ) -> Result<Checkpoint, WeightsError> {
        // Each file's parser and the index's refused duplicates already.
        let by_name = sorted_unique(self.tensors.len(), |i| &self.tensors[i].name);
        Ok(Checkpoint {
            format: Format::SafeTensors,
            sources: self.sources,
            tensors: self.tensors,
            by_name: by_name.unwrap_or_default(),
            gguf: None,
            config,
            folder: Some(folder),
        })
    }
}
