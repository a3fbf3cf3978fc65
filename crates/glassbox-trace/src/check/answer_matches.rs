//! The answer against what the reasoning came to.

use super::arithmetic::{Arithmetic, numbers, value};
use crate::boxed::last_boxed_at;
use crate::{
    Checker, Checks, Finding, Note, NoteKind, Place, Section, Severity, StepKind, Trace,
    same_answer,
};
use std::ops::Range;

/// Compares the answer with the result that the reasoning ended with.
///
/// When the reasoning has a `\boxed{…}`, its last one is the result, and another answer is an
/// [error](Severity::Error).
///
/// When it has none and the answer is a number, that number has to stand in the last steps: from
/// the last equation that is no check on, and at least in the last two. Elsewhere it is no
/// conclusion, which is a [warning](Severity::Warning); and nowhere in the reasoning it comes from
/// nothing, an [error](Severity::Error). Answers that are no numbers are not checked then.
///
/// An answer that was found in the reasoning itself is not checked, and neither is one without
/// reasoning.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnswerMatches;

impl Checker for AnswerMatches {
    fn name(&self) -> &str {
        "answer"
    }

    fn check(&self, trace: &Trace) -> Checks {
        let mut checks = Checks::default();
        let (Some(reasoning), Some(content), Some(answer)) =
            (&trace.reasoning, &trace.content, &trace.answer)
        else {
            return checks;
        };
        let in_reasoning = |note: &Note| note.kind == NoteKind::AnswerInReasoning;
        if trace.notes.iter().any(in_reasoning) {
            return checks;
        }
        let place = Place::content(answer_bytes(content, answer));
        let found = if let Some((_, result)) = last_boxed_at(reasoning) {
            checks.n_checked = 1;
            let same = same_answer(result, answer)
                || value(result).is_some_and(|result| Some(result) == value(answer));
            let message = || format!("the reasoning ended with {}", short(result));
            (!same).then(|| (Severity::Error, message()))
        } else if let Some(number) = value(answer)
            && !trace.steps.is_empty()
        {
            checks.n_checked = 1;
            let (late, last_result) = conclusion(trace);
            let stands_in = |text: &str| numbers(text).contains(&number);
            let result = last_result.map_or(String::new(), |r| format!(", which ended with {r}"));
            if trace.steps[late.clone()].iter().any(|s| stands_in(&s.text)) {
                None
            } else if trace.steps[..late.start].iter().any(|s| stands_in(&s.text)) {
                let message = format!("this is no conclusion of the reasoning{result}");
                Some((Severity::Warning, message))
            } else {
                let message = format!("this number is nowhere in the reasoning{result}");
                Some((Severity::Error, message))
            }
        } else {
            None
        };
        let finding = |(severity, message): (Severity, String)| {
            let message = format!("the answer is {}: {message}", short(answer));
            Finding::new(self.name(), severity, place, message)
        };
        checks.findings = found.map(finding).into_iter().collect();
        checks
    }
}

/// The steps that conclude, and the right side of their last equation.
fn conclusion(trace: &Trace) -> (Range<usize>, Option<String>) {
    /// These many steps at the end conclude in any case.
    const LAST: usize = 2;
    let n_steps = trace.steps.len();
    let equations = Arithmetic.equations(trace);
    let kind = |step: usize| trace.steps.get(step).map(|step| step.kind);
    let is_check = |step: usize| kind(step) == Some(StepKind::Check);
    let last = equations.iter().rev().find(|equation| {
        equation.place.section == Section::Reasoning
            && equation.place.step.is_some_and(|step| !is_check(step))
    });
    let from = last
        .and_then(|equation| equation.place.step)
        .unwrap_or(n_steps);
    let late = from.min(n_steps.saturating_sub(LAST))..n_steps;
    (late, last.map(|equation| equation.right()))
}

/// Where the answer stands in the content: in its last box, or else at its last occurrence.
fn answer_bytes(content: &str, answer: &str) -> Range<usize> {
    let boxed = last_boxed_at(content).filter(|(_, boxed)| *boxed == answer);
    let at = match boxed {
        Some((start, _)) => content[start..].find(answer).map(|at| start + at),
        None => content.rfind(answer),
    };
    at.map_or(0..content.len(), |at| at..at + answer.len())
}

/// On one line, and not too long for a message.
fn short(text: &str) -> String {
    const LONGEST: usize = 40;
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
