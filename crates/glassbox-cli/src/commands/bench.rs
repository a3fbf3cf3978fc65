use crate::bench::{Bench, Settings, Timed};
use crate::model_args::{ModelArgs, not_used};
use crate::progress::Bar;
use crate::{output, system};
use glassbox::Kernels;
use glassbox::Limits;
use serde::Serialize;
use std::io::{self, Write};
use std::time::Instant;

/// Prompt and generation speed, against this machine's limits, measured in the same run.
///
/// Generation is held against the memory's speed: the bytes of all weights and of the cache that
/// one step reads. A prompt is held against the rate of multiply-adds: of 8-bit integers for
/// quantised weights, of bf16 for those, of f32 for others; for attention of 16-bit integers or
/// of f32, as keys and values are. Whichever of the two takes longer is the limit.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Prompt tokens of each sequence; 0 leaves the prompt out
    #[arg(short = 'p', long, value_name = "N", default_value_t = 512)]
    prompt: usize,
    /// Tokens to generate in each sequence; 0 leaves the generation out
    #[arg(short = 'n', long, value_name = "N", default_value_t = 64)]
    tokens: usize,
    /// Tokens that are in each cache before
    #[arg(short, long, value_name = "N", default_value_t = 0)]
    depth: usize,
    /// Sequences that are generated in one batch
    #[arg(short, long, value_name = "N", default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=512))]
    batch: u32,
    /// Repetitions, of which the median counts
    #[arg(short, long, value_name = "N", default_value_t = 3,
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    repetitions: u32,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    model: String,
    table: &'static str,
    debug_build: bool,
    settings: Settings,
    prompt: Option<Timed>,
    decode: Option<Timed>,
    load_s: f64,
    resident_mb: Option<f64>,
    #[serde(serialize_with = "output::limits")]
    limits: Limits,
}

pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let source = args.model.path.get()?;
    let kernels = Kernels::detect()?;
    let options = args.model.options();
    let settings = Settings {
        prompt: args.prompt,
        tokens: args.tokens,
        depth: args.depth,
        batch: args.batch as usize,
        repetitions: args.repetitions as usize,
        threads: options.cpu.threads.unwrap_or_else(system::cores),
        kv: args.model.kv.name(),
    };
    let options = options.context(settings.positions()?);
    let began = Instant::now();
    let mut bar = Bar::new("loading");
    let checkpoint = source.checkpoint(&args.model.files());
    let checkpoint = checkpoint.map_err(|error| source.named(error))?;
    let mut prepared = false;
    let model = options.load_lm(&checkpoint, |now| {
        bar.set(now.done, now.total);
        prepared |= now.prepared;
        true
    });
    if let Some(why) = not_used(&checkpoint, prepared) {
        bar.warn(&why);
    }
    drop(bar);
    let model = model.map_err(|error| source.named(error))?;
    let load_s = began.elapsed().as_secs_f64();
    let limits = Limits::measure(settings.threads);
    let mut bench = Bench::new(model, &checkpoint, settings, options.kv_type, limits)?;
    // A file that is still mapped would count as resident.
    drop(checkpoint);
    let prompt = bench.prompt()?;
    let decode = bench.decode()?;
    let report = Report {
        model: source.to_string(),
        table: kernels.name(),
        debug_build: cfg!(debug_assertions),
        settings,
        prompt,
        decode,
        load_s,
        resident_mb: system::resident().map(|bytes| bytes as f64 / 1e6),
        limits,
    };
    match args.json {
        true => output::json(&report),
        false => Ok(print(&mut io::stdout().lock(), &report)?),
    }
}

fn print(out: &mut impl Write, r: &Report) -> io::Result<()> {
    let s = &r.settings;
    writeln!(
        out,
        "{}\n{} threads, table {}, {} keys and values, depth {}, batch {}, median of {}{}",
        output::harmless(&r.model),
        s.threads,
        r.table,
        s.kv,
        s.depth,
        s.batch,
        s.repetitions,
        if r.debug_build {
            "; debug build: slow"
        } else {
            ""
        },
    )?;
    for (name, n, timed) in [
        ("prompt", s.prompt, &r.prompt),
        ("decode", s.tokens, &r.decode),
    ] {
        if let Some(t) = timed {
            writeln!(
                out,
                "{name}  {n:>5} tokens  {:>9.1} tok/s  {:>5.1}% of the limit by {} ({:.1} tok/s)",
                t.tok_s,
                100.0 * t.of_limit,
                t.bound,
                t.limit_tok_s,
            )?;
        }
    }
    write!(out, "load    {:.2} s", r.load_s)?;
    if let Some(mb) = r.resident_mb {
        write!(out, ", {mb:.0} MB resident")?;
    }
    writeln!(out, "\nlimits  {}", r.limits)
}
