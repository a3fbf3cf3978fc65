//! What the glass box does for the embedded model, in numbers: tables for the README.

mod budgets;
mod checker;
mod corrections;
mod dice;
mod equations;
mod options;
mod replies;
mod suite;
mod votes;

pub(crate) use options::Options;

use anyhow::Result;
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
pub(crate) fn run(options: &Options) -> Result<()> {
    let began = Instant::now();
    let model = Model::options()
        .context(2048)
        .cache(64 * 1024)
        .open_tiny()?;
    let problems = suite::problems(options.per_kind)?;
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
