use crate::eval::{self, Problem, Report, Run};
use crate::exit::Reported;
#[cfg(not(feature = "tiny"))]
use crate::exit::Usage;
use crate::input::read_text;
use crate::model_args::{self, ModelArgs};
use crate::progress::Bar;
use crate::sampling_args::SamplingArgs;
use crate::{interrupt, output, system};
use anyhow::Context as _;
use glassbox::Model;
use std::io;
use std::time::Instant;

/// Weights below this are small enough for a copy of the model on every thread.
const SMALL: u64 = 64 << 20;

/// Accuracy on problems whose answers are known, by kind; greedy where nothing is said.
///
/// A file has one JSON object a line: "question" or "problem", "answer", and "kind" if there are
/// kinds. The reply's boxed answer counts, but for how it is written. Where "answer" is null, the
/// right reply has content and no answer.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A file of problems, or - for standard input; the embedded model's own where left out
    #[arg(value_name = "FILE")]
    file: Option<String>,
    /// The embedded model's own problems, whatever the model
    #[arg(long, conflicts_with = "file")]
    tiny_suite: bool,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    sampling: SamplingArgs,
    /// Positions for a prompt and its reply; the model's own, at most 32,768, where left out
    #[arg(long, value_name = "N", value_parser = model_args::positions)]
    context: Option<usize>,
    /// The first N problems of each kind
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Copies of the model that work side by side and share the threads; as many as there are
    /// threads for a small model, else 1
    #[arg(short, long, value_name = "J", value_parser = clap::value_parser!(u32).range(1..=1024))]
    jobs: Option<u32>,
    /// Show the problems whose answers are wrong
    #[arg(long, visible_alias = "verbose")]
    show_wrong: bool,
    /// One JSON object, with every wrong reply
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let source = args.model.path.get()?;
    let params = args.sampling.params(None)?;
    let (suite, mut problems) = problems(args.file.as_deref())?;
    if let Some(limit) = args.limit {
        problems = eval::first_of_each(problems, limit as usize);
    }
    let checkpoint = source.checkpoint(&args.model.files());
    let checkpoint = checkpoint.map_err(|error| source.named(error))?;
    let mut options = args.model.options();
    options.context = args.context;
    let threads = options.cpu.threads.unwrap_or_else(system::cores);
    let jobs = match args.jobs {
        Some(jobs) => jobs as usize,
        None if checkpoint.file_bytes() < SMALL => threads,
        None => 1,
    };
    let jobs = jobs.min(problems.len());
    let each = (threads / jobs).max(1);
    let options = options.threads(each);
    let models: Vec<Model> = (0..jobs)
        .map(|_| model_args::load(&source, &checkpoint, &options))
        .collect::<Result<_, _>>()?;
    let interrupt = interrupt::guard();
    interrupt::install()?;
    let mut bar = Bar::counting("asking");
    let mut done = 0;
    let began = Instant::now();
    let outcomes = eval::work(&problems, &models, &params, &interrupt.cancel, |_| {
        done += 1;
        bar.set(done, problems.len() as u64);
    });
    let seconds = began.elapsed().as_secs_f64();
    drop(bar);
    let outcomes = outcomes.map_err(|error| source.named(error))?;
    let run = Run {
        model: source.to_string(),
        suite,
        seconds,
        jobs,
        threads_per_job: each,
        params,
    };
    let report = Report::of(run, &problems, &outcomes);
    match args.json {
        true => output::json(&report)?,
        false => report.print(&mut io::stdout().lock(), args.show_wrong)?,
    }
    match report.partial {
        true => Err(Reported.into()),
        false => Ok(()),
    }
}

/// The problems and what they are called.
fn problems(file: Option<&str>) -> anyhow::Result<(String, Vec<Problem>)> {
    let (name, text) = match file {
        Some("-") => ("standard input".to_owned(), read_text("-")?),
        Some(file) => (file.to_owned(), read_text(file)?),
        None => embedded()?,
    };
    let problems = eval::parse(&text).with_context(|| name.clone())?;
    Ok((name, problems))
}

#[cfg(feature = "tiny")]
fn embedded() -> anyhow::Result<(String, String)> {
    Ok(("tiny".to_owned(), glassbox::tiny::SUITE.to_owned()))
}

#[cfg(not(feature = "tiny"))]
fn embedded() -> anyhow::Result<(String, String)> {
    let wrong = "no problems: give a file, since this build has none of its own";
    Err(Usage(wrong.to_owned()).into())
}
