//! The configs of the six R1 distills, as DeepSeek published them.

use super::{LlamaConfig, ModelConfig, Qwen2Config, RopeScaling, RopeType};

/// One of the R1 distills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distill {
    /// The repository on Hugging Face.
    pub repo: &'static str,
    /// Its family and size in lower case: `qwen2-1.5b`.
    pub name: &'static str,
    layers: u64,
    hidden: u64,
    ffn: u64,
    heads: u64,
    kv_heads: u64,
    vocab: u64,
    rms_eps: f64,
    rope_theta: f64,
}

/// A row: the size and the numbers of `config.json`, in the order of the fields.
macro_rules! distills {
    ($($family:literal $name:literal $size:literal $l:literal $h:literal $f:literal $n:literal
       $kv:literal $v:literal $eps:literal $theta:literal;)*) => {
        [$(Distill {
            repo: concat!("deepseek-ai/DeepSeek-R1-Distill-", $family, "-", $size, "B"),
            name: concat!($name, "-", $size, "b"),
            layers: $l,
            hidden: $h,
            ffn: $f,
            heads: $n,
            kv_heads: $kv,
            vocab: $v,
            rms_eps: $eps,
            rope_theta: $theta,
        }),*]
    };
}

/// Every distill, the Qwens before the Llamas, the small before the large.
pub const DISTILLS: [Distill; 6] = distills! {
    "Qwen"  "qwen2" "1.5" 28 1536 8960  12 2 151_936 1e-6 10_000.0;
    "Qwen"  "qwen2" "7"   28 3584 18944 28 4 152_064 1e-6 10_000.0;
    "Qwen"  "qwen2" "14"  48 5120 13824 40 8 152_064 1e-5 1_000_000.0;
    "Qwen"  "qwen2" "32"  64 5120 27648 40 8 152_064 1e-5 1_000_000.0;
    "Llama" "llama" "8"   32 4096 14336 32 8 128_256 1e-5 500_000.0;
    "Llama" "llama" "70"  80 8192 28672 64 8 128_256 1e-5 500_000.0;
};

impl Distill {
    /// What its `config.json` says.
    pub fn config(&self) -> ModelConfig {
        if self.name.starts_with("llama") {
            ModelConfig::Llama(self.llama())
        } else {
            ModelConfig::Qwen2(self.qwen2())
        }
    }

    fn qwen2(&self) -> Qwen2Config {
        Qwen2Config {
            vocab_size: self.vocab,
            hidden_size: self.hidden,
            intermediate_size: self.ffn,
            num_hidden_layers: self.layers,
            num_attention_heads: self.heads,
            num_key_value_heads: self.kv_heads,
            head_dim: None,
            hidden_act: "silu".into(),
            max_position_embeddings: 131_072,
            rms_norm_eps: self.rms_eps,
            rope_theta: self.rope_theta,
            rope_scaling: None,
            tie_word_embeddings: false,
            use_sliding_window: false,
            sliding_window: None,
            max_window_layers: None,
            layer_types: None,
            bos_token_id: Some(151_646),
            eos_token_id: vec![151_643],
        }
    }

    fn llama(&self) -> LlamaConfig {
        LlamaConfig {
            vocab_size: self.vocab,
            hidden_size: self.hidden,
            intermediate_size: self.ffn,
            num_hidden_layers: self.layers,
            num_attention_heads: self.heads,
            num_key_value_heads: self.kv_heads,
            head_dim: Some(128),
            hidden_act: "silu".into(),
            max_position_embeddings: 131_072,
            rms_norm_eps: self.rms_eps,
            rope_theta: self.rope_theta,
            rope_scaling: Some(RopeScaling {
                rope_type: RopeType::Llama3,
                factor: 8.0,
                low_freq_factor: Some(1.0),
                high_freq_factor: Some(4.0),
                original_max_position_embeddings: Some(8192),
                attention_factor: None,
                beta_fast: None,
                beta_slow: None,
                mscale: None,
                mscale_all_dim: None,
                truncate: None,
            }),
            tie_word_embeddings: false,
            attention_bias: false,
            mlp_bias: false,
            bos_token_id: Some(128_000),
            eos_token_id: vec![128_001],
        }
    }
}
