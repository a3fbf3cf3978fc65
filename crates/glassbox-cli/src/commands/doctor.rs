use crate::exit::Reported;
use crate::self_test::{self, Outcome};
use crate::{model_source, output, system};
use glassbox::Kernels;
use glassbox::Limits;
use serde::Serialize;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What this machine has, what glassbox makes of it, and whether it computes right.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Threads for the measurements; as many as there are cores where left out
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: Option<u32>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    version: &'static str,
    debug_build: bool,
    cpu: Option<String>,
    cores: usize,
    features: Vec<&'static str>,
    /// Kernel tables that run here, the best first.
    tables: Vec<&'static str>,
    /// The one in use; null when GLASSBOX_ISA names another that does not run here.
    table: Option<&'static str>,
    glassbox_isa: Option<String>,
    memory_total: Option<u64>,
    memory_available: Option<u64>,
    #[serde(serialize_with = "output::limits")]
    limits: Limits,
    gpu: &'static str,
    /// The model that runs where none is named; null in a build without one.
    embedded: Option<&'static str>,
    models: Vec<PathBuf>,
    self_test: Vec<Outcome>,
    problems: Vec<String>,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let chosen = Kernels::detect();
    let available = Kernels::available();
    let threads = args.threads.map_or_else(system::cores, |n| n as usize);
    let self_test = self_test::run(&available);
    let wrong = self_test.iter().filter(|o| !o.agrees);
    let mut problems: Vec<String> = wrong
        .map(|o| {
            format!(
                "table {} does not compute {} as portable does",
                o.table, o.operation
            )
        })
        .collect();
    problems.extend(chosen.as_ref().err().map(ToString::to_string));
    let (memory_total, memory_available) = system::memory();
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        debug_build: cfg!(debug_assertions),
        cpu: system::cpu_name(),
        cores: system::cores(),
        features: system::features(),
        tables: available.iter().map(|t| t.name()).collect(),
        table: chosen.ok().map(Kernels::name),
        glassbox_isa: std::env::var("GLASSBOX_ISA").ok(),
        memory_total,
        memory_available,
        limits: Limits::measure(threads),
        gpu: "none: this build has no CUDA backend",
        embedded: model_source::EMBEDDED,
        models: models(),
        self_test,
        problems,
    };
    match args.json {
        true => output::json(&report)?,
        false => print(&mut io::stdout().lock(), &report)?,
    }
    match report.problems.is_empty() {
        true => Ok(()),
        false => Err(Reported.into()),
    }
}

fn print(out: &mut impl Write, r: &Report) -> io::Result<()> {
    let mut row = |name: &str, value: &str| writeln!(out, "{name:<10} {value}");
    let debug = if r.debug_build {
        ", debug build: slow"
    } else {
        ""
    };
    row("glassbox", &format!("{}{debug}", r.version))?;
    row(
        "cpu",
        &format!(
            "{}, {} cores",
            r.cpu.as_deref().unwrap_or("unknown"),
            r.cores
        ),
    )?;
    row("features", &r.features.join(" "))?;
    let forced = match &r.glassbox_isa {
        Some(name) => format!(" (GLASSBOX_ISA={name})"),
        None => String::new(),
    };
    let table = r.table.unwrap_or("none");
    row(
        "kernels",
        &format!("{table}{forced}, of {}", r.tables.join(", ")),
    )?;
    let bytes = |n: Option<u64>| n.map_or_else(|| "unknown".to_owned(), output::size);
    let (total, available) = (bytes(r.memory_total), bytes(r.memory_available));
    row("memory", &format!("{total}, {available} available"))?;
    row("gpu", r.gpu)?;
    row("limits", &r.limits.to_string())?;
    let none = "none: this build runs only models that are named";
    row("embedded", r.embedded.unwrap_or(none))?;
    match r.models.is_empty() {
        true => row(
            "models",
            "none found in models/: cargo xtask fetch-models gets a small one",
        )?,
        false => {
            for model in &r.models {
                row("model", &output::harmless(&model.to_string_lossy()))?;
            }
        }
    }
    if r.self_test.iter().all(|o| o.agrees) {
        let n = r.self_test.len();
        row(
            "self-test",
            &format!("every table computes what portable does, to the bit ({n} cases)"),
        )?;
    }
    for problem in &r.problems {
        row("problem", problem)?;
    }
    Ok(())
}

/// The models where examples and tests keep theirs, and the environment's.
fn models() -> Vec<PathBuf> {
    let is_model = |path: &Path| {
        let is_gguf = path.extension().is_some_and(|e| e == "gguf");
        is_gguf || path.join("config.json").is_file()
    };
    let entries = std::fs::read_dir("models").into_iter().flatten();
    let mut found: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    found.retain(|path| is_model(path));
    found.extend(model_source::from_environment());
    found.sort();
    found.dedup();
    found
}
