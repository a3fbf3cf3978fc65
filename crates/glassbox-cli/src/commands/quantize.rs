use crate::model_source::ModelSource;
use crate::output::size;
use crate::progress::Bar;
use crate::{interrupt, output};
use anyhow::{Context as _, bail};
use glassbox::weights::{Checkpoint, OpenOptions, Target, quantize};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Write a model as one GGUF file with weights of another type.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A GGUF file or a Hugging Face directory, or `tiny` for the embedded model
    #[arg(value_name = "IN")]
    source: PathBuf,
    /// The GGUF file to write; it appears when it is complete
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// The type: f32, f16, bf16, q8_0, q4_0, q4_1, q4_k, q6_k or the mix q4_k_m
    #[arg(long, value_name = "TYPE", value_parser = target)]
    to: Target,
    /// Overwrite OUT if it is there; never IN
    #[arg(long)]
    force: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    source: String,
    out: String,
    to: &'static str,
    tensors: usize,
    source_bytes: u64,
    target_bytes: u64,
    types: BTreeMap<&'static str, usize>,
    fallbacks: Vec<Fallback<'a>>,
}

#[derive(Serialize)]
struct Fallback<'a> {
    tensor: &'a str,
    wanted: &'static str,
    written: &'static str,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let model = ModelSource::from(args.source);
    let source = model.checkpoint(&OpenOptions::default());
    let source = source.map_err(|error| model.named(error))?;
    check_out(&args.out, &source, model.path(), args.force)?;
    let mut bar = Bar::new("quantizing");
    let interrupt = interrupt::guard();
    interrupt::install()?;
    let report = quantize(&source, &args.out, args.to, &mut |now| {
        bar.set(now.bytes_done, now.bytes_total);
        !interrupt.cancel.is_cancelled()
    });
    drop(bar);
    let report = report.map_err(|error| model.named(error))?;
    let fallbacks = report.fallbacks.iter().map(|f| Fallback {
        tensor: &f.tensor,
        wanted: f.wanted.name(),
        written: f.written.name(),
    });
    let report = Report {
        source: model.to_string(),
        out: args.out.display().to_string(),
        to: args.to.name(),
        tensors: report.n_tensors,
        source_bytes: report.source_bytes,
        target_bytes: report.target_bytes,
        types: report.types.iter().map(|(t, n)| (t.name(), *n)).collect(),
        fallbacks: fallbacks.collect(),
    };
    match args.json {
        true => output::json(&report),
        false => Ok(print(&mut io::stdout().lock(), &report)?),
    }
}

fn print(out: &mut impl Write, r: &Report<'_>) -> io::Result<()> {
    let types = r.types.iter().map(|(name, n)| format!("{n} {name}"));
    let types: Vec<String> = types.collect();
    writeln!(
        out,
        "{}: {} tensors, {} from {} ({})",
        output::harmless(&r.out),
        r.tensors,
        size(r.target_bytes),
        size(r.source_bytes),
        types.join(", "),
    )?;
    let mut kinds = BTreeMap::new();
    for f in &r.fallbacks {
        *kinds.entry((f.wanted, f.written)).or_insert(0) += 1;
    }
    for ((wanted, written), n) in kinds {
        writeln!(
            out,
            "{n} as {written}, since their rows do not fit {wanted}"
        )?;
    }
    Ok(())
}

fn target(name: &str) -> Result<Target, String> {
    Target::from_name(name).ok_or_else(|| {
        let names = Target::ALL.map(Target::name);
        format!("expected one of {}", names.join(", "))
    })
}

/// Refuses to write over what must not be lost.
fn check_out(
    out: &Path,
    source: &Checkpoint,
    source_path: Option<&Path>,
    force: bool,
) -> anyhow::Result<()> {
    let shown = || out.display().to_string();
    let found = match fs::metadata(out) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(shown),
    };
    if !found.is_file() {
        bail!("{}: not a regular file", shown());
    }
    // Links too: the file that a name leads to counts.
    let out_file = fs::canonicalize(out).with_context(shown)?;
    let beside = source_path.map(files_beside).unwrap_or_default();
    let read = source.files().map(Path::to_path_buf).chain(beside);
    for file in read {
        if fs::canonicalize(file).is_ok_and(|file| file == out_file) {
            bail!(
                "{}: a file of the model that is read, give another name",
                shown()
            );
        }
    }
    if !force {
        bail!("{}: the file exists, --force overwrites it", shown());
    }
    Ok(())
}

/// Every file in the folder of a Hugging Face model, since its configs and tokenizer are read too.
fn files_beside(source: &Path) -> Vec<PathBuf> {
    let folder = match source.is_dir() {
        true => source,
        false if source.extension().is_some_and(|e| e == "gguf") => return Vec::new(),
        false => source.parent().unwrap_or(source),
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.path());
    names
        .filter(|path| path.extension().is_none_or(|e| e != "gguf"))
        .collect()
}
