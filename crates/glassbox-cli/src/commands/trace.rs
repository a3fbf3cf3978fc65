use crate::input::read_text;
use clap::ValueEnum;
use glassbox::Trace;
use glassbox::trace::ParserOptions;
use std::io::{self, IsTerminal, Write};

/// Read a model's output into its reasoning, steps, content and answer; needs no model.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The prompt already ended in <think>, so the output starts inside the reasoning
    #[arg(long)]
    primed: bool,
    /// JSON for programs, Markdown for people
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    format: Format,
    /// The same as --format json
    #[arg(long, hide = true, conflicts_with = "format")]
    json: bool,
    /// The output, or - for standard input
    file: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Md,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let text = read_text(&args.file)?;
    let options = match args.primed {
        true => ParserOptions::primed(),
        false => ParserOptions::new(),
    };
    let trace = Trace::parse(&text, options);
    let mut out = io::stdout();
    match args.format {
        Format::Json if out.is_terminal() => writeln!(out, "{}", trace.to_json_pretty())?,
        Format::Json => writeln!(out, "{}", trace.to_json())?,
        Format::Md => write!(out, "{}", trace.to_markdown())?,
    }
    out.flush()?;
    Ok(())
}
