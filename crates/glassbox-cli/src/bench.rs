//! Timed forward passes of fixed tokens, and what they could take at the least.

use crate::exit::Usage;
use crate::progress::Bar;
use anyhow::Result;
use glassbox::Limits;
use glassbox::weights::Checkpoint;
use glassbox::{Batch, CausalLm, DType, KvType, PAGE, Sequence};
use serde::Serialize;
use std::time::Instant;

/// The most positions that all sequences may have together.
const MAX_POSITIONS: usize = 1 << 24;

#[derive(Clone, Copy, Serialize)]
pub(crate) struct Settings {
    pub(crate) prompt: usize,
    pub(crate) tokens: usize,
    pub(crate) depth: usize,
    pub(crate) batch: usize,
    pub(crate) repetitions: usize,
    pub(crate) threads: usize,
    pub(crate) kv: &'static str,
}

impl Settings {
    /// Pages of each sequence.
    fn pages(&self) -> usize {
        let longest = self
            .depth
            .saturating_add(self.prompt.max(self.tokens).max(1));
        longest.div_ceil(PAGE)
    }

    /// Positions that all sequences need.
    pub(crate) fn positions(&self) -> Result<usize> {
        let positions = self.pages().saturating_mul(PAGE).saturating_mul(self.batch);
        match positions {
            ..=MAX_POSITIONS => Ok(positions),
            _ => Err(Usage(format!(
                "{positions} positions in all sequences together, the limit is {MAX_POSITIONS}"
            ))
            .into()),
        }
    }
}

/// One result.
#[derive(Serialize)]
pub(crate) struct Timed {
    /// Tokens a second, of all sequences together.
    pub(crate) tok_s: f64,
    /// The least time that the machine's limits allow, over the time it took.
    pub(crate) of_limit: f64,
    pub(crate) limit_tok_s: f64,
    /// Which limit: `memory` or `compute`.
    pub(crate) bound: &'static str,
}

/// What one token costs, attention left out.
#[derive(Default)]
struct Costs {
    /// Bytes of weights that a pass reads.
    bytes: u64,
    /// Multiply-adds a token, with quantised weights, with bf16 and with other floats.
    each: [u64; 3],
    /// The same of the output matrix, for tokens whose logits are wanted.
    head: [u64; 3],
}

impl Costs {
    fn of(checkpoint: &Checkpoint, tied: bool) -> Costs {
        let mut costs = Costs::default();
        for info in checkpoint.tensors() {
            let is_embedding = info.name().contains("embd") || info.name().contains("embed_tokens");
            let is_head = matches!(info.name(), "output.weight" | "lm_head.weight");
            if is_embedding && !tied {
                continue;
            }
            costs.bytes += info.n_bytes();
            if info.shape().len() < 2 {
                continue;
            }
            let kind = match info.dtype() {
                DType::BF16 => 1,
                dtype if dtype.is_quantized() => 0,
                _ => 2,
            };
            let to = match is_embedding || is_head {
                true => &mut costs.head,
                false => &mut costs.each,
            };
            to[kind] += info.n_elements();
        }
        costs
    }
}

pub(crate) struct Bench {
    model: Box<dyn CausalLm>,
    settings: Settings,
    limits: Limits,
    costs: Costs,
    kv: KvType,
    /// A page table for each sequence.
    pages: Vec<Vec<u32>>,
    logits: Vec<f32>,
    bar: Bar,
}

impl Bench {
    /// Fills the caches up to the depth.
    pub(crate) fn new(
        model: Box<dyn CausalLm>,
        checkpoint: &Checkpoint,
        settings: Settings,
        kv: KvType,
        limits: Limits,
    ) -> Result<Self> {
        let n = settings.pages() as u32;
        let pages = (0..settings.batch as u32).map(|s| (s * n..(s + 1) * n).collect());
        let mut bench = Bench {
            costs: Costs::of(checkpoint, model.spec().tie_embeddings),
            logits: vec![0.0; model.spec().vocab * settings.batch],
            pages: pages.collect(),
            bar: Bar::new("measuring"),
            model,
            settings,
            limits,
            kv,
        };
        bench.prefill(0, settings.depth)?;
        // Brings the weights into memory and the clock up.
        bench.step(settings.depth)?;
        Ok(bench)
    }

    /// The prompt of every sequence, one after the other.
    pub(crate) fn prompt(&mut self) -> Result<Option<Timed>> {
        let Settings {
            prompt,
            depth,
            batch,
            ..
        } = self.settings;
        if prompt == 0 {
            return Ok(None);
        }
        let seconds = self.median(|bench| bench.prefill(depth, prompt))?;
        // Keys that the tokens look back on: `depth` and all before it in the prompt.
        let looks = prompt as f64 * (depth as f64 + (prompt as f64 + 1.0) / 2.0);
        let passes = prompt.div_ceil(self.model.max_batch());
        let (memory, compute) = self.least(passes, prompt, 1, looks, 0.0);
        let least = (memory * batch as f64, compute * batch as f64);
        Ok(Some(timed(prompt * batch, seconds, least)))
    }

    /// One token of every sequence at a time, all in one batch.
    pub(crate) fn decode(&mut self) -> Result<Option<Timed>> {
        let Settings {
            tokens,
            depth,
            batch,
            ..
        } = self.settings;
        if tokens == 0 {
            return Ok(None);
        }
        let seconds = self.median(|bench| (0..tokens).try_for_each(|i| bench.step(depth + i)))?;
        let positions = depth as f64 + (tokens as f64 + 1.0) / 2.0;
        let all = batch * tokens;
        let read = all as f64 * positions;
        Ok(Some(timed(
            all,
            seconds,
            self.least(tokens, all, all, read, read),
        )))
    }

    /// Seconds of memory traffic and of arithmetic, at the least, that some passes take.
    ///
    /// `looks` is the number of pairs of a token and an earlier one; `read` the number of cached
    /// positions that are read from memory rather than from a cache near the cores.
    fn least(
        &self,
        passes: usize,
        n_tokens: usize,
        n_logits: usize,
        looks: f64,
        read: f64,
    ) -> (f64, f64) {
        let spec = self.model.spec();
        let position = spec.page_bytes(self.kv) as f64 / PAGE as f64;
        let bytes = passes as f64 * self.costs.bytes as f64 + read * position;
        let q_width = spec.attention().q_width();
        let limits = &self.limits;
        let attention = looks * (2 * q_width * spec.n_layers) as f64
            / match self.kv {
                KvType::F32 => limits.f32_fma_s,
                _ => limits.int16_mac_s,
            };
        let rates = [limits.int8_mac_s, limits.bf16_mac_s, limits.f32_fma_s];
        let weights = (0..3).map(|kind| {
            let each = n_tokens as f64 * self.costs.each[kind] as f64;
            let head = n_logits as f64 * self.costs.head[kind] as f64;
            (each + head) / rates[kind]
        });
        (
            bytes / limits.read_bytes_s,
            weights.sum::<f64>() + attention,
        )
    }

    /// `n` tokens of every sequence from position `start` on; the logits of each one's last.
    fn prefill(&mut self, start: usize, n: usize) -> Result<()> {
        let vocab = self.model.spec().vocab;
        let most = self.model.max_batch();
        for (sequence, pages) in self.pages.iter().enumerate() {
            for first in (0..n).step_by(most) {
                let len = most.min(n - first);
                let ids: Vec<u32> = (0..len)
                    .map(|i| id(sequence, start + first + i, vocab))
                    .collect();
                let share = [Sequence {
                    n_tokens: len,
                    start: start + first,
                    pages,
                }];
                let last = [len - 1];
                let wanted: &[usize] = if first + len == n { &last } else { &[] };
                let batch = Batch::new(&ids, &share, wanted)?;
                let logits = &mut self.logits[..wanted.len() * vocab];
                self.model.forward(&batch, logits, &mut || true)?;
            }
        }
        Ok(())
    }

    /// The token at `position` of every sequence, in one batch.
    fn step(&mut self, position: usize) -> Result<()> {
        let vocab = self.model.spec().vocab;
        let ids: Vec<u32> = (0..self.pages.len())
            .map(|s| id(s, position, vocab))
            .collect();
        let shares: Vec<Sequence<'_>> = self
            .pages
            .iter()
            .map(|pages| Sequence {
                n_tokens: 1,
                start: position,
                pages,
            })
            .collect();
        let wanted: Vec<usize> = (0..ids.len()).collect();
        let batch = Batch::new(&ids, &shares, &wanted)?;
        Ok(self.model.forward(&batch, &mut self.logits, &mut || true)?)
    }

    fn median(&mut self, mut work: impl FnMut(&mut Self) -> Result<()>) -> Result<f64> {
        let mut seconds = Vec::new();
        for i in 0..self.settings.repetitions {
            let began = Instant::now();
            work(self)?;
            seconds.push(began.elapsed().as_secs_f64());
            self.bar.set(i as u64 + 1, self.settings.repetitions as u64);
        }
        seconds.sort_by(f64::total_cmp);
        Ok(seconds[seconds.len() / 2])
    }
}

fn timed(tokens: usize, seconds: f64, (memory, compute): (f64, f64)) -> Timed {
    let least = memory.max(compute);
    Timed {
        tok_s: tokens as f64 / seconds,
        of_limit: least / seconds,
        limit_tok_s: tokens as f64 / least,
        bound: if memory >= compute {
            "memory"
        } else {
            "compute"
        },
    }
}

/// A fixed token, any of the vocabulary.
fn id(sequence: usize, position: usize, vocab: usize) -> u32 {
    let mut x = ((sequence as u64) << 32 | position as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^= x >> 29;
    (x.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) as u32 % vocab.max(1) as u32
}
