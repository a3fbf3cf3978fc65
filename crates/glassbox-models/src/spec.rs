use crate::rope::{self, RopeScaling};
use crate::{SpecError, Tensor};
use glassbox_core::{AttentionShape, KvType, PAGE, Rope, RopeLayout};
use std::fmt;

/// The families of models that the one forward pass covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Qwen2 and Qwen2.5: biases on q, k and v.
    Qwen2,
    /// Llama 2 and 3: no biases.
    Llama,
}

impl Family {
    /// The name in `model_type` of a config and in `general.architecture` of a GGUF file.
    pub const fn name(self) -> &'static str {
        match self {
            Family::Qwen2 => "qwen2",
            Family::Llama => "llama",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// All that distinguishes one supported model from another.
#[derive(Clone, Debug, PartialEq)]
pub struct DecoderSpec {
    /// Where it comes from.
    pub family: Family,
    /// Decoder layers.
    pub n_layers: usize,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Width inside the feed-forward layer.
    pub ffn: usize,
    /// Rows of the embedding; a tokenizer may know fewer ids.
    pub vocab: usize,
    /// Query heads.
    pub n_heads: usize,
    /// Key and value heads.
    pub n_kv_heads: usize,
    /// Elements of a head.
    pub head_dim: usize,
    /// Added to the mean square before the root.
    pub rms_eps: f32,
    /// Base of the rotary frequencies.
    pub rope_theta: f32,
    /// How the frequencies are stretched for long contexts.
    pub rope_scaling: RopeScaling,
    /// Which dimensions turn together in this checkpoint.
    pub rope_layout: RopeLayout,
    /// Whether q, k and v have biases.
    pub qkv_bias: bool,
    /// Whether the logits use the embedding's matrix.
    pub tie_embeddings: bool,
    /// Positions that the model was made for.
    pub context: usize,
}

impl DecoderSpec {
    /// The heads of each layer.
    pub fn attention(&self) -> AttentionShape {
        AttentionShape {
            n_heads: self.n_heads,
            n_kv_heads: self.n_kv_heads,
            head_dim: self.head_dim,
        }
    }

    /// The rotary embedding, with its scaling folded into the frequencies.
    pub fn rope(&self) -> Rope {
        rope::build(self)
    }

    /// Bytes of one page of keys and values over all layers.
    pub fn page_bytes(&self, kv: KvType) -> u64 {
        (self.attention().kv_bytes(kv) * PAGE) as u64 * self.n_layers as u64
    }

    /// Bytes of keys and values for `context` positions.
    pub fn kv_bytes(&self, context: usize, kv: KvType) -> u64 {
        self.page_bytes(kv)
            .saturating_mul(context.div_ceil(PAGE) as u64)
    }

    /// Parameters of the model, counted from its shapes.
    pub fn n_parameters(&self) -> u64 {
        let sizes = Tensor::all(self)
            .into_iter()
            .map(|tensor| tensor.shape(self));
        sizes.map(|(rows, cols)| rows as u64 * cols as u64).sum()
    }

    /// Checks that the numbers fit together and that none is absurd.
    pub(crate) fn checked(self) -> Result<Self, SpecError> {
        const MAX: usize = 1 << 24;
        for (field, got, max) in [
            ("layers", self.n_layers, 4096),
            ("hidden", self.hidden, 1 << 20),
            ("ffn", self.ffn, 1 << 22),
            ("vocab", self.vocab, MAX),
            ("heads", self.n_heads, 1 << 14),
            ("kv heads", self.n_kv_heads, 1 << 14),
            ("head_dim", self.head_dim, 1 << 14),
            ("context", self.context, 1 << 30),
        ] {
            if got == 0 || got > max {
                return Err(SpecError::Range { field, got, max });
            }
        }
        if !self.n_heads.is_multiple_of(self.n_kv_heads) {
            let (field, got) = ("heads", self.n_heads);
            return Err(SpecError::Multiple {
                field,
                got,
                of: "kv heads",
                unit: self.n_kv_heads,
            });
        }
        if !self.head_dim.is_multiple_of(2) {
            let (field, got) = ("head_dim", self.head_dim);
            return Err(SpecError::Multiple {
                field,
                got,
                of: "pairs",
                unit: 2,
            });
        }
        for (field, got) in [
            ("rms_norm_eps", self.rms_eps),
            ("rope_theta", self.rope_theta),
        ] {
            if !(got.is_finite() && got > 0.0) {
                return Err(SpecError::NotPositive { field, got });
            }
        }
        self.rope_scaling.check(self.head_dim)?;
        Ok(self)
    }

    /// Elements of a head when the config does not say: `hidden / heads`.
    pub(crate) fn default_head_dim(hidden: usize, n_heads: usize) -> Result<usize, SpecError> {
        if hidden == 0 {
            return Err(SpecError::Range {
                field: "hidden",
                got: 0,
                max: 1 << 20,
            });
        }
        if n_heads == 0 || n_heads > hidden {
            return Err(SpecError::Range {
                field: "heads",
                got: n_heads,
                max: hidden,
            });
        }
        if !hidden.is_multiple_of(n_heads) {
            let (field, of) = ("hidden", "heads");
            return Err(SpecError::Multiple {
                field,
                got: hidden,
                of,
                unit: n_heads,
            });
        }
        Ok(hidden / n_heads)
    }
}
