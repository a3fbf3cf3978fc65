use crate::text_side::text_side;
use crate::{Error, ModelOptions};
use glassbox_cpu::Cpu;
use glassbox_engine::{Engine, Session};
use glassbox_models::{CausalLm, DecoderSpec, LoadOptions, LoadedModel, Progress};
use glassbox_text::Special;
use glassbox_weights::{Checkpoint, Fingerprint};
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

/// The most positions a cache has unless more are asked for.
const DEFAULT_CONTEXT: usize = 32_768;

/// An open model. Clones share it, from any thread.
#[derive(Clone, Debug)]
pub struct Model {
    engine: Engine,
    isa: &'static str,
    threads: usize,
}

impl Model {
    /// Opens a GGUF file or a Hugging Face directory with the default [`ModelOptions`].
    pub fn open(path: impl AsRef<Path>) -> Result<Model, Error> {
        ModelOptions::default().open(path)
    }

    /// The default options, to be changed and then opened.
    pub fn options() -> ModelOptions {
        ModelOptions::default()
    }

    /// Opens the model of this crate's feature `tiny` with the default [`ModelOptions`].
    #[cfg(feature = "tiny")]
    pub fn tiny() -> Result<Model, Error> {
        ModelOptions::default().open_tiny()
    }

    pub(crate) fn load(
        checkpoint: &Checkpoint,
        options: &ModelOptions,
        progress: impl FnMut(Progress<'_>) -> bool,
    ) -> Result<Model, Error> {
        let cpu = Cpu::new(&options.cpu)?;
        let (isa, threads) = (cpu.isa(), cpu.threads());
        // A large vocabulary takes as long as prepared weights.
        let (text, model) = thread::scope(|scope| {
            let text = scope.spawn(|| text_side(checkpoint));
            let model = load_on(cpu, checkpoint, options, progress);
            (
                text.join().unwrap_or_else(|panic| resume_unwind(panic)),
                model,
            )
        });
        let (text, model) = (text?, model?);
        let engine = match (options.certify, options.disk_cache.clone()) {
            (false, None) => Engine::new(model, text)?,
            (_, disk) => Engine::with_weights(model, text, Fingerprint::of(checkpoint)?, disk)?,
        };
        Ok(Model {
            engine,
            isa,
            threads,
        })
    }

    /// A new conversation.
    pub fn session(&self) -> Session {
        self.engine.session()
    }

    /// The engine below, for what this front does not show.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What the model is.
    pub fn spec(&self) -> &DecoderSpec {
        self.engine.spec()
    }

    /// The ids of a text, without any template; markup in it is text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, Error> {
        Ok(self
            .engine
            .tokenizer()?
            .encode_document(text, Special::AsText)?)
    }

    /// The next-token logits after `ids`, `[spec().vocab]`.
    pub fn logits(&self, ids: &[u32]) -> Result<Vec<f32>, Error> {
        let mut last = Vec::new();
        self.engine
            .logits(ids, false, |_, row| last.extend_from_slice(row))?;
        Ok(last)
    }

    /// The name of the kernel table in use.
    pub fn isa(&self) -> &'static str {
        self.isa
    }

    /// Threads that compute.
    pub fn threads(&self) -> usize {
        self.threads
    }
}

pub(crate) fn load_on(
    cpu: Cpu,
    checkpoint: &Checkpoint,
    options: &ModelOptions,
    mut progress: impl FnMut(Progress<'_>) -> bool,
) -> Result<Box<dyn CausalLm>, Error> {
    let spec = DecoderSpec::from_checkpoint(checkpoint)?;
    let mut load = LoadOptions::default();
    load.context = options.context.unwrap_or(spec.context.min(DEFAULT_CONTEXT));
    load.cache = options.cache;
    load.kv_type = options.kv_type;
    load.batch = options.batch;
    let model = LoadedModel::load(cpu, checkpoint, &load, &mut progress)?;
    Ok(Box::new(model))
}
