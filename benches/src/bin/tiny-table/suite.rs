use anyhow::{Context as _, Result};
use glassbox::tiny::SUITE;
use glassbox::trace::same_answer;
use serde_json::Value;
use std::collections::BTreeMap;

/// A held-out problem with its answer.
pub(super) struct Problem {
    pub(super) question: String,
    answer: String,
}

impl Problem {
    pub(super) fn is_right(&self, answer: Option<&str>) -> bool {
        answer.is_some_and(|answer| same_answer(answer, &self.answer))
    }
}

/// The first problems of each kind, without those that have no answer.
pub(super) fn problems(per_kind: usize) -> Result<Vec<Problem>> {
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    let mut problems = Vec::new();
    for line in SUITE.lines() {
        let problem: Value = serde_json::from_str(line)?;
        let text = |key: &str| problem[key].as_str().map(str::to_owned);
        let Some(answer) = text("answer") else {
            continue;
        };
        let kind = taken.entry(text("kind").unwrap_or_default()).or_default();
        *kind += 1;
        if *kind <= per_kind {
            problems.push(Problem {
                question: text("question").context("a problem without a question")?,
                answer,
            });
        }
    }
    Ok(problems)
}
