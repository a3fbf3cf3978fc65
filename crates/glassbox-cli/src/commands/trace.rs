use crate::input::read_text;
use crate::output::harmless;
use clap::ValueEnum;
use glassbox::Trace;
use glassbox::trace::{CheckReport, HtmlReport, ParserOptions};
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

/// Read a model's output into its reasoning, steps, content and answer; needs no model.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The prompt already ended in <think>, so the output starts inside the reasoning
    #[arg(long)]
    primed: bool,
    /// JSON for programs, Markdown and HTML (one self-contained page) for people
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    format: Format,
    /// The same as --format json
    #[arg(long, hide = true, conflicts_with = "format")]
    json: bool,
    /// Check the arithmetic, the answer, loops, languages and bypassed thinking
    #[arg(long)]
    check: bool,
    /// The output, or - for standard input
    file: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Md,
    Html,
}

/// A trace with what checkers said of it.
#[derive(serde::Serialize)]
struct Checked<'a> {
    #[serde(flatten)]
    trace: &'a Trace,
    checks: &'a [CheckReport],
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let text = read_text(&args.file)?;
    let options = match args.primed {
        true => ParserOptions::primed(),
        false => ParserOptions::new(),
    };
    let trace = Trace::parse(&text, options);
    let checks = if args.check {
        trace.check_all()
    } else {
        Vec::new()
    };
    let mut out = io::stdout();
    match args.format {
        Format::Json => {
            let checked = Checked {
                trace: &trace,
                checks: &checks,
            };
            let json = match (args.check, out.is_terminal()) {
                (true, true) => serde_json::to_string_pretty(&checked)?,
                (true, false) => serde_json::to_string(&checked)?,
                (false, true) => trace.to_json_pretty(),
                (false, false) => trace.to_json(),
            };
            writeln!(out, "{json}")?;
        }
        Format::Md => write!(out, "{}{}", trace.to_markdown(), markdown(&checks))?,
        Format::Html => {
            let report = HtmlReport::new(&trace).with_checks(&checks);
            write!(out, "{}", report.page())?;
        }
    }
    out.flush()?;
    Ok(())
}

/// What the checkers found, as a list.
fn markdown(checks: &[CheckReport]) -> String {
    let mut dst = String::new();
    if !checks.is_empty() {
        dst.push_str("\n## Checks\n\n");
    }
    for report in checks {
        let (checker, n_checked) = (&report.checker, report.n_checked);
        let n_found = report.findings.len();
        let _ = writeln!(dst, "- {checker}: {n_checked} checked, {n_found} found");
        for finding in &report.findings {
            let place = match finding.place.step {
                Some(step) => format!("step {}", step + 1),
                None => finding.place.section.name().to_owned(),
            };
            // A message may hold words of the model, which are no Markdown here.
            let message = harmless(&finding.message).replace('`', "'");
            let severity = finding.severity.name();
            let _ = writeln!(dst, "  - {place}, {severity}: `{message}`");
        }
    }
    dst
}
