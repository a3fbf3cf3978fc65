//! Quantising: any checkpoint in, one GGUF file out.
//!
//! A GGUF source keeps its metadata. A Hugging Face folder becomes a GGUF file as llama.cpp's
//! conversion script writes it: its names, the row order of Llama's q and k, tokenizer and chat
//! template. Tensors stream through one at a time, rows in parallel, and the file appears under
//! its name when it is complete. The result depends on the source and the target alone.

mod convert;
mod encode;
mod mix;
mod stream;
mod target;

pub use convert::{ConvertError, describe, rope_factors};
pub use encode::{EncodeProblem, WRITABLE, encode_row};
pub use mix::Shape;
pub use target::Target;

use crate::gguf::{Value, Writer};
use crate::{Checkpoint, Format, TensorInfo, WeightsError};
use glassbox_core::DType;
use std::path::Path;

/// What [`quantize`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Tensors written.
    pub n_tensors: usize,
    /// Bytes of tensor data in the source.
    pub source_bytes: u64,
    /// Bytes of tensor data written.
    pub target_bytes: u64,
    /// How many tensors have each type, in the order of [`DType::ALL`].
    pub types: Vec<(DType, usize)>,
    /// Tensors whose rows did not fit the type that the target wanted for them.
    pub fallbacks: Vec<Fallback>,
}

/// A tensor that got another type than the target wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// The tensor.
    pub tensor: String,
    /// The type the target wanted.
    pub wanted: DType,
    /// The type it got.
    pub written: DType,
}

/// Where [`quantize`] is: said after each tensor, and answered by whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// The tensor just written.
    pub tensor: &'a str,
    /// Tensors written so far.
    pub done: usize,
    /// Tensors in all.
    pub total: usize,
    /// Bytes of tensor data written so far.
    pub bytes_done: u64,
    /// Bytes of tensor data in all.
    pub bytes_total: u64,
}

/// Where the values of a planned tensor come from.
enum Origin<'a> {
    Tensor(&'a TensorInfo),
    Values(Vec<f32>),
}

/// A tensor of the file to be written.
struct Planned<'a> {
    /// Its name in GGUF.
    name: String,
    shape: Vec<u64>,
    dtype: DType,
    origin: Origin<'a>,
    /// Rows of Llama's q and k are interleaved, within this many heads.
    interleave: Option<u64>,
}

/// Writes `source` as a GGUF file of type `target` to `out`.
///
/// Tensors that already have their type are copied to the bit; others are dequantised exactly and
/// encoded anew. See [`encode_row`] for the rounding.
///
/// # Errors
/// A value that is not finite or too large for its type, a Hugging Face model that does not
/// convert ([`ConvertError`]), and whatever the file systems say. `out` is then left as it was.
pub fn quantize(
    source: &Checkpoint,
    out: &Path,
    target: Target,
    progress: &mut dyn FnMut(Progress<'_>) -> bool,
) -> Result<Report, WeightsError> {
    let mut writer = Writer::new();
    let mut plan = match source.format() {
        Format::Gguf => from_gguf(source, &mut writer),
        Format::SafeTensors => convert::plan(source, &mut writer)?,
    };
    writer.set("general.quantization_version", Value::U32(2));
    writer.set("general.file_type", Value::U32(target.file_type()));
    let fallbacks = choose_types(source, target, &mut plan);

    let sizes: Vec<u64> = plan
        .iter()
        .map(|t| writer.tensor(&*t.name, t.dtype, &t.shape))
        .collect();
    let bytes_total = sizes.iter().sum();
    let mut data = writer.create(out)?;
    let mut bytes_done = 0;
    for (i, (planned, size)) in plan.iter().zip(&sizes).enumerate() {
        stream::tensor(source, planned, &mut data)?;
        bytes_done += size;
        let go_on = progress(Progress {
            tensor: &planned.name,
            done: i + 1,
            total: plan.len(),
            bytes_done,
            bytes_total,
        });
        if !go_on {
            // Dropping the writer removes what it has written.
            return Err(WeightsError::Cancelled);
        }
    }
    data.finish()?;
    Ok(Report {
        n_tensors: plan.len(),
        source_bytes: source.tensors().map(TensorInfo::n_bytes).sum(),
        target_bytes: bytes_total,
        types: count_types(&plan),
        fallbacks,
    })
}

/// All tensors as they are, and all keys but those that describe the old file alone.
fn from_gguf<'a>(source: &'a Checkpoint, writer: &mut Writer) -> Vec<Planned<'a>> {
    for (key, value) in source.gguf().into_iter().flat_map(|m| m.iter()) {
        // The writer aligns to the default, and an importance matrix was for the old types.
        if key != "general.alignment" && !key.starts_with("quantize.imatrix.") {
            writer.set(key, value.clone());
        }
    }
    source
        .tensors()
        .map(|info| Planned {
            name: info.name().to_owned(),
            shape: info.shape().to_vec(),
            dtype: info.dtype(),
            origin: Origin::Tensor(info),
            interleave: None,
        })
        .collect()
}

fn choose_types(source: &Checkpoint, target: Target, plan: &mut [Planned<'_>]) -> Vec<Fallback> {
    let tensors: Vec<Shape<'_>> = plan
        .iter()
        .map(|t| Shape {
            name: &t.name,
            shape: &t.shape,
            dtype: t.dtype,
        })
        .collect();
    let choices = mix::choose_all(target, is_llama(source), &tensors);
    let mut fallbacks = Vec::new();
    for (planned, choice) in plan.iter_mut().zip(choices) {
        planned.dtype = choice.dtype;
        if let Some(wanted) = choice.wanted {
            fallbacks.push(Fallback {
                tensor: planned.name.clone(),
                wanted,
                written: choice.dtype,
            });
        }
    }
    fallbacks
}

/// The types that [`quantize`] would give these tensors, of a Llama or not, in their order.
pub fn target_types(target: Target, is_llama: bool, tensors: &[Shape<'_>]) -> Vec<DType> {
    let choices = mix::choose_all(target, is_llama, tensors);
    choices.into_iter().map(|choice| choice.dtype).collect()
}

/// Bytes of tensor data that [`quantize`] would write for these tensors, of a Llama or not.
pub fn target_bytes(target: Target, is_llama: bool, tensors: &[Shape<'_>]) -> u64 {
    let types = target_types(target, is_llama, tensors);
    let sizes = tensors.iter().zip(types).map(|(tensor, dtype)| {
        let blocks = tensor.shape.iter().product::<u64>() / dtype.block_len() as u64;
        blocks * dtype.block_bytes() as u64
    });
    sizes.sum()
}

fn is_llama(source: &Checkpoint) -> bool {
    match source.gguf() {
        Some(metadata) => metadata.str("general.architecture").ok().flatten() == Some("llama"),
        None => source.config().is_some_and(|c| c.model_type() == "llama"),
    }
}

fn count_types(plan: &[Planned<'_>]) -> Vec<(DType, usize)> {
    DType::ALL
        .into_iter()
        .map(|dtype| (dtype, plan.iter().filter(|t| t.dtype == dtype).count()))
        .filter(|&(_, n)| n > 0)
        .collect()
}
