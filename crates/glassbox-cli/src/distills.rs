//! The six R1 distills: the scores that R1's paper and README give, and the memory that each needs.

use glassbox::weights::config;
use glassbox::weights::quantize::{Shape, Target, target_bytes};
use glassbox::{DType, DecoderSpec, Family, KvType, ModelError, Tensor};

/// One distill.
pub(crate) struct Distill {
    /// The repository on Hugging Face.
    pub(crate) repo: &'static str,
    pub(crate) spec: DecoderSpec,
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

macro_rules! scores {
    ($($p1:literal $c64:literal $math:literal $gpqa:literal $lcb:literal $cf:literal;)*) => {
        [$(Scores {
            aime24_pass1: $p1,
            aime24_cons64: $c64,
            math500: $math,
            gpqa_diamond: $gpqa,
            livecodebench: $lcb,
            codeforces_rating: $cf,
        }),*]
    };
}

/// In the order of [`config::DISTILLS`].
const SCORES: [Scores; config::DISTILLS.len()] = scores! {
    28.9 52.7 83.9 33.8 16.9 954;
    55.5 83.3 92.8 49.1 37.6 1189;
    69.7 80.0 93.9 59.1 53.1 1481;
    72.6 83.3 94.3 62.1 57.2 1691;
    50.4 80.0 89.1 49.0 39.6 1205;
    70.0 86.7 94.5 65.2 57.5 1633;
};

/// All six.
pub(crate) fn distills() -> Result<Vec<Distill>, ModelError> {
    let published = config::DISTILLS.iter().zip(SCORES);
    let distill = |(distill, scores): (&config::Distill, _)| {
        Ok(Distill {
            repo: distill.repo,
            spec: DecoderSpec::try_from(&distill.config())?,
            scores,
        })
    };
    published.map(distill).collect()
}

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

    pub(crate) fn memory(&self, format: Target, context: usize) -> Memory {
        /// The batch that a model is opened with.
        const BATCH: u64 = 512;
        /// A tokenizer of 150,000 tokens, the program, and room to breathe.
        const FIXED: u64 = 128 << 20;
        let spec = &self.spec;
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
        let tensors: Vec<(String, Vec<u64>)> = Tensor::all(&self.spec)
            .into_iter()
            .map(|tensor| (tensor.gguf(), tensor.file_shape(&self.spec)))
            .collect();
        let shapes: Vec<Shape<'_>> = tensors
            .iter()
            .map(|(name, shape)| Shape {
                name,
                shape,
                dtype: DType::BF16,
            })
            .collect();
        target_bytes(format, self.spec.family == Family::Llama, &shapes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parameters that the models' cards give, in millions.
    #[test]
    fn shapes_give_the_published_numbers_of_parameters() {
        let all = distills().unwrap();
        let counts = all.iter().map(|d| d.spec.n_parameters() / 1_000_000);
        let published = [1777, 7615, 14770, 32763, 8030, 70553];
        assert_eq!(counts.collect::<Vec<_>>(), published);
    }

    /// The 339 tensors of a published Q4_K_M file of Qwen-7B sum up to this.
    #[test]
    fn the_mix_has_the_size_of_a_published_file() {
        let all = distills().unwrap();
        assert!(all[1].repo.ends_with("Qwen-7B"));
        assert_eq!(all[1].weights(Target::Q4_K_M), 4_677_120_000);
    }

    /// The scores stand in the order of the models.
    #[test]
    fn the_largest_model_has_the_best_vote() {
        let all = distills().unwrap();
        assert!(all[5].repo.ends_with("Llama-70B"));
        assert_eq!(all[5].scores.aime24_cons64, 86.7);
    }
}
