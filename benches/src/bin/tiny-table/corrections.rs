use super::{Bench, Dice, equations, percent, replies};
use anyhow::{Context as _, Result};
use glassbox::trace::Step;
use glassbox::{Reply, Session};

const CASES: usize = 200;

/// How often a reply still comes to the right answer when a wrong number is put into one of its
/// steps: with the right one after it, and without a word.
pub(super) fn table(bench: &Bench) -> Result<String> {
    let mut table = String::from(
        "| a wrong number in a step | cases | right in the end | of those that write no \"Wait\" |\n\
         |---|---|---|---|\n",
    );
    for (name, corrected) in [
        ("followed by \"Wait,\" and the right one", true),
        ("alone", false),
    ] {
        let cases = cases(bench, corrected)?;
        let mut replies = Vec::new();
        for cases in cases.chunks(replies::AT_ONCE) {
            let mut sessions: Vec<Session> = cases.iter().map(|_| bench.model.session()).collect();
            let asks = cases.iter().zip(&mut sessions).map(|(case, session)| {
                let reply = &bench.replies[case.problem];
                Ok(session.edit(reply, case.step, &case.text)?.greedy())
            });
            replies.extend(replies::write(&bench.model, asks)?);
        }
        let is_right = |(i, reply): &(usize, &Reply)| bench.problems[*i].is_right(reply.answer());
        let pairs = || cases.iter().map(|case| case.problem).zip(&replies);
        let right = pairs().filter(is_right).count();
        let silent = || pairs().filter(|(_, reply)| !reply.text.contains("ait,"));
        let silent_right = silent().filter(is_right).count();
        let silent = match corrected {
            true => String::new(),
            false => format!("{:.1} %", percent(silent_right, silent().count())),
        };
        let right = percent(right, cases.len());
        table += &format!("| {name} | {} | {right:.1} % | {silent} |\n", cases.len());
    }
    Ok(table)
}

struct Case {
    problem: usize,
    step: usize,
    text: String,
}

/// One equation of each right reply, as far as they go.
fn cases(bench: &Bench, corrected: bool) -> Result<Vec<Case>> {
    let mut dice = Dice::new(11);
    let mut cases = Vec::new();
    for (problem, reply) in bench.replies.iter().enumerate() {
        if !bench.problems[problem].is_right(reply.answer()) {
            continue;
        }
        let in_step = |step: &Step| {
            let written = equations::written(&step.text).into_iter();
            written.map(|w| (step.index, w)).collect::<Vec<_>>()
        };
        let all: Vec<_> = reply.trace.steps.iter().flat_map(in_step).collect();
        if all.is_empty() {
            continue;
        }
        let (step, equation) = &all[dice.below(all.len())];
        let step = reply
            .trace
            .steps
            .get(*step)
            .context("a step that is there")?;
        let right = &step.text[equation.result.clone()];
        let mut text = step.text[..equation.result.start].to_owned();
        text += &dice.wrong(right);
        if corrected {
            let whole = &step.text[equation.bytes.clone()];
            text += &match dice.below(3) {
                0 => format!(". Wait, {whole}"),
                1 => format!(". Wait, that should be {right}"),
                _ => format!(".\n\nWait, {whole}"),
            };
        }
        cases.push(Case {
            problem,
            step: step.index,
            text,
        });
    }
    // Some of every kind, not the first.
    let stride = (cases.len() / CASES).max(1);
    Ok(cases.into_iter().step_by(stride).take(CASES).collect())
}
