use crate::rope::RopeScaling;
use crate::{DecoderSpec, Family, ModelError, SpecError, check, from_gguf};
use glassbox_core::RopeLayout;
use glassbox_weights::gguf::{Header, Metadata};
use glassbox_weights::{Checkpoint, Format, LlamaConfig, ModelConfig, Qwen2Config, RopeType};

impl DecoderSpec {
    /// The spec of a checkpoint: from `config.json`, or from a GGUF file's metadata.
    pub fn from_checkpoint(checkpoint: &Checkpoint) -> Result<Self, ModelError> {
        match (checkpoint.gguf(), checkpoint.config()) {
            (Some(metadata), _) => from_gguf::spec(checkpoint, metadata),
            (None, Some(config)) => Ok(DecoderSpec::try_from(config)?),
            (None, None) => Err(ModelError::NoConfig),
        }
    }

    /// Checks that a checkpoint has just the tensors of this model, each of its shape. Loading
    /// does so too, before it loads anything.
    pub fn check_tensors(&self, checkpoint: &Checkpoint) -> Result<(), ModelError> {
        check::tensors(checkpoint, self)
    }

    /// As [`check_tensors`](Self::check_tensors), of a GGUF file's descriptors alone.
    pub fn check_header(&self, header: &Header) -> Result<(), ModelError> {
        let tensors = header.tensors().iter().map(|t| (&*t.name, &*t.shape));
        check::shapes(tensors, Format::Gguf, self)
    }

    /// The spec that a GGUF file's metadata describe, for a vocabulary of `vocab` rows; whether
    /// the embedding is tied only the tensors tell.
    pub fn from_metadata(
        metadata: &Metadata,
        vocab: usize,
        tie_embeddings: bool,
    ) -> Result<Self, ModelError> {
        from_gguf::from_metadata(metadata, vocab, tie_embeddings)
    }
}

impl TryFrom<&ModelConfig> for DecoderSpec {
    type Error = SpecError;

    fn try_from(config: &ModelConfig) -> Result<Self, SpecError> {
        match config {
            ModelConfig::Qwen2(config) => DecoderSpec::try_from(config),
            ModelConfig::Llama(config) => DecoderSpec::try_from(config),
            _ => Err(SpecError::Architecture {
                got: "of config.json".to_owned(),
            }),
        }
    }
}

fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn head_dim(explicit: Option<u64>, hidden: u64, heads: u64) -> Result<usize, SpecError> {
    match explicit {
        Some(n) => Ok(size(n)),
        None => DecoderSpec::default_head_dim(size(hidden), size(heads)),
    }
}

impl TryFrom<&Qwen2Config> for DecoderSpec {
    type Error = SpecError;

    fn try_from(c: &Qwen2Config) -> Result<Self, SpecError> {
        if let Some((window, layers)) = c.sliding_layers() {
            return Err(SpecError::Unsupported {
                key: "sliding_window".to_owned(),
                got: format!("{window} on {} layers", layers.len()),
                supported: "null, or use_sliding_window = false",
            });
        }
        DecoderSpec {
            family: Family::Qwen2,
            n_layers: size(c.num_hidden_layers),
            hidden: size(c.hidden_size),
            ffn: size(c.intermediate_size),
            vocab: size(c.vocab_size),
            n_heads: size(c.num_attention_heads),
            n_kv_heads: size(c.num_key_value_heads),
            head_dim: head_dim(c.head_dim, c.hidden_size, c.num_attention_heads)?,
            rms_eps: c.rms_norm_eps as f32,
            rope_theta: c.rope_theta as f32,
            rope_scaling: scaling(&c.rope_scaling, c.max_position_embeddings),
            rope_layout: RopeLayout::Half,
            qkv_bias: true,
            tie_embeddings: c.tie_word_embeddings,
            context: size(c.max_position_embeddings),
        }
        .checked()
    }
}

impl TryFrom<&LlamaConfig> for DecoderSpec {
    type Error = SpecError;

    fn try_from(c: &LlamaConfig) -> Result<Self, SpecError> {
        for (key, on) in [
            ("attention_bias", c.attention_bias),
            ("mlp_bias", c.mlp_bias),
        ] {
            if on {
                let (key, got) = (key.to_owned(), "true".to_owned());
                return Err(SpecError::Unsupported {
                    key,
                    got,
                    supported: "false",
                });
            }
        }
        DecoderSpec {
            family: Family::Llama,
            n_layers: size(c.num_hidden_layers),
            hidden: size(c.hidden_size),
            ffn: size(c.intermediate_size),
            vocab: size(c.vocab_size),
            n_heads: size(c.num_attention_heads),
            n_kv_heads: size(c.num_key_value_heads),
            head_dim: head_dim(c.head_dim, c.hidden_size, c.num_attention_heads)?,
            rms_eps: c.rms_norm_eps as f32,
            rope_theta: c.rope_theta as f32,
            rope_scaling: scaling(&c.rope_scaling, c.max_position_embeddings),
            rope_layout: RopeLayout::Half,
            qkv_bias: false,
            tie_embeddings: c.tie_word_embeddings,
            context: size(c.max_position_embeddings),
        }
        .checked()
    }
}

/// The config's numbers, with the defaults that `transformers` gives to those left out.
fn scaling(config: &Option<glassbox_weights::RopeScaling>, context: u64) -> RopeScaling {
    let Some(s) = config else {
        return RopeScaling::None;
    };
    let factor = s.factor as f32;
    let original = s.original_max_position_embeddings.unwrap_or(context) as f32;
    match s.rope_type {
        RopeType::Llama3 => RopeScaling::Llama3 {
            factor,
            low_freq_factor: s.low_freq_factor.unwrap_or(1.0) as f32,
            high_freq_factor: s.high_freq_factor.unwrap_or(4.0) as f32,
            original_context: original,
        },
        RopeType::Yarn => RopeScaling::Yarn {
            factor,
            beta_fast: s.beta_fast.unwrap_or(32.0) as f32,
            beta_slow: s.beta_slow.unwrap_or(1.0) as f32,
            original_context: original,
            magnitude: match (s.attention_factor, s.mscale, s.mscale_all_dim) {
                (Some(factor), _, _) => factor as f32,
                (None, Some(a), Some(b)) if a != 0.0 && b != 0.0 => {
                    let scaled = |m: f64| (RopeScaling::yarn_magnitude(factor) - 1.0) * m as f32;
                    (1.0 + scaled(a)) / (1.0 + scaled(b))
                }
                _ => RopeScaling::yarn_magnitude(factor),
            },
            truncate: s.truncate.unwrap_or(true),
        },
        _ => RopeScaling::Linear { factor },
    }
}
