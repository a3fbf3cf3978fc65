//! candle's quantised models.

use anyhow::{Context as _, Result, bail};
use candle_core::quantized::gguf_file::Content;
use candle_core::{Device, Tensor};
use candle_transformers::models::{quantized_llama, quantized_qwen2};
use glassbox_peers::{CHUNK, Engine, Setup, id, serve};
use std::fs::File;
use std::io::BufReader;

enum Model {
    Qwen2(quantized_qwen2::ModelWeights),
    Llama(quantized_llama::ModelWeights),
}

struct Candle {
    model: Model,
    vocab: usize,
    /// `[sequences, vocab]`
    logits: Option<Tensor>,
}

fn main() -> Result<()> {
    serve(open)
}

/// Threads come from `RAYON_NUM_THREADS`, which whoever starts this program sets.
fn open(setup: &Setup) -> Result<Candle> {
    let mut file = BufReader::new(File::open(&setup.model)?);
    let content = Content::read(&mut file)?;
    let embedding = content.tensor_infos.get("token_embd.weight");
    let vocab = embedding.context("no token_embd.weight")?.shape.dims()[0];
    let architecture = content.metadata.get("general.architecture");
    let architecture = architecture
        .context("no general.architecture")?
        .to_string()?
        .clone();
    let model = match architecture.as_str() {
        "qwen2" => {
            let device = &Device::Cpu;
            Model::Qwen2(quantized_qwen2::ModelWeights::from_gguf(
                content, &mut file, device,
            )?)
        }
        "llama" => {
            let device = &Device::Cpu;
            Model::Llama(quantized_llama::ModelWeights::from_gguf(
                content, &mut file, device,
            )?)
        }
        other => bail!("no quantised model for {other}"),
    };
    Ok(Candle {
        model,
        vocab,
        logits: None,
    })
}

impl Engine for Candle {
    fn forward(&mut self, sequences: usize, start: usize, n: usize) -> Result<()> {
        // A whole prompt at once would hold scores of every pair of its tokens.
        for first in (0..n).step_by(CHUNK) {
            let len = CHUNK.min(n - first);
            let from = start + first;
            let ids: Vec<u32> = (0..sequences)
                .flat_map(|s| (from..from + len).map(move |p| (s, p)))
                .map(|(s, p)| id(s, p, self.vocab))
                .collect();
            let ids = Tensor::from_vec(ids, (sequences, len), &Device::Cpu)?;
            let logits = match &mut self.model {
                Model::Qwen2(model) => model.forward(&ids, from)?,
                Model::Llama(model) => model.forward(&ids, from)?,
            };
            self.logits = Some(logits);
        }
        Ok(())
    }

    fn rewind(&mut self, len: usize) -> Result<bool> {
        if len == 0 {
            match &mut self.model {
                Model::Qwen2(model) => model.clear_kv_cache(),
                Model::Llama(model) => model.clear_kv_cache(),
            }
        }
        Ok(len == 0)
    }

    fn logits(&mut self) -> Result<Vec<f32>> {
        let logits = self.logits.as_ref().context("nothing was computed")?;
        Ok(logits.get(0)?.flatten_all()?.to_vec1()?)
    }
}
