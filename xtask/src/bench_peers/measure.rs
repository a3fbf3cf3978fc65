use super::costs::{Costs, Limits, Work};
use super::peer::{Peer, Setup};
use super::statistics::{correlation, median, ratio};
use super::{Engine, Options};
use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

/// Tokens of the prompt after which engines' logits are compared.
const COMPARED: usize = 16;
/// Before each turn: threads of the one before look out for work a little longer.
const PAUSE: Duration = Duration::from_millis(50);

/// What came out for one model.
pub(super) struct Report {
    pub(super) model: String,
    pub(super) file_bytes: u64,
    pub(super) options: Options,
    pub(super) limits: Limits,
    pub(super) work: Vec<Work>,
    /// Ours first.
    pub(super) rows: Vec<Row>,
}

/// What came out for one engine; what it does not do, or failed at, is empty or `None`.
pub(super) struct Row {
    pub(super) engine: Engine,
    /// Seconds of each round, for each work.
    pub(super) seconds: Vec<Vec<f64>>,
    pub(super) cells: Vec<Option<Cell>>,
    /// The correlation of its logits with ours.
    pub(super) alike: Option<f64>,
    /// Seconds from start to first token, of each round.
    pub(super) loads: Vec<f64>,
    /// Bytes in memory after the first token, mapped files included.
    pub(super) resident: Option<f64>,
}

/// One result.
pub(super) struct Cell {
    pub(super) tok_s: f64,
    /// The least time that the machine's limits allow, over the time it took.
    pub(super) of_limit: f64,
    /// Our speed over this engine's.
    pub(super) ratio: Option<f64>,
}

/// Measures everything that the options ask for.
pub(super) fn model(
    programs: &[(Engine, PathBuf)],
    model: &Path,
    costs: &Costs,
    options: &Options,
) -> Result<Report> {
    let setup = |positions, sequences| Setup {
        model,
        threads: options.threads,
        positions,
        sequences,
    };
    let mut rows: Vec<Row> = programs
        .iter()
        .map(|(engine, _)| Row {
            engine: *engine,
            seconds: Vec::new(),
            cells: Vec::new(),
            alike: None,
            loads: Vec::new(),
            resident: None,
        })
        .collect();
    load(programs, setup(COMPARED, 1), options.rounds, &mut rows);

    let mut work: Vec<Work> = options.prompts.iter().map(|&n| Work::Prompt(n)).collect();
    let decode = |tokens, depth, sequences| Work::Decode {
        tokens,
        depth,
        sequences,
    };
    work.push(decode(options.tokens, 0, 1));
    if options.depth > 0 {
        work.push(decode(options.deep_tokens(), options.depth, 1));
    }
    // An engine that cannot forget goes on from round to round.
    let grown = options.tokens * (options.rounds + 1);
    let longest = options.prompts.iter().copied().max().unwrap_or(0);
    let positions = longest.max(options.depth + grown).max(COMPARED);
    let mut peers = start(programs, setup(positions, 1));
    let limits = limits(&mut peers)?;
    compare(&mut peers, &mut rows);
    rounds(&mut peers, &work, options.rounds, &mut rows);
    drop(peers);

    for &sequences in &options.batches {
        let batch = decode(options.tokens, 0, sequences);
        let mut peers = start(programs, setup(grown, sequences));
        rounds(&mut peers, &[batch], options.rounds, &mut rows);
        work.push(batch);
    }
    cells(&work, costs, &limits, &mut rows);
    Ok(Report {
        model: model
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        file_bytes: costs.file,
        options: options.clone(),
        limits,
        work,
        rows,
    })
}

/// `None`, and a word about it, where something failed.
fn tell<T>(result: Result<T>) -> Option<T> {
    result.map_err(|error| eprintln!("{error:#}")).ok()
}

/// Starts each engine alone, as often as there are rounds.
fn load(programs: &[(Engine, PathBuf)], setup: Setup<'_>, rounds: usize, rows: &mut [Row]) {
    for _ in 0..rounds {
        for ((engine, program), row) in programs.iter().zip(&mut *rows) {
            let Some(mut peer) = tell(Peer::start(*engine, program, setup)) else {
                continue;
            };
            row.loads.push(peer.load_s);
            row.resident = tell(peer.ask("memory")).and_then(|memory| memory.first().copied());
        }
    }
}

fn start(programs: &[(Engine, PathBuf)], setup: Setup<'_>) -> Vec<Option<Peer>> {
    let start = |(engine, program): &(Engine, PathBuf)| {
        eprintln!("{}: {}", setup.model.display(), engine.name);
        tell(Peer::start(*engine, program, setup))
    };
    programs.iter().map(start).collect()
}

/// Our engine measures what the machine can do.
fn limits(peers: &mut [Option<Peer>]) -> Result<Limits> {
    let ours = peers.first_mut().and_then(|peer| peer.as_mut());
    let numbers = ours.context("glassbox did not start")?.ask("limits")?;
    let &[read_bytes, int8, bf16, f32] = &numbers[..] else {
        anyhow::bail!("glassbox gave {} limits, not 4", numbers.len());
    };
    Ok(Limits {
        read_bytes,
        rates: [int8, bf16, f32],
    })
}

/// Engines that compute something else are not worth comparing: how alike their logits are to ours.
fn compare(peers: &mut [Option<Peer>], rows: &mut [Row]) {
    let line = format!("logits {COMPARED}");
    let mut first: Option<Vec<f64>> = None;
    for (peer, row) in peers.iter_mut().zip(rows) {
        let logits = peer.as_mut().and_then(|peer| tell(peer.ask(&line)));
        let Some(logits) = logits else {
            continue;
        };
        row.alike = correlation(first.as_ref().unwrap_or(&logits), &logits);
        first.get_or_insert(logits);
    }
}

/// Engines take turns at each work. One that fails at it once does not try again.
fn rounds(peers: &mut [Option<Peer>], work: &[Work], rounds: usize, rows: &mut [Row]) {
    for work in work {
        let mut failed = vec![false; peers.len()];
        rows.iter_mut().for_each(|row| row.seconds.push(Vec::new()));
        // The first round brings weights into memory and the clock up, and does not count.
        for round in 0..=rounds {
            for (i, (peer, row)) in peers.iter_mut().zip(&mut *rows).enumerate() {
                let Some(peer) = peer.as_mut().filter(|_| !failed[i]) else {
                    continue;
                };
                thread::sleep(PAUSE);
                let seconds = tell(peer.ask(&work.line()));
                let seconds = seconds.and_then(|numbers| numbers.first().copied());
                failed[i] = seconds.is_none();
                if let (Some(seconds), Some(all), true) =
                    (seconds, row.seconds.last_mut(), round > 0)
                {
                    all.push(seconds);
                }
            }
        }
        eprintln!("{}: done", work.name());
    }
}

fn cells(work: &[Work], costs: &Costs, limits: &Limits, rows: &mut [Row]) {
    let ours: Vec<Vec<f64>> = rows
        .first()
        .map(|row| row.seconds.clone())
        .unwrap_or_default();
    for row in rows {
        let cells = work.iter().zip(&row.seconds).enumerate();
        row.cells = cells
            .map(|(i, (work, seconds))| {
                let middle = median(seconds.clone())?;
                Some(Cell {
                    tok_s: work.tokens() / middle,
                    of_limit: costs.least(*work, limits) / middle,
                    ratio: ours.get(i).and_then(|ours| ratio(seconds, ours)),
                })
            })
            .collect();
    }
}
