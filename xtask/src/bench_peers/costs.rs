use anyhow::{Context as _, Result, bail};
use glassbox_core::DType;
use glassbox_models::DecoderSpec;
use glassbox_weights::{Checkpoint, OpenOptions};
use std::path::Path;

/// What a model's tokens cost at the least; the arithmetic of attention is left out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Costs {
    /// Bytes of the file.
    pub(super) file: u64,
    /// Bytes of weights that a pass reads.
    weights: f64,
    /// Bytes of keys and values of a position, 16 bits an element.
    position: f64,
    /// Multiply-adds a token with quantised weights, with bf16 and with other floats.
    each: [f64; 3],
    /// The same of the output matrix, for tokens whose logits are wanted.
    head: [f64; 3],
}

/// What the machine can do at most in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limits {
    pub(super) read_bytes: f64,
    /// Multiply-adds of 8-bit integers, of bf16 and of f32.
    pub(super) rates: [f64; 3],
}

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Work {
    /// A prompt of so many tokens.
    Prompt(usize),
    /// Tokens one at a time in each of some sequences, which have `depth` already.
    Decode {
        tokens: usize,
        depth: usize,
        sequences: usize,
    },
}

impl Costs {
    /// Reads the file's header.
    pub(super) fn of(model: &Path) -> Result<Self> {
        let open = Checkpoint::open(model, &OpenOptions::default());
        let checkpoint = open.with_context(|| model.display().to_string())?;
        if checkpoint.gguf().is_none() {
            bail!("{} is not a GGUF file", model.display());
        }
        let spec = DecoderSpec::from_checkpoint(&checkpoint)
            .with_context(|| model.display().to_string())?;
        let mut costs = Costs {
            file: std::fs::metadata(model)?.len(),
            weights: 0.0,
            position: (spec.n_layers * 2 * spec.attention().kv_width() * 2) as f64,
            each: [0.0; 3],
            head: [0.0; 3],
        };
        for info in checkpoint.tensors() {
            let is_embedding = info.name() == "token_embd.weight";
            if is_embedding && !spec.tie_embeddings {
                continue;
            }
            costs.weights += info.n_bytes() as f64;
            if info.shape().len() < 2 {
                continue;
            }
            let kind = match info.dtype() {
                dtype if dtype.is_quantized() => 0,
                DType::BF16 => 1,
                _ => 2,
            };
            let to = match is_embedding || info.name() == "output.weight" {
                true => &mut costs.head,
                false => &mut costs.each,
            };
            to[kind] += info.n_elements() as f64;
        }
        Ok(costs)
    }

    /// Seconds that some work takes at the least.
    pub(super) fn least(&self, work: Work, limits: &Limits) -> f64 {
        let (passes, tokens, logits, read) = match work {
            Work::Prompt(n) => (1.0, n as f64, 1.0, 0.0),
            Work::Decode {
                tokens,
                depth,
                sequences,
            } => {
                let all = (tokens * sequences) as f64;
                (tokens as f64, all, all, all * depth as f64)
            }
        };
        let memory = (passes * self.weights + read * self.position) / limits.read_bytes;
        let compute = (0..3)
            .map(|kind| (tokens * self.each[kind] + logits * self.head[kind]) / limits.rates[kind]);
        memory.max(compute.sum())
    }
}

impl Work {
    /// What an engine is told, as `benches/peers` has it.
    pub(super) fn line(self) -> String {
        match self {
            Work::Prompt(n) => format!("prompt {n}"),
            Work::Decode {
                tokens,
                depth,
                sequences,
            } => format!("decode {tokens} {depth} {sequences}"),
        }
    }

    /// What people call it.
    pub(super) fn name(self) -> String {
        match self {
            Work::Prompt(n) => format!("prompt {n}"),
            Work::Decode {
                tokens,
                depth: 0,
                sequences: 1,
            } => format!("decode {tokens}"),
            Work::Decode {
                tokens,
                depth,
                sequences: 1,
            } => format!("decode {tokens} at {depth}"),
            Work::Decode { sequences, .. } => format!("decode of {sequences}"),
        }
    }

    /// Tokens in all.
    pub(super) fn tokens(self) -> f64 {
        match self {
            Work::Prompt(n) => n as f64,
            Work::Decode {
                tokens, sequences, ..
            } => (tokens * sequences) as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COSTS: Costs = Costs {
        file: 0,
        weights: 100.0,
        position: 2.0,
        each: [30.0, 0.0, 6.0],
        head: [50.0, 0.0, 0.0],
    };
    const LIMITS: Limits = Limits {
        read_bytes: 10.0,
        rates: [5.0, 1.0, 3.0],
    };

    #[test]
    fn prompts_are_held_against_arithmetic_and_tokens_against_memory() {
        assert_eq!(COSTS.least(Work::Prompt(4), &LIMITS), 4.0 * 8.0 + 10.0);
        let decode = |depth, sequences| Work::Decode {
            tokens: 3,
            depth,
            sequences,
        };
        let deep = 3.0 * (100.0 + 200.0 * 2.0) / 10.0;
        assert_eq!(COSTS.least(decode(200, 1), &LIMITS), deep);
        assert_eq!(COSTS.least(decode(0, 4), &LIMITS), 12.0 * 18.0);
        assert_eq!(decode(0, 4).tokens(), 12.0);
    }

    #[test]
    fn a_file_that_is_no_model_is_named() {
        let error = Costs::of(Path::new("missing.gguf")).unwrap_err();
        assert!(format!("{error:#}").contains("missing.gguf"), "{error:#}");
    }
}
