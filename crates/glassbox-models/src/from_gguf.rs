use crate::rope::RopeScaling;
use crate::{DecoderSpec, Family, ModelError, SpecError, Tensor};
use glassbox_core::RopeLayout;
use glassbox_weights::{Checkpoint, gguf::Metadata};

/// Keys below the architecture's prefix that are read here, or that change nothing in a plain
/// decoder.
const KNOWN: &[&str] = &[
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.layer_norm_rms_epsilon",
    "attention.value_length",
    "block_count",
    "context_length",
    "embedding_length",
    "feed_forward_length",
    "rope.dimension_count",
    "rope.freq_base",
    "rope.scaling.attn_factor",
    "rope.scaling.factor",
    "rope.scaling.finetuned",
    "rope.scaling.original_context_length",
    "rope.scaling.type",
    "rope.scaling.yarn_attn_factor",
    "rope.scaling.yarn_beta_fast",
    "rope.scaling.yarn_beta_slow",
    "vocab_size",
];

/// The metadata of one architecture.
struct Keys<'a> {
    metadata: &'a Metadata,
    arch: &'static str,
}

impl Keys<'_> {
    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.arch)
    }

    fn size(&self, name: &str) -> Result<Option<usize>, ModelError> {
        Ok(self
            .metadata
            .u64(&self.key(name))?
            .map(|n| usize::try_from(n).unwrap_or(usize::MAX)))
    }

    fn need(&self, name: &str) -> Result<usize, ModelError> {
        let missing = || SpecError::Missing {
            key: self.key(name),
        };
        Ok(self.size(name)?.ok_or_else(missing)?)
    }

    fn f32(&self, name: &str) -> Result<Option<f32>, ModelError> {
        Ok(self.metadata.f32(&self.key(name))?)
    }

    fn refuse(&self, name: &str, supported: &'static str) -> ModelError {
        let key = self.key(name);
        let got = self
            .metadata
            .get(&key)
            .map_or_else(String::new, |v| v.to_string());
        SpecError::Unsupported {
            key,
            got,
            supported,
        }
        .into()
    }
}

/// The spec that a GGUF file's metadata and tensors describe; the embedding's rows are the
/// vocabulary.
pub(crate) fn spec(
    checkpoint: &Checkpoint,
    metadata: &Metadata,
) -> Result<DecoderSpec, ModelError> {
    let embed = checkpoint
        .tensors()
        .find(|t| t.name() == Tensor::Embed.gguf());
    let vocab = embed.and_then(|t| t.shape().first()).copied();
    let missing = || ModelError::MissingTensor {
        name: Tensor::Embed.gguf(),
    };
    let vocab = usize::try_from(vocab.ok_or_else(missing)?).unwrap_or(usize::MAX);
    let tied = !checkpoint
        .tensors()
        .any(|t| t.name() == Tensor::Head.gguf());
    let mut spec = from_metadata(metadata, vocab, tied)?;
    if let Some(factors) = checkpoint.tensor("rope_freqs.weight")? {
        if spec.rope_scaling != RopeScaling::None {
            let keys = Keys {
                metadata,
                arch: spec.family.name(),
            };
            return Err(keys.refuse("rope.scaling.type", "none beside rope_freqs.weight"));
        }
        let (got, expected) = ((factors.rows(), factors.cols()), (1, spec.head_dim / 2));
        if got != expected {
            let name = factors.name().to_owned();
            return Err(ModelError::TensorShape {
                name,
                got,
                expected,
            });
        }
        let mut row = vec![0.0; factors.cols()];
        factors.dequantize_row(0, &mut row);
        spec.rope_scaling = RopeScaling::Factors(row);
    }
    Ok(spec.checked()?)
}

/// The spec that the metadata alone describe, for a vocabulary of `vocab` rows.
pub(crate) fn from_metadata(
    metadata: &Metadata,
    vocab: usize,
    tie_embeddings: bool,
) -> Result<DecoderSpec, ModelError> {
    let missing = || SpecError::Missing {
        key: "general.architecture".to_owned(),
    };
    let (family, rope_layout) = match metadata.str("general.architecture")?.ok_or_else(missing)? {
        "qwen2" => (Family::Qwen2, RopeLayout::Half),
        "llama" => (Family::Llama, RopeLayout::Interleaved),
        got => {
            return Err(SpecError::Architecture {
                got: got.to_owned(),
            }
            .into());
        }
    };
    let keys = Keys {
        metadata,
        arch: family.name(),
    };
    let prefix = format!("{}.", family.name());
    for (key, _) in metadata.iter() {
        match key.strip_prefix(&prefix) {
            Some(name) if !KNOWN.contains(&name) => {
                return Err(keys.refuse(name, "no such key for this architecture"));
            }
            _ => {}
        }
    }
    if keys.size("vocab_size")?.is_some_and(|n| n != vocab) {
        return Err(keys.refuse("vocab_size", "the rows of token_embd.weight"));
    }
    let hidden = keys.need("embedding_length")?;
    let n_heads = keys.need("attention.head_count")?;
    let head_dim = match keys.size("attention.key_length")? {
        Some(n) => n,
        None => DecoderSpec::default_head_dim(hidden, n_heads)?,
    };
    for name in ["attention.value_length", "rope.dimension_count"] {
        if keys.size(name)?.is_some_and(|n| n != head_dim) {
            return Err(keys.refuse(name, "the length of a key"));
        }
    }
    let eps = "attention.layer_norm_rms_epsilon";
    let spec = DecoderSpec {
        family,
        n_layers: keys.need("block_count")?,
        hidden,
        ffn: keys.need("feed_forward_length")?,
        vocab,
        n_heads,
        n_kv_heads: keys.size("attention.head_count_kv")?.unwrap_or(n_heads),
        head_dim,
        rms_eps: keys
            .f32(eps)?
            .ok_or_else(|| SpecError::Missing { key: keys.key(eps) })?,
        rope_theta: keys.f32("rope.freq_base")?.unwrap_or(10_000.0),
        rope_scaling: scaling(&keys)?,
        rope_layout,
        qkv_bias: family == Family::Qwen2,
        tie_embeddings,
        context: keys.need("context_length")?,
    };
    Ok(spec.checked()?)
}

fn scaling(keys: &Keys<'_>) -> Result<RopeScaling, ModelError> {
    let name = "rope.scaling.type";
    let kind = keys.metadata.str(&keys.key(name))?;
    let factor = || -> Result<f32, ModelError> {
        let name = "rope.scaling.factor";
        let missing = || SpecError::Missing {
            key: keys.key(name),
        };
        Ok(keys.f32(name)?.ok_or_else(missing)?)
    };
    // The factor on scores belongs to YaRN: on top of the paper's, or the whole of it, which is
    // then taken only where it says the same.
    let on_top = "rope.scaling.attn_factor";
    let whole = "rope.scaling.yarn_attn_factor";
    if kind != Some("yarn") {
        for name in [on_top, whole] {
            if keys.f32(name)?.is_some_and(|f| f != 1.0) {
                return Err(keys.refuse(name, "1 without rope.scaling.type = yarn"));
            }
        }
    }
    match kind {
        None if keys.f32("rope.scaling.factor")?.is_some_and(|f| f != 1.0) => {
            Err(keys.refuse("rope.scaling.factor", "1 without rope.scaling.type"))
        }
        None | Some("none") => Ok(RopeScaling::None),
        Some("linear") => Ok(RopeScaling::Linear { factor: factor()? }),
        Some("yarn") => {
            let factor = factor()?;
            let original = match keys.size("rope.scaling.original_context_length")? {
                Some(n) => n,
                None => keys.need("context_length")?,
            };
            let paper = RopeScaling::yarn_magnitude(factor);
            if keys
                .f32(whole)?
                .is_some_and(|f| f != 1.0 && (f - paper).abs() > 1e-5 * paper)
            {
                return Err(keys.refuse(whole, "1, or YaRN's own 0.1 ln(factor) + 1"));
            }
            let magnitude = paper * keys.f32(on_top)?.unwrap_or(1.0);
            Ok(RopeScaling::Yarn {
                factor,
                beta_fast: keys.f32("rope.scaling.yarn_beta_fast")?.unwrap_or(32.0),
                beta_slow: keys.f32("rope.scaling.yarn_beta_slow")?.unwrap_or(1.0),
                original_context: original as f32,
                magnitude,
                truncate: true,
            })
        }
        Some(_) => Err(keys.refuse(name, "none, linear, yarn")),
    }
}
