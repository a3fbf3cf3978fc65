//! A Hugging Face folder as GGUF tensors and metadata, as llama.cpp's conversion script
//! (`convert_hf_to_gguf.py`) maps Qwen2 and Llama.

mod error;
mod metadata;
mod pre;
mod tensors;
mod tokenizer;

pub use error::ConvertError;
pub use metadata::describe;
pub use tensors::rope_factors;

use super::Planned;
use crate::gguf::{Value, Writer};
use crate::{Checkpoint, WeightsError};

/// Sets the metadata and gives the tensors to write.
pub(super) fn plan<'a>(
    source: &'a Checkpoint,
    writer: &mut Writer,
) -> Result<Vec<Planned<'a>>, WeightsError> {
    let config = source.config().ok_or(ConvertError::NoConfig)?;
    let plan = tensors::plan(source, config)?;
    describe(config, writer)?;
    if let Some(name) = source.folder_name() {
        writer.set("general.name", Value::String(name));
    }
    tokenizer::set(source, config, writer)?;
    Ok(plan)
}
