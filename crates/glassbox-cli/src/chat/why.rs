//! What an answer rests on, as far as the text shows it.

use super::steps::{first_line, said};
use crate::output::short;
use crate::page::Sureness;
use anyhow::{Context as _, Result};
use glassbox::trace::{Arithmetic, Equation, Finding, same_answer};
use glassbox::{Reply, StepKind, Trace};

/// The result that the answer is, how sure the model was of it, and what the checkers say.
///
/// # Errors
/// A reply without an answer.
pub(super) fn explain(reply: &Reply) -> Result<String> {
    let trace = &reply.trace;
    let answer = reply
        .answer()
        .context("the reply has no answer to explain")?;
    let mut lines = vec![format!("the answer is {}", short(answer, 100))];
    let (source, step) = source(trace, answer);
    lines.push(source);
    if let Some(sureness) = Sureness::of(reply) {
        lines.extend(sure(&sureness, step, trace.steps.len()));
    }
    let reports = trace.check_all();
    let findings: Vec<&Finding> = reports.iter().flat_map(|report| &report.findings).collect();
    let n_checked: usize = reports.iter().map(|report| report.n_checked).sum();
    if findings.is_empty() {
        lines.push(format!(
            "the checkers looked at {n_checked} things and found nothing wrong"
        ));
    }
    for finding in findings {
        let line = match finding.place.step {
            Some(step) => format!("step {}: {}", step + 1, said(finding)),
            None => said(finding),
        };
        // The same thing, said twice in a step, is said once here.
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.push("this is read from the text; what went on in the network is not known".to_owned());
    Ok(lines.join("\n"))
}

/// The last result that is the answer, or the last step that names it, and the index of that step.
fn source(trace: &Trace, answer: &str) -> (String, Option<usize>) {
    if trace.steps.is_empty() {
        return ("it came without any reasoning".to_owned(), None);
    }
    let equations = Arithmetic.equations(trace);
    let results = || {
        let results = equations.iter().rev();
        results
            .filter_map(|e| Some((e, e.place.step?)))
            .filter(|(e, _)| same_answer(&e.right(), answer))
    };
    // A check repeats a result; what it rests on comes before, if there is anything.
    let derived = |(_, step): &(&Equation, usize)| trace.steps[*step].kind != StepKind::Check;
    if let Some((equation, step)) = results().find(derived).or_else(|| results().next()) {
        let text = short(equation.place.text(trace), 100);
        let holds = match equation.holds {
            true => "which holds",
            false => "which does not hold",
        };
        return (
            format!("step {} derives it: {text}, {holds}", step + 1),
            Some(step),
        );
    }
    let naming = trace
        .steps
        .iter()
        .rev()
        .find(|step| names(&step.text, answer));
    match naming {
        Some(step) => {
            let line = first_line(step);
            let number = step.index + 1;
            (
                format!("no equation ends in it; step {number} names it last: {line}"),
                Some(step.index),
            )
        }
        None => ("nothing in the reasoning names it".to_owned(), None),
    }
}

/// Whether a text holds the answer as a word of its own.
fn names(text: &str, answer: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let mut places = text.match_indices(answer);
    !answer.is_empty()
        && places.any(|(at, _)| {
            let (before, after) = (&text[..at], &text[at + answer.len()..]);
            !inside(before.chars().next_back()) && !inside(after.chars().next())
        })
}

fn sure(sureness: &Sureness, step: Option<usize>, n_steps: usize) -> Option<String> {
    let known = (0..n_steps).filter_map(|step| Some((step, sureness.percent(step)?)));
    let (least, least_percent) = known.min_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let least = format!("step {}, {least_percent:.0}%", least + 1);
    Some(match step.map(|step| (step + 1, sureness.percent(step))) {
        Some((number, Some(percent))) => {
            format!("the model was {percent:.0}% sure of step {number}, and least of {least}")
        }
        Some((number, None)) => {
            format!("step {number} was put in; the model was least sure of {least}")
        }
        None => format!("the model was least sure of {least}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbox::trace::ParserOptions;

    fn source_of(reasoning: &str, answer: &str) -> String {
        let text = format!("{reasoning}</think>\\boxed{{{answer}}}");
        let trace = Trace::parse(&text, ParserOptions::primed());
        source(&trace, trace.answer.as_deref().unwrap()).0
    }

    #[test]
    fn the_last_derived_result_counts() {
        let reasoning = "3 * 4 = 12.\n\n6 + 6 = 12.\n\nLet me check: 24 / 2 = 12.\n\nSo it is 12.";
        assert_eq!(
            source_of(reasoning, "12"),
            "step 2 derives it: 6 + 6 = 12, which holds"
        );
        assert_eq!(
            source_of("6 + 6 = 13.", "13"),
            "step 1 derives it: 6 + 6 = 13, which does not hold"
        );
        assert_eq!(
            source_of("Let me check: 24 / 2 = 12.", "12"),
            "step 1 derives it: 24 / 2 = 12, which holds"
        );
    }

    #[test]
    fn what_derives_nothing_is_said_to() {
        assert_eq!(
            source_of("Monday.\n\nThen Tuesday.\n\nDone.", "Tuesday"),
            "no equation ends in it; step 2 names it last: Then Tuesday."
        );
        assert_eq!(
            source_of("It is 142 or 421.", "42"),
            "nothing in the reasoning names it"
        );
        assert_eq!(source_of("", "42"), "it came without any reasoning");
    }
}
