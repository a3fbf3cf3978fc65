use crate::model_args::{self, ModelPath};
use crate::output::size;
use crate::progress::Bar;
use crate::{interrupt, output};
use glassbox::ModelOptions;
use glassbox::weights::OpenOptions;
use serde::Serialize;
use std::fs;
use std::io::{self, Write};

/// Keep a model's weights, laid out for the processor, in a file beside it: it loads at once then.
///
/// The file takes as much room as the model, and is called M.prepared, or model.prepared in a
/// directory. Every command that loads the model without --no-mmap uses it while the model's files
/// are those that it was made of, and says so when they are not; to be rid of it, remove it.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelPath,
    /// Threads that work; as many as there are cores where left out
    #[arg(short, long, value_name = "N", value_parser = model_args::threads)]
    threads: Option<usize>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    model: String,
    prepared: String,
    bytes: u64,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let source = args.model.get()?;
    let checkpoint = source.checkpoint(&OpenOptions::default());
    let checkpoint = checkpoint.map_err(|error| source.named(error))?;
    let mut options = ModelOptions::default();
    options.cpu.threads = args.threads;
    let mut bar = Bar::new("preparing");
    let interrupt = interrupt::guard();
    interrupt::install()?;
    let path = options.prepare(&checkpoint, |done, total| {
        bar.set(done, total);
        !interrupt.cancel.is_cancelled()
    });
    drop(bar);
    let path = path.map_err(|error| source.named(error))?;
    let report = Report {
        model: source.to_string(),
        prepared: path.display().to_string(),
        bytes: fs::metadata(&path)?.len(),
    };
    match args.json {
        true => output::json(&report),
        false => {
            let (path, bytes) = (output::harmless(&report.prepared), size(report.bytes));
            Ok(writeln!(io::stdout(), "{path}: {bytes}")?)
        }
    }
}
