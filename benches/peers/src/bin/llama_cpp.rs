//! llama.cpp, with its defaults: keys and values in f16, flash attention where it decides for it.

use anyhow::{Result, bail};
use glassbox_peers::{CHUNK, Engine, Setup, id, serve};
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;
use std::num::NonZeroU32;

struct LlamaCpp {
    context: LlamaContext<'static>,
    batch: LlamaBatch<'static>,
    vocab: usize,
}

fn main() -> Result<()> {
    serve(open)
}

fn open(setup: &Setup) -> Result<LlamaCpp> {
    let mut backend = LlamaBackend::init()?;
    backend.void_logs();
    // Both live as long as the process; the context borrows them.
    let backend: &'static LlamaBackend = Box::leak(Box::new(backend));
    let params = LlamaModelParams::default();
    let model = LlamaModel::load_from_file(backend, &setup.model, &params)?;
    let model: &'static LlamaModel = Box::leak(Box::new(model));
    let all = u32::try_from(setup.positions * setup.sequences)?;
    let threads = i32::try_from(setup.threads)?;
    let params = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(all))
        .with_n_seq_max(u32::try_from(setup.sequences)?)
        .with_n_batch(CHUNK as u32)
        .with_n_ubatch(CHUNK as u32)
        .with_n_threads(threads)
        .with_n_threads_batch(threads);
    Ok(LlamaCpp {
        context: model.new_context(backend, params)?,
        batch: LlamaBatch::new(CHUNK, 1),
        vocab: usize::try_from(model.n_vocab())?,
    })
}

impl LlamaCpp {
    fn add(&mut self, sequence: usize, position: usize, wanted: bool) -> Result<()> {
        let token = LlamaToken(id(sequence, position, self.vocab) as i32);
        let sequence = i32::try_from(sequence)?;
        let position = i32::try_from(position)?;
        Ok(self.batch.add(token, position, &[sequence], wanted)?)
    }

    fn decode(&mut self) -> Result<()> {
        self.context.decode(&mut self.batch)?;
        self.context.synchronize();
        self.batch.clear();
        Ok(())
    }
}

impl Engine for LlamaCpp {
    fn forward(&mut self, sequences: usize, start: usize, n: usize) -> Result<()> {
        self.batch.clear();
        if n == 1 {
            for s in 0..sequences {
                self.add(s, start, true)?;
            }
            return self.decode();
        }
        for s in 0..sequences {
            for first in (0..n).step_by(CHUNK) {
                for i in first..n.min(first + CHUNK) {
                    self.add(s, start + i, i + 1 == n)?;
                }
                self.decode()?;
            }
        }
        Ok(())
    }

    fn rewind(&mut self, len: usize) -> Result<bool> {
        if !self
            .context
            .clear_kv_cache_seq(None, Some(u32::try_from(len)?), None)?
        {
            bail!("llama.cpp keeps positions from {len} on");
        }
        Ok(true)
    }

    fn logits(&mut self) -> Result<Vec<f32>> {
        Ok(self.context.get_logits()[..self.vocab].to_vec())
    }
}
