use crate::distills::{Distill, FORMATS, Memory, Scores, distills};
use crate::model_source::EMBEDDED;
use crate::output::{count, size};
use crate::{output, system};
use glassbox::weights::quantize::Target;
use serde::Serialize;
use std::io::{self, Write};

/// The R1 distills: their scores, the memory that each needs, and which fit this machine.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Positions to reckon the cache for
    #[arg(long, value_name = "N", default_value_t = 32_768,
        value_parser = clap::value_parser!(u32).range(1..=131_072))]
    context: u32,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Menu {
    context: usize,
    memory_available: Option<u64>,
    /// The model that needs no download; null in a build without one.
    embedded: Option<&'static str>,
    models: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    repo: &'static str,
    parameters: u64,
    scores: Scores,
    formats: Vec<Needs>,
}

#[derive(Serialize)]
struct Needs {
    format: &'static str,
    #[serde(flatten)]
    memory: Memory,
    total: u64,
    /// Null where the system does not say how much memory there is.
    fits: Option<bool>,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let context = args.context as usize;
    let (_, available) = system::memory();
    let menu = Menu {
        context,
        memory_available: available,
        embedded: EMBEDDED,
        models: distills()?
            .iter()
            .map(|d| row(d, context, available))
            .collect(),
    };
    match args.json {
        true => output::json(&menu),
        false => Ok(print(&mut io::stdout().lock(), &menu)?),
    }
}

fn row(distill: &Distill, context: usize, available: Option<u64>) -> Row {
    let needs = |format: Target| {
        let memory = distill.memory(format, context);
        Needs {
            format: format.name(),
            memory,
            total: memory.total(),
            fits: available.map(|available| memory.total() <= available),
        }
    };
    Row {
        name: distill.name(),
        repo: distill.repo,
        parameters: distill.spec.n_parameters(),
        scores: distill.scores,
        formats: FORMATS.map(needs).into(),
    }
}

fn print(out: &mut impl Write, menu: &Menu) -> io::Result<()> {
    write!(
        out,
        "{:<21} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6}",
        "model", "params", "AIME24", "cons64", "MATH", "GPQA", "LCB", "CF"
    )?;
    for format in FORMATS {
        write!(out, " {:>9}", format.name())?;
    }
    writeln!(out)?;
    for row in &menu.models {
        let s = &row.scores;
        write!(
            out,
            "{:<21} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6}",
            row.name,
            count(row.parameters),
            s.aime24_pass1,
            s.aime24_cons64,
            s.math500,
            s.gpqa_diamond,
            s.livecodebench,
            s.codeforces_rating,
        )?;
        for needs in &row.formats {
            let fits = if needs.fits == Some(true) { "+" } else { " " };
            let gib = needs.total as f64 / (1u64 << 30) as f64;
            write!(out, " {gib:>8.1}{fits}")?;
        }
        writeln!(out)?;
    }
    let here = match menu.memory_available {
        Some(bytes) => format!("+ fits the {} available here.", size(bytes)),
        None => "This system does not say how much memory is available.".to_owned(),
    };
    writeln!(
        out,
        "\nAIME24 is pass@1, cons64 the vote of 64; all scores are DeepSeek's own. Memory in GiB: \
         weights, keys and\nvalues in 16 bits at {} positions (--context), and working space. {here}\n\
         Each is at https://huggingface.co/deepseek-ai/DeepSeek-<model>; --model takes the \
         downloaded directory or a GGUF file.",
        menu.context,
    )?;
    match menu.embedded {
        Some(name) => writeln!(
            out,
            "The model `{name}` needs no download: it is in this program, and runs where none is named."
        ),
        None => Ok(()),
    }
}
