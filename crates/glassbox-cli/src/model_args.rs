use crate::model_source::ModelSource;
use crate::progress::Bar;
use clap::{Args, ValueEnum};
use glassbox::weights::{Checkpoint, OpenOptions, Unusable};
use glassbox::{KvType, Model, ModelOptions};
use std::path::PathBuf;

/// Which model.
#[derive(Args)]
pub(crate) struct ModelPath {
    /// A GGUF file or a Hugging Face directory; GLASSBOX_MODEL where left out, or else the
    /// embedded model, `tiny`
    #[arg(short, long, value_name = "M")]
    model: Option<PathBuf>,
}

impl ModelPath {
    pub(crate) fn get(&self) -> anyhow::Result<ModelSource> {
        ModelSource::of(self.model.as_deref())
    }
}

/// Positions of a context, for clap.
pub(crate) fn positions(text: &str) -> Result<usize, String> {
    within(text, 1 << 24)
}

pub(crate) fn threads(text: &str) -> Result<usize, String> {
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
    #[arg(long, value_name = "TYPE", default_value = "half")]
    pub(crate) kv: Kv,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kv {
    Half,
    F32,
    Q8,
}

impl Kv {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kv::Half => "half",
            Kv::F32 => "f32",
            Kv::Q8 => "q8",
        }
    }
}

impl From<Kv> for KvType {
    fn from(kv: Kv) -> Self {
        match kv {
            Kv::Half => KvType::Half,
            Kv::F32 => KvType::F32,
            Kv::Q8 => KvType::Q8,
        }
    }
}

impl ModelArgs {
    pub(crate) fn options(&self) -> ModelOptions {
        let mut options = ModelOptions::default().kv_type(self.kv.into());
        if let Some(threads) = self.threads {
            options = options.threads(threads);
        }
        options
    }

    /// How the files are opened.
    pub(crate) fn files(&self) -> OpenOptions {
        OpenOptions::default().mmap(!self.no_mmap)
    }

    /// Opens the model, with a progress bar.
    pub(crate) fn open(&self, context: Option<usize>) -> anyhow::Result<Model> {
        let mut options = self.options();
        options.context = context;
        self.open_with(&options)
    }

    /// Opens the model with options that began as [`options`](Self::options).
    pub(crate) fn open_with(&self, options: &ModelOptions) -> anyhow::Result<Model> {
        let source = self.path.get()?;
        let checkpoint = source.checkpoint(&self.files());
        let checkpoint = checkpoint.map_err(|error| source.named(error))?;
        load(&source, &checkpoint, options)
    }
}

/// Loads a model, with a progress bar, and warnings of weights that are no numbers and of prepared
/// ones that are not used.
pub(crate) fn load(
    source: &ModelSource,
    checkpoint: &Checkpoint,
    options: &ModelOptions,
) -> anyhow::Result<Model> {
    let mut bar = Bar::new("loading");
    let mut prepared = false;
    let model = options.load(checkpoint, |now| {
        bar.set(now.done, now.total);
        prepared |= now.prepared;
        if !now.finite {
            bar.warn(&format!(
                "tensor {} holds NaN or infinity (`glassbox inspect --verify` counts them)",
                now.tensor
            ));
        }
        true
    });
    if let Some(why) = not_used(checkpoint, prepared) {
        bar.warn(&why);
    }
    model.map_err(|error| source.named(error))
}

/// Why what lies beside a model was not loaded in place of its own weights.
pub(crate) fn not_used(checkpoint: &Checkpoint, prepared: bool) -> Option<String> {
    let anew = "(`glassbox prepare` makes it anew)";
    match checkpoint.prepared()? {
        Ok(_) if prepared => None,
        Ok(path) => {
            let path = path.display();
            Some(format!(
                "{path}: not used, since it is laid out otherwise {anew}"
            ))
        }
        Err(why @ Unusable::Outdated { .. }) => Some(format!("{why} {anew}")),
        Err(why) => Some(why.to_string()),
    }
}
