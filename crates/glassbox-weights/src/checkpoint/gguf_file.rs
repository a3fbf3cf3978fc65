//! A GGUF file as a checkpoint.

use super::{Checkpoint, Format, Stop};
use crate::gguf::{GgufError, Header, sorted_unique};
use crate::prepared::Prepared;
use crate::source::Source;
use crate::{TensorInfo, WeightsError};

pub(super) fn header(source: &Source) -> Result<Header, WeightsError> {
    let prefix = |len| source.prefix(len).map_err(Stop::Read);
    Header::parse_growing(source.len(), prefix).map_err(|stop| match stop {
        Stop::Read(e) => e,
        Stop::Wrong(e) => wrong(source, e),
    })
}

pub(crate) fn open(source: Source) -> Result<Checkpoint, WeightsError> {
    let header = header(&source)?;
    let parts = header.metadata().u64("split.count")?.unwrap_or(0);
    if parts > 1 {
        let part = header.metadata().u64("split.no")?.unwrap_or(0);
        return Err(wrong(
            &source,
            GgufError::Split {
                part: part.saturating_add(1),
                count: parts,
            },
        ));
    }
    header
        .check_data(source.len())
        .map_err(|e| wrong(&source, e))?;
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
        place: None,
        prepared: Prepared::Absent,
    })
}

fn wrong(source: &Source, error: GgufError) -> WeightsError {
    WeightsError::Gguf {
        path: source.path().to_path_buf(),
        source: error,
    }
}
