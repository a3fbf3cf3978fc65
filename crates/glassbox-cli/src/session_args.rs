use crate::model_args::{self, ModelArgs};
use crate::model_source::ModelSource;
use clap::Args;
use glassbox::{Ask, Model};
use std::path::PathBuf;

/// How replies are computed, which changes none of them.
#[derive(Args)]
pub(crate) struct SessionArgs {
    /// Positions for all turns, reasoning included; the model's own, at most 32,768, where left out
    #[arg(long, value_name = "N", value_parser = model_args::positions)]
    context: Option<usize>,
    /// Guess tokens from the text so far and compute several at once: the reply is the same, and
    /// faster where it repeats itself
    #[arg(long)]
    speculate: bool,
    /// A smaller model of the same tokenizer that guesses tokens: the reply is the same
    #[arg(long, value_name = "M", conflicts_with = "speculate")]
    draft: Option<PathBuf>,
    /// A folder that keeps what was computed of prompts, for the next time; whoever can read it
    /// learns something of them
    #[arg(long, value_name = "DIR")]
    disk_cache: Option<PathBuf>,
    /// The most mebibytes that this model may take there
    #[arg(
        long,
        value_name = "MIB",
        default_value_t = 4096,
        requires = "disk_cache",
        value_parser = clap::value_parser!(u64).range(1..=1 << 30)
    )]
    disk_cache_mib: u64,
}

/// Who guesses the next tokens.
pub(crate) enum Guesser {
    Nobody,
    /// The text itself.
    Text,
    /// A draft model.
    Model(Model),
}

impl Guesser {
    /// `ask`, with these guesses.
    pub(crate) fn help<'s>(&self, ask: Ask<'s>) -> Ask<'s> {
        match self {
            Guesser::Nobody => ask,
            Guesser::Text => ask.speculate(true),
            Guesser::Model(model) => ask.draft(model.engine()),
        }
    }
}

impl SessionArgs {
    /// Opens who guesses, with a progress bar.
    pub(crate) fn guesser(&self, model: &ModelArgs) -> anyhow::Result<Guesser> {
        let Some(path) = &self.draft else {
            return Ok(match self.speculate {
                true => Guesser::Text,
                false => Guesser::Nobody,
            });
        };
        let mut options = model.options();
        options.context = self.context;
        let source = ModelSource::of(Some(path))?;
        let checkpoint = source.checkpoint(&model.files());
        let checkpoint = checkpoint.map_err(|error| source.named(error))?;
        let draft = model_args::load(&source, &checkpoint, &options)?;
        Ok(Guesser::Model(draft))
    }

    /// Opens the model, with a progress bar.
    pub(crate) fn open(&self, model: &ModelArgs, certify: bool) -> anyhow::Result<Model> {
        let mut options = model.options().certify(certify);
        options.context = self.context;
        if let Some(folder) = &self.disk_cache {
            options = options.disk_cache(folder, self.disk_cache_mib << 20);
        }
        model.open_with(&options)
    }
}
