use crate::exit::Usage;
use crate::progress::Bar;
use clap::{Args, ValueEnum};
use glassbox::{KvType, Model, ModelOptions};
use std::path::{Path, PathBuf};

/// The environment variable that stands in for `--model`.
const VARIABLE: &str = "GLASSBOX_MODEL";

/// Which model.
#[derive(Args)]
pub(crate) struct ModelPath {
    /// A GGUF file or a Hugging Face directory; GLASSBOX_MODEL where left out
    #[arg(short, long, value_name = "M")]
    model: Option<PathBuf>,
}

impl ModelPath {
    /// The path given, or else the environment's.
    pub(crate) fn get(&self) -> anyhow::Result<PathBuf> {
        let from_environment = || std::env::var_os(VARIABLE).filter(|v| !v.is_empty());
        match self
            .model
            .clone()
            .or_else(|| from_environment().map(PathBuf::from))
        {
            Some(path) => Ok(path),
            None => Err(Usage(format!(
                "no model: give --model M or set {VARIABLE}, where M is any GGUF file or Hugging \
                 Face directory of a Qwen2 or Llama model; `cargo xtask fetch-models` puts a small \
                 one into models/, and `glassbox models` lists the R1 distills"
            ))
            .into()),
        }
    }
}

/// Positions of a context, for clap.
pub(crate) fn positions(text: &str) -> Result<usize, String> {
    within(text, 1 << 24)
}

fn threads(text: &str) -> Result<usize, String> {
    within(text, 1024)
}

fn within(text: &str, most: usize) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if (1..=most).contains(&n) => Ok(n),
        _ => Err(format!("expected 1 to {most}")),
    }
}

/// Which model, and how it runs.
#[derive(Args)]
pub(crate) struct ModelArgs {
    #[command(flatten)]
    pub(crate) path: ModelPath,
    /// Threads that compute; as many as there are cores where left out
    #[arg(short, long, value_name = "N", value_parser = threads)]
    threads: Option<usize>,
    /// Read the files instead of mapping them: slower to load, safe from files that shrink
    #[arg(long)]
    no_mmap: bool,
    /// The type in which keys and values are kept
    #[arg(long, value_name = "TYPE", default_value = "f16")]
    pub(crate) kv: Kv,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kv {
    F16,
    F32,
}

impl Kv {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kv::F16 => "f16",
            Kv::F32 => "f32",
        }
    }
}

impl From<Kv> for KvType {
    fn from(kv: Kv) -> Self {
        match kv {
            Kv::F16 => KvType::F16,
            Kv::F32 => KvType::F32,
        }
    }
}

impl ModelArgs {
    pub(crate) fn options(&self) -> ModelOptions {
        let mut options = ModelOptions::default()
            .kv_type(self.kv.into())
            .mmap(!self.no_mmap);
        if let Some(threads) = self.threads {
            options = options.threads(threads);
        }
        options
    }

    /// Opens the model, with a progress bar.
    pub(crate) fn open(&self, context: Option<usize>) -> anyhow::Result<Model> {
        let mut options = self.options();
        options.context = context;
        open(&self.path.get()?, &options)
    }
}

fn open(path: &Path, options: &ModelOptions) -> anyhow::Result<Model> {
    let mut bar = Bar::new("loading");
    let model = options.open_with(path, |now| {
        bar.set(now.done, now.total);
        if !now.finite {
            bar.warn(&format!(
                "tensor {} holds NaN or infinity (`glassbox inspect --verify` counts them)",
                now.tensor
            ));
        }
        true
    });
    model.map_err(|error| named(path, error))
}

/// An error that says which model it is about; most of those about files do so themselves.
pub(crate) fn named(path: &Path, error: impl Into<anyhow::Error>) -> anyhow::Error {
    let (path, error) = (path.display().to_string(), error.into());
    match error.to_string().contains(&path) {
        true => error,
        false => error.context(path),
    }
}
