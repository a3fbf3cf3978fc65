use super::{Bench, percent};
use anyhow::Result;
use glassbox::SamplingParams;

/// The chance that a lead that is taken for safe is not.
const ERROR: f64 = 0.1;

/// Accuracy of votes at temperature 0.8, and what stopping early saves.
pub(super) fn table(bench: &Bench) -> Result<String> {
    let mut table = String::from(
        "| votes at temperature 0.8 | right | right, stopped early | tokens saved |\n|---|---|---|---|\n",
    );
    for n in [1, 4, 16] {
        let all = ask(bench, n, None)?;
        let early = match n {
            1 => None,
            _ => Some(ask(bench, n, Some(ERROR))?),
        };
        let total = bench.problems.len();
        let [right, saved] = match early {
            None => ["", ""].map(str::to_owned),
            Some(early) => [
                format!("{:.1} %", percent(early.right, total)),
                format!("{:.0} %", 100.0 - percent(early.tokens, all.tokens)),
            ],
        };
        let whole = percent(all.right, total);
        table += &format!("| {n} | {whole:.1} % | {right} | {saved} |\n");
    }
    Ok(table)
}

#[derive(Default)]
struct Count {
    right: usize,
    tokens: usize,
}

fn ask(bench: &Bench, n: usize, error: Option<f64>) -> Result<Count> {
    let params = SamplingParams {
        temperature: 0.8,
        top_p: 1.0,
        ..SamplingParams::default()
    };
    let mut count = Count::default();
    for (i, problem) in bench.problems.iter().enumerate() {
        let mut session = bench.model.session();
        let params = SamplingParams {
            seed: 1000 * i as u64,
            ..params.clone()
        };
        let vote = session.ask_many(problem.question.as_str(), n);
        let mut vote = vote.sampling(params).max_tokens(1200);
        if let Some(error) = error {
            vote = vote.stop_early(error).at_once(4);
        }
        let poll = vote.run()?;
        count.right += usize::from(problem.is_right(poll.answer()));
        count.tokens += poll.tokens;
    }
    Ok(count)
}
