//! What the glass box does for the embedded model, in numbers: tables for the README.
//!
//! `cargo run --release -p glassbox-benches --bin tiny-table -- [PROBLEMS OF EACH KIND]`

#![forbid(unsafe_code)]

mod budgets;
mod checker;
mod corrections;
mod dice;
mod equations;
mod replies;
mod suite;
mod votes;

use anyhow::{Context as _, Result};
use dice::Dice;
use glassbox::Model;
use replies::Replies;
use std::time::Instant;
use suite::Problem;

/// What the parts of the table share.
struct Bench {
    model: Model,
    /// Held-out problems that have an answer.
    problems: Vec<Problem>,
    /// The reply to each, greedily and without a budget.
    replies: Replies,
}

/// Prints the tables, as Markdown.
fn main() -> Result<()> {
    let per_kind = match std::env::args().nth(1) {
        Some(n) => n
            .parse()
            .with_context(|| format!("{n:?} is no number of problems"))?,
        None => 20,
    };
    let began = Instant::now();
    let model = Model::options()
        .context(2048)
        .cache(64 * 1024)
        .open_tiny()?;
    let problems = suite::problems(per_kind)?;
    eprintln!(
        "{} problems, {} threads, {}",
        problems.len(),
        model.threads(),
        model.isa()
    );
    let replies = replies::greedy(&model, &problems, |ask| ask)?;
    let bench = Bench {
        model,
        problems,
        replies,
    };
    for part in [
        budgets::table,
        votes::table,
        corrections::table,
        checker::table,
    ] {
        println!("{}", part(&bench)?);
        eprintln!("{:.0} s", began.elapsed().as_secs_f64());
    }
    Ok(())
}

/// A part of a whole, in percent.
fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}
