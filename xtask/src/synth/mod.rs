//! Models of random weights in the geometry of the R1 distills, for benchmarks: a file of the same
//! tensors, types and sizes as a published one, without a download.

mod options;
mod values;
mod vocabulary;

pub(crate) use options::Options;

use anyhow::{Context as _, Result, bail};
use glassbox_core::DType;
use glassbox_models::{DecoderSpec, Family, Tensor};
use glassbox_weights::gguf::{Array, TensorWriter, Value, Writer};
use glassbox_weights::quantize::{Shape, describe, rope_factors, target_types};
use glassbox_weights::{ModelConfig, Target};
use std::path::Path;
use values::{Pools, Source, Spread};
use vocabulary::Vocabulary;

/// Bytes that are put together before they are written.
const SLAB: usize = 1 << 20;

/// Writes the model that the options name.
pub(crate) fn run(options: &Options) -> Result<()> {
    let out = &options.out;
    let bytes = write(
        &options.model.config(),
        options.model.name,
        options.target,
        options.seed,
        out,
    )?;
    eprintln!(
        "{}: {} in {}, {:.2} GB of random weights",
        out.display(),
        options.model.name,
        options.target,
        bytes as f64 / 1e9
    );
    Ok(())
}

/// Writes a model of this config; gives the bytes of its tensors.
///
/// The same arguments give the same file. Memory is bounded: a row, and a pool of blocks for each
/// type.
fn write(config: &ModelConfig, name: &str, target: Target, seed: u64, out: &Path) -> Result<u64> {
    if out.is_dir() {
        bail!("{} is a folder: name a file", out.display());
    }
    let spec = DecoderSpec::try_from(config)?;
    let tensors: Vec<(Tensor, String, Vec<u64>)> = Tensor::all(&spec)
        .into_iter()
        .map(|tensor| (tensor, tensor.gguf(), tensor.file_shape(&spec)))
        .collect();
    let shapes: Vec<Shape<'_>> = tensors
        .iter()
        .map(|(_, name, shape)| Shape {
            name,
            shape,
            dtype: target.dtype(),
        })
        .collect();
    let types = target_types(target, spec.family == Family::Llama, &shapes);
    let factors = rope_factors(config);

    let mut writer = Writer::new();
    describe(config, &mut writer)?;
    writer.set("general.name", Value::String(format!("random {name}")));
    writer.set("general.quantization_version", Value::U32(2));
    writer.set("general.file_type", Value::U32(target.file_type()));
    Vocabulary::new(config)?.set(&mut writer);
    let mut total = 0;
    for (shape, &dtype) in shapes.iter().zip(&types) {
        total += writer.tensor(shape.name, dtype, shape.shape);
    }
    if let Some(factors) = &factors {
        let len = [factors.len() as u64];
        total += writer.tensor("rope_freqs.weight", DType::F32, &len);
    }

    let mut data = writer.create(out)?;
    let mut pools = Pools::new(seed);
    for (i, ((tensor, name, shape), dtype)) in tensors.iter().zip(types).enumerate() {
        let source = pools.source(dtype, Spread::of(*tensor, &spec), shape, i as u32);
        let source = source.with_context(|| format!("tensor {name}"))?;
        copy(&source, shape, &mut data)?;
    }
    for factor in factors.into_iter().flatten() {
        data.write(&factor.to_le_bytes())?;
    }
    data.finish()?;
    Ok(total)
}

/// All rows of a tensor, some at a time.
fn copy(source: &Source<'_>, shape: &[u64], data: &mut TensorWriter) -> Result<()> {
    let rows = shape.iter().rev().skip(1).product::<u64>();
    let mut slab = Vec::with_capacity(SLAB + source.row_bytes());
    for row in 0..rows {
        source.append_row(row, &mut slab);
        if slab.len() >= SLAB || row + 1 == rows {
            data.write(&slab)?;
            slab.clear();
        }
    }
    Ok(())
}

impl Vocabulary {
    /// The `tokenizer.*` keys.
    fn set(&self, writer: &mut Writer) {
        let text = |s: &str| Value::String(s.into());
        let strings = |all: &[String]| Value::Array(Array::from_strings(all));
        for (key, value) in [
            ("ggml.model", text("gpt2")),
            ("ggml.pre", text(self.pre)),
            ("ggml.tokens", strings(&self.tokens)),
            (
                "ggml.token_type",
                Value::Array(Array::from_i32s(&self.types)),
            ),
            ("ggml.merges", strings(&self.merges)),
            ("ggml.bos_token_id", Value::U32(self.bos)),
            ("ggml.eos_token_id", Value::U32(self.eos)),
            ("ggml.padding_token_id", Value::U32(self.eos)),
            ("ggml.add_bos_token", Value::Bool(true)),
            ("ggml.add_eos_token", Value::Bool(false)),
            ("chat_template", text(vocabulary::TEMPLATE)),
        ] {
            writer.set(format!("tokenizer.{key}"), value);
        }
    }
}

#[cfg(test)]
mod tests;
