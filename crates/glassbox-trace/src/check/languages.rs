//! Languages that are mixed, as far as their scripts show.

use super::scripts::{Script, Words, words};
use crate::{Checker, Checks, Finding, Place, Severity, Trace};

/// Finds steps that are partly or wholly in another script than most of the reasoning, and an
/// answer in another script than its reasoning.
///
/// Words are counted, not letters: a run of letters is a word, and in Chinese and Japanese every
/// character is. Formulas have no language: single letters, abbreviations in capitals, commands of
/// LaTeX and code do not count. It only says so, as an [`Info`](Severity::Info): models that are
/// made to keep to one language answer worse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Languages {
    /// How many words of a step must be in another script.
    pub words: usize,
    /// How large a part of its words, from 0 to 1.
    pub share: f64,
}

impl Default for Languages {
    /// Three words, and a tenth.
    fn default() -> Self {
        Self {
            words: 3,
            share: 0.1,
        }
    }
}

impl Checker for Languages {
    fn name(&self) -> &str {
        "languages"
    }

    fn check(&self, trace: &Trace) -> Checks {
        let mut checks = Checks::default();
        let steps: Vec<Words> = trace.steps.iter().map(|step| words(&step.text)).collect();
        let Some(main) = Words::main(&steps) else {
            return checks;
        };
        checks.n_checked = steps.iter().filter(|words| words.total() > 0).count();
        for (step, words) in trace.steps.iter().zip(&steps) {
            if let Some((script, span)) = self.foreign(words, main) {
                let message = message("step", words, script, main);
                let place = Place::step(step, span);
                checks
                    .findings
                    .push(Finding::new(self.name(), Severity::Info, place, message));
            }
        }
        let content = words(trace.content.as_deref().unwrap_or_default());
        if content.total() > 0 {
            checks.n_checked += 1;
        }
        if let Some((script, span)) = self.foreign(&content, main) {
            let message = message("answer", &content, script, main);
            let place = Place::content(span);
            checks
                .findings
                .push(Finding::new(self.name(), Severity::Info, place, message));
        }
        checks
    }
}

impl Languages {
    /// The script that a text has besides the main one, and from where to where.
    fn foreign(&self, words: &Words, main: Script) -> Option<(Script, std::ops::Range<usize>)> {
        let (script, n, span) = words.most_besides(main)?;
        let enough = n >= self.words && n as f64 >= self.share * words.total() as f64;
        enough.then_some((script, span))
    }
}

fn message(what: &str, words: &Words, script: Script, main: Script) -> String {
    let (n, total) = (words.count(script), words.total());
    let (script, main) = (script.name(), main.name());
    format!("{n} of the {total} words of this {what} are {script}, most of the reasoning is {main}")
}
