//! Thinking that did not take place.

use crate::{Checker, Checks, Finding, Place, Severity, Trace};

/// Finds an answer without thinking: no reasoning, an empty one, or a few words before a long
/// answer.
///
/// R1 sometimes writes `<think>\n\n</think>` and answers at once, and does worse then; its usage
/// notes ask that the output be opened with `<think>\n`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bypassed;

/// Fewer words are no thinking when the content is [`LONG`].
const FEW: usize = 5;
/// Words of an answer that should have been thought about.
const LONG: usize = 20;

impl Checker for Bypassed {
    fn name(&self) -> &str {
        "bypassed"
    }

    fn check(&self, trace: &Trace) -> Checks {
        let mut checks = Checks::default();
        let Some(content) = trace.content.as_deref() else {
            return checks;
        };
        checks.n_checked = 1;
        let n_words = |text: &str, most| text.split_whitespace().take(most).count();
        let message = match trace.reasoning.as_deref() {
            None => Some("the answer came without any reasoning".to_owned()),
            Some("") => Some("the reasoning is empty: the model skipped it".to_owned()),
            Some(reasoning) => {
                let n = n_words(reasoning, FEW);
                let short = n < FEW && reasoning.len() < 40 && n_words(content, LONG) == LONG;
                short.then(|| format!("the reasoning has {n} words, the answer many"))
            }
        };
        let place = Place::content(0..content.len());
        let finding = |message| Finding::new(self.name(), Severity::Warning, place, message);
        checks.findings = message.map(finding).into_iter().collect();
        checks
    }
}
