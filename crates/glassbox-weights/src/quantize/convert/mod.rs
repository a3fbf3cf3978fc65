//! A Hugging Face folder as GGUF tensors and metadata, as llama.cpp's conversion script
//! (`convert_hf_to_gguf.py`) maps Qwen2 and Llama.

mod error;
mod metadata;
mod pre;
mod tensors;
mod tokenizer;

pub use error::ConvertError;

use super::Planned;
use crate::gguf::Writer;
use crate::{Checkpoint, WeightsError};

/// Sets the metadata and gives the tensors to write.
pub(super) fn plan<'a>(
    source: &'a Checkpoint,
    writer: &mut Writer,
) -> Result<Vec<Planned<'a>>, WeightsError> {
    let config = source.config().ok_or(ConvertError::NoConfig)?;
    let plan = tensors::plan(source, config)?;
    metadata::set(source, config, writer)?;
    tokenizer::set(source, config, writer)?;
    Ok(plan)
}
