//! One safetensors file, several with an index, or a folder of either, as a checkpoint.

use super::{Checkpoint, Format, Stop};
use crate::config::MAX_CONFIG;
use crate::folder::Folder;
use crate::gguf::sorted_unique;
use crate::prepared::Prepared;
use crate::safetensors::{self, IndexError, SafeTensorsError};
use crate::sniff::{Foreign, Kind, kind};
use crate::source::Source;
use crate::{ModelConfig, OpenOptions, TensorInfo, WeightsError};
use std::path::Path;

/// The largest index: 70B models have some 60 KB.
const MAX_INDEX: u64 = 64 << 20;

const INDEX: &str = "model.safetensors.index.json";
const SINGLE: &str = "model.safetensors";
const CONFIG: &str = "config.json";

fn read_config(folder: &Folder) -> Result<Option<ModelConfig>, WeightsError> {
    let Some(bytes) = folder.small(CONFIG, MAX_CONFIG)? else {
        return Ok(None);
    };
    match ModelConfig::parse(&bytes) {
        Ok(config) => Ok(Some(config)),
        Err(source) => Err(WeightsError::Config {
            path: folder.path().join(CONFIG),
            source,
        }),
    }
}

/// One file, with the config beside it if there is one.
pub(super) fn open_one(source: Source, folder: Folder) -> Result<Checkpoint, WeightsError> {
    let config = read_config(&folder)?;
    let mut builder = Builder::default();
    builder.add(source)?;
    builder.finish(config, folder)
}

pub(super) fn open_folder(
    folder: Folder,
    options: &OpenOptions,
) -> Result<Checkpoint, WeightsError> {
    // The index first, as a folder that has both was sharded last; then the single file.
    let sharded = folder.has(INDEX);
    if !sharded && !folder.has(SINGLE) {
        return Err(WeightsError::NoWeights {
            path: folder.path().to_path_buf(),
            instead: other_weights(&folder),
        });
    }
    if !folder.has(CONFIG) {
        return Err(WeightsError::NoConfig {
            path: folder.path().to_path_buf(),
        });
    }
    match sharded {
        true => open_sharded(INDEX, folder, options),
        false => open_one(folder.source(SINGLE, options)?, folder),
    }
}

/// What a folder without safetensors has instead, for the message.
fn other_weights(folder: &Folder) -> Option<String> {
    const PICKLE: &str = ": pickle files are not supported, convert to safetensors";
    let names = folder.names().into_iter();
    names
        .filter_map(|path| {
            let (name, ending) = (path.to_str()?, path.extension()?.to_str()?);
            match ending {
                "bin" | "pt" | "pth" => Some(format!("{name}{PICKLE}")),
                "gguf" => Some(format!("{name}: give the path of that file")),
                "safetensors" => Some(format!("{name}: give the path of that file")),
                _ => None,
            }
        })
        .min()
}

/// All files that the index `name` tells of.
pub(super) fn open_sharded(
    name: impl AsRef<Path>,
    folder: Folder,
    options: &OpenOptions,
) -> Result<Checkpoint, WeightsError> {
    let path = || folder.path().join(&name);
    let wrong = |source| WeightsError::Index {
        path: path(),
        source,
    };
    let config = read_config(&folder)?;
    let bytes = folder.small(&name, MAX_INDEX)?;
    let bytes = bytes.ok_or_else(|| WeightsError::Io {
        path: path(),
        source: std::io::ErrorKind::NotFound.into(),
    })?;
    let parsed = safetensors::parse_index(&bytes).map_err(wrong)?;
    let mut builder = Builder::default();
    for shard in &parsed.shards {
        if !folder.has(shard) {
            let shard = shard.clone();
            return Err(wrong(IndexError::MissingShard { shard }));
        }
        builder.add(folder.source(shard, options)?)?;
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
    fn add(&mut self, source: Source) -> Result<(), WeightsError> {
        let found = match kind(&source.prefix(512)?, source.len()) {
            Kind::SafeTensors => None,
            Kind::Gguf => Some(Foreign::Gguf),
            Kind::Foreign(found) => Some(found),
        };
        if let Some(found) = found {
            return Err(WeightsError::Foreign {
                path: source.path().to_path_buf(),
                found,
            });
        }
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
        folder: Folder,
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
            place: None,
            prepared: Prepared::Absent,
        })
    }
}
