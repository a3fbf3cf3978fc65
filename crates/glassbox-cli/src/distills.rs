//! The six R1 distills: their shapes, the scores that R1's paper and README give, and the memory
//! that each needs.

use glassbox::weights::quantize::{Shape, Target, target_bytes};
use glassbox::{DType, DecoderSpec, Family, KvType, RopeLayout, RopeScaling, Tensor};

/// One distill.
pub(crate) struct Distill {
    /// The repository on Hugging Face.
    pub(crate) repo: &'static str,
    family: Family,
    n_layers: usize,
    hidden: usize,
    ffn: usize,
    n_heads: usize,
    n_kv_heads: usize,
    vocab: usize,
    pub(crate) scores: Scores,
}

/// As DeepSeek published them: percent, but for the Codeforces rating.
#[derive(Clone, Copy, serde::Serialize)]
pub(crate) struct Scores {
    pub(crate) aime24_pass1: f64,
    pub(crate) aime24_cons64: f64,
    pub(crate) math500: f64,
    pub(crate) gpqa_diamond: f64,
    pub(crate) livecodebench: f64,
    pub(crate) codeforces_rating: u32,
}

/// A row: repository, family, layers, hidden, ffn, heads, kv heads, vocabulary, and the scores.
macro_rules! distills {
    ($($repo:literal $family:ident $l:literal $h:literal $f:literal $n:literal $kv:literal $v:literal
       | $p1:literal $c64:literal $math:literal $gpqa:literal $lcb:literal $cf:literal;)*) => {
        &[$(Distill {
            repo: concat!("deepseek-ai/DeepSeek-R1-Distill-", $repo),
            family: Family::$family,
            n_layers: $l,
            hidden: $h,
            ffn: $f,
            n_heads: $n,
            n_kv_heads: $kv,
            vocab: $v,
            scores: Scores {
                aime24_pass1: $p1,
                aime24_cons64: $c64,
                math500: $math,
                gpqa_diamond: $gpqa,
                livecodebench: $lcb,
                codeforces_rating: $cf,
            },
        }),*]
    };
}

pub(crate) const DISTILLS: &[Distill] = distills! {
    "Qwen-1.5B" Qwen2 28 1536 8960  12 2 151_936 | 28.9 52.7 83.9 33.8 16.9 954;
    "Qwen-7B"   Qwen2 28 3584 18944 28 4 152_064 | 55.5 83.3 92.8 49.1 37.6 1189;
    "Qwen-14B"  Qwen2 48 5120 13824 40 8 152_064 | 69.7 80.0 93.9 59.1 53.1 1481;
    "Qwen-32B"  Qwen2 64 5120 27648 40 8 152_064 | 72.6 83.3 94.3 62.1 57.2 1691;
    "Llama-8B"  Llama 32 4096 14336 32 8 128_256 | 50.4 80.0 89.1 49.0 39.6 1205;
    "Llama-70B" Llama 80 8192 28672 64 8 128_256 | 70.0 86.7 94.5 65.2 57.5 1633;
};

/// The formats in which the menu shows a model.
pub(crate) const FORMATS: [Target; 4] = [Target::BF16, Target::Q8_0, Target::Q4_K_M, Target::Q4_0];

/// Bytes that a model needs.
#[derive(Clone, Copy, serde::Serialize)]
pub(crate) struct Memory {
    pub(crate) weights: u64,
    /// Keys and values in 16 bits.
    pub(crate) kv: u64,
    /// Activations of a batch of 512 tokens, logits, tokenizer and program.
    pub(crate) overhead: u64,
}

impl Memory {
    pub(crate) fn total(self) -> u64 {
        self.weights + self.kv + self.overhead
    }
}

impl Distill {
    pub(crate) fn name(&self) -> &'static str {
        self.repo
            .strip_prefix("deepseek-ai/DeepSeek-")
            .unwrap_or(self.repo)
    }

    pub(crate) fn spec(&self) -> DecoderSpec {
        let qwen = self.family == Family::Qwen2;
        DecoderSpec {
            family: self.family,
            n_layers: self.n_layers,
            hidden: self.hidden,
            ffn: self.ffn,
            vocab: self.vocab,
            n_heads: self.n_heads,
            n_kv_heads: self.n_kv_heads,
            head_dim: 128,
            rms_eps: 1e-6,
            rope_theta: if qwen { 10_000.0 } else { 500_000.0 },
            rope_scaling: RopeScaling::None,
            rope_layout: RopeLayout::Half,
            qkv_bias: qwen,
            tie_embeddings: false,
            context: 131_072,
        }
    }

    pub(crate) fn memory(&self, format: Target, context: usize) -> Memory {
        /// The batch that a model is opened with.
        const BATCH: u64 = 512;
        /// A tokenizer of 150,000 tokens, the program, and room to breathe.
        const FIXED: u64 = 128 << 20;
        let spec = self.spec();
        let [hidden, ffn, vocab] = [spec.hidden, spec.ffn, spec.vocab].map(|n| n as u64);
        let shape = spec.attention();
        let [q, kv] = [shape.q_width(), shape.kv_width()].map(|n| n as u64);
        let activations = BATCH * (3 * hidden + 2 * q + 2 * kv + 3 * ffn) * 4;
        Memory {
            weights: self.weights(format),
            kv: spec.kv_bytes(context, KvType::Half),
            overhead: activations + vocab * 4 + FIXED,
        }
    }

    /// Bytes of all tensors, exactly: see the test.
    fn weights(&self, format: Target) -> u64 {
        let spec = self.spec();
        let tensors: Vec<(String, Vec<u64>)> = Tensor::all(&spec)
            .into_iter()
            .map(|tensor| match tensor.shape(&spec) {
                (1, cols) => (tensor.gguf(), vec![cols as u64]),
                (rows, cols) => (tensor.gguf(), vec![rows as u64, cols as u64]),
            })
            .collect();
        let shapes: Vec<Shape<'_>> = tensors
            .iter()
            .map(|(name, shape)| Shape {
                name,
                shape,
                dtype: DType::BF16,
            })
            .collect();
        target_bytes(format, self.family == Family::Llama, &shapes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> &'static Distill {
        DISTILLS.iter().find(|d| d.repo.ends_with(name)).unwrap()
    }

    /// The parameters that the models' cards give, in millions.
    #[test]
    fn shapes_give_the_published_numbers_of_parameters() {
        let counts = DISTILLS.iter().map(|d| d.spec().n_parameters() / 1_000_000);
        let published = [1777, 7615, 14770, 32763, 8030, 70553];
        assert_eq!(counts.collect::<Vec<_>>(), published);
    }

    /// The 339 tensors of a published Q4_K_M file of Qwen-7B sum up to this.
    #[test]
    fn the_mix_has_the_size_of_a_published_file() {
        assert_eq!(named("Qwen-7B").weights(Target::Q4_K_M), 4_677_120_000);
    }
}
