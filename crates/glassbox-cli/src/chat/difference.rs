//! Two branches, step by step.

use super::steps::first_line;
use crate::output::{columns, short};
use glassbox::Trace;
use glassbox::trace::Change;

/// A line a step: `=` the same, `-` only in the old one, `+` only in the new one, and `~` twice for
/// one that changed; with its numbers in the old and in the new one.
pub(super) fn list(old: &Trace, new: &Trace) -> String {
    let diff = old.diff(new);
    let number = |step: usize| (step + 1).to_string();
    let old_row = |mark: &str, step: usize| {
        let text = first_line(&old.steps[step]);
        [mark.to_owned(), number(step), String::new(), text]
    };
    let new_row = |mark: &str, step: usize| {
        let text = first_line(&new.steps[step]);
        [mark.to_owned(), String::new(), number(step), text]
    };
    let mut rows = Vec::new();
    for change in &diff.changes {
        match *change {
            Change::Same { old: step, new } => {
                let [mark, old, _, text] = old_row("=", step);
                rows.push([mark, old, number(new), text]);
            }
            Change::Changed { old, new } => rows.extend([old_row("~", old), new_row("~", new)]),
            Change::Removed { old } => rows.push(old_row("-", old)),
            Change::Added { new } => rows.push(new_row("+", new)),
        }
    }
    let answer = |trace: &Trace| {
        let answer = trace.answer.as_deref();
        answer.map_or("none".to_owned(), |answer| short(answer, 40))
    };
    let answers = match (diff.same_answer, &new.answer) {
        (true, None) => "neither has an answer".to_owned(),
        (true, Some(_)) => format!("the same answer: {}", answer(new)),
        (false, _) => format!("another answer: {} became {}", answer(old), answer(new)),
    };
    match rows.is_empty() {
        true => answers,
        false => format!("{}\n{answers}", columns(&rows)),
    }
}
