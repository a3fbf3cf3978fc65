//! What the cache and the batches of the engine bring on a real model: a table of ratios, each of
//! two ways that are timed in turns.
//!
//! `cargo run --release -p glassbox-benches --bin cache-table -- [MODEL]`; by default the one that
//! `cargo xtask fetch-models` fetches.

#![forbid(unsafe_code)]

use anyhow::{Result, ensure};
use glassbox::weights::quantize::{Target, quantize};
use glassbox::weights::{Checkpoint, OpenOptions};
use glassbox::{Ask, At, Group, Model, ModelOptions, Reply, Session};
use std::path::{Path, PathBuf};
use std::time::Instant;

const FETCHED: &str = "models/SmolLM2-135M-Instruct.Q4_1.gguf";
const ROUNDS: usize = 5;
const CONTEXT: usize = 4096;
/// Bytes for pages on disk, which is more than is needed.
const DISK: u64 = 1 << 32;

/// Prints the table, as Markdown.
fn main() -> Result<()> {
    let path = std::env::args_os().nth(1);
    let path = path.map_or_else(|| PathBuf::from(FETCHED), PathBuf::from);
    let name = path.file_stem().unwrap_or_default().display();
    println!("| {name} | without | with | ratio |\n|---|---|---|---|");
    for part in [branch, disk, batch, batch_in_bf16] {
        println!("{}", part(&path)?);
    }
    Ok(())
}

fn options() -> ModelOptions {
    Model::options().context(CONTEXT).cache(4 * CONTEXT)
}

/// A text of many different words.
fn text(words: usize) -> String {
    (0..words)
        .map(|i| format!("Item {} costs {} coins.\n", i, i * i % 97))
        .collect()
}

/// The end token is forbidden, so that only the limit ends a reply.
fn endless<'s>(ask: Ask<'s>, model: &Model, tokens: usize) -> Result<Ask<'s>> {
    let stops = model.engine().tokenizer()?.roles().stops.clone();
    let forbid = |p: &mut glassbox::SamplingParams| {
        p.logit_bias
            .extend(stops.iter().map(|&id| (id, f64::NEG_INFINITY)));
    };
    Ok(ask.max_tokens(tokens).temperature(1.0).with(forbid))
}

/// A branch at token 2,000 of a context of 2,200.
fn branch(path: &Path) -> Result<String> {
    let model = options().open(path)?;
    let mut session = model.session();
    let prompt = text(20);
    let ask = session.complete(prompt.as_str());
    let reply = endless(ask, &model, 2200 - model.encode(&prompt)?.len())?.run()?;
    let prompt_tokens = reply.usage.prompt_tokens;
    let at = At::Token(2000 - prompt_tokens);
    let time = |session: &mut Session| -> Result<f64> {
        let began = Instant::now();
        let ask = endless(
            session.fork_at(&reply, at)?,
            &model,
            2000 - prompt_tokens + 1,
        )?;
        ask.run()?;
        Ok(began.elapsed().as_secs_f64())
    };
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut fresh = model.session();
        fresh.set_tenant("nobody else");
        model.engine().forget_prefixes();
        without.push(time(&mut fresh)?);
        drop(fresh);
        // The session has all 2,200 tokens again.
        session
            .resume(&reply)?
            .max_tokens(reply.tokens.len() + 1)
            .run()?;
        with.push(time(&mut session)?);
    }
    Ok(row(
        "first token of a branch at token 2,000 of 2,200",
        without,
        with,
    ))
}

/// The first token of a prompt of 2,000 tokens after a restart.
fn disk(path: &Path) -> Result<String> {
    let folder = std::env::temp_dir().join(format!("glassbox-cache-table-{}", std::process::id()));
    let cached = options().disk_cache(&folder, DISK);
    let result = disk_rounds(path, &cached);
    std::fs::remove_dir_all(&folder)?;
    let (without, with) = result?;
    Ok(row(
        "first token of a prompt of 2,000 after a restart, with pages on disk",
        without,
        with,
    ))
}

fn disk_rounds(path: &Path, cached: &ModelOptions) -> Result<(Vec<f64>, Vec<f64>)> {
    let one = |options: &ModelOptions| -> Result<(f64, Reply)> {
        let model = options.open(path)?;
        let mut prompt = text(400);
        while model.encode(&prompt)?.len() > 2000 {
            prompt.truncate(prompt.len() - 8);
        }
        let mut session = model.session();
        let began = Instant::now();
        let reply = session.complete(prompt).greedy().max_tokens(1).run()?;
        Ok((began.elapsed().as_secs_f64(), reply))
    };
    one(cached)?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (time, plain) = one(&options())?;
        without.push(time);
        let (time, reply) = one(cached)?;
        with.push(time);
        ensure!(reply.usage.cached_tokens >= 1900, "{:?}", reply.usage);
        ensure!(plain.text == reply.text, "another reply from the disk");
    }
    Ok((without, with))
}

/// Eight replies in one batch.
fn batch(path: &Path) -> Result<String> {
    batches(path, "a token, of 8 replies in one batch")
}

/// The same with weights that take more of the memory's time, and that are multiplied otherwise.
fn batch_in_bf16(path: &Path) -> Result<String> {
    let file = std::env::temp_dir().join(format!("glassbox-bf16-{}.gguf", std::process::id()));
    let source = Checkpoint::open(path, &OpenOptions::default())?;
    quantize(&source, &file, Target::BF16, &mut |_| true)?;
    let row = batches(&file, "the same with the weights in bf16");
    std::fs::remove_file(file)?;
    row
}

fn batches(path: &Path, what: &str) -> Result<String> {
    const TOKENS: usize = 128;
    let model = options().open(path)?;
    let time = |n: usize| -> Result<f64> {
        let mut sessions: Vec<Session> = (0..n).map(|_| model.session()).collect();
        let mut group = Group::new(model.engine());
        for (i, session) in sessions.iter_mut().enumerate() {
            let ask = session.complete("Once upon a time,").seed(i as u64);
            group.push(endless(ask, &model, TOKENS)?.stream()?);
        }
        let began = Instant::now();
        for reply in group.run() {
            ensure!(reply?.tokens.len() == TOKENS, "a reply of another length");
        }
        Ok(began.elapsed().as_secs_f64() / (n * TOKENS) as f64)
    };
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(time(1)?);
        with.push(time(8)?);
    }
    Ok(row(what, without, with))
}

/// The medians, and by how much the second is the shorter.
fn row(what: &str, without: Vec<f64>, with: Vec<f64>) -> String {
    let (without, with) = (median(without), median(with));
    format!(
        "| {what} | {:.1} ms | {:.1} ms | {:.1} × |",
        1e3 * without,
        1e3 * with,
        without / with
    )
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
