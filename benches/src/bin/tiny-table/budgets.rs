use super::{Bench, percent, replies};
use anyhow::Result;
use glassbox::Reply;
use glassbox::text::Thinking;

/// Tokens of reasoning; 0 is thinking switched off.
const BUDGETS: [usize; 8] = [0, 16, 32, 64, 128, 192, 256, 384];

/// Accuracy over the thinking budget.
pub(super) fn table(bench: &Bench) -> Result<String> {
    let mut table = String::from("| thinking budget | right | tokens |\n|---|---|---|\n");
    for budget in BUDGETS {
        let replies = replies::greedy(&bench.model, &bench.problems, |ask| match budget {
            0 => ask.thinking(Thinking::Off),
            _ => ask.max_thinking(budget),
        })?;
        table += &row(bench, &budget.to_string(), &replies);
    }
    table += &row(bench, "none", &bench.replies);
    Ok(table)
}

fn row(bench: &Bench, budget: &str, replies: &[Reply]) -> String {
    let pairs = bench.problems.iter().zip(replies);
    let right = pairs.filter(|(problem, reply)| problem.is_right(reply.answer()));
    let tokens: usize = replies.iter().map(|reply| reply.tokens.len()).sum();
    format!(
        "| {budget} | {:.1} % | {:.0} |\n",
        percent(right.count(), replies.len()),
        tokens as f64 / replies.len() as f64
    )
}
