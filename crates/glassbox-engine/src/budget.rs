use glassbox_text::{Special, TextError, Tokenizer};
use glassbox_trace::Phase;
use serde::{Deserialize, Serialize};

/// How long a reply may think and answer.
///
/// A reasoning that reaches its end is closed, so that an answer still follows. It is closed at the
/// end of a sentence, where one comes within `margin` tokens of the limit. So is one inside which the
/// model stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Budget {
    /// The most tokens of reasoning, before `closing` and the closing tag.
    pub max_thinking: usize,
    /// The fewest: a reasoning that closes earlier goes on with `wait` instead.
    pub min_thinking: usize,
    /// How many tokens before `max_thinking` the end of a sentence may close the reasoning; an
    /// eighth of it, but at most 64, where `None`.
    pub margin: Option<usize>,
    /// A paragraph that is added before the reasoning is closed, unless it is empty.
    pub closing: String,
    /// What is added when the reasoning must go on.
    pub wait: String,
    /// The most tokens of answer.
    pub max_answer: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Budget {
            max_thinking: 32_768,
            min_thinking: 0,
            margin: None,
            closing: String::new(),
            wait: "Wait".to_owned(),
            max_answer: 8_192,
        }
    }
}

/// What the budget says to the next token.
pub(crate) enum Verdict {
    /// It may be written.
    Write,
    /// The reasoning goes on with these instead.
    Continue(Vec<u32>),
    /// The reasoning ends with these instead.
    Close(Vec<u32>),
    /// The answer is as long as it may be.
    End,
}

/// A budget at work.
pub(crate) struct Limits {
    budget: Budget,
    margin: usize,
}

/// Where a reply stands when its next token is about to be written.
pub(crate) struct Standing<'a> {
    pub(crate) phase: Phase,
    pub(crate) thinking_tokens: usize,
    pub(crate) answer_tokens: usize,
    /// What is written.
    pub(crate) text: &'a str,
}

impl Limits {
    pub(crate) fn new(budget: Budget) -> Self {
        Limits {
            margin: budget.margin.unwrap_or((budget.max_thinking / 8).min(64)),
            budget,
        }
    }

    /// On `next`, the token that was chosen.
    pub(crate) fn verdict(
        &self,
        next: u32,
        at: &Standing<'_>,
        tokenizer: &Tokenizer,
    ) -> Result<Verdict, TextError> {
        let budget = &self.budget;
        if at.phase != Phase::Thinking {
            return Ok(match at.answer_tokens >= budget.max_answer {
                true => Verdict::End,
                false => Verdict::Write,
            });
        }
        let roles = tokenizer.roles();
        let ends = Some(next) == roles.think_close || roles.is_stop(next);
        if ends && at.thinking_tokens < budget.min_thinking {
            let wait = tokenizer.encode(&budget.wait, Special::AsText)?;
            return Ok(Verdict::Continue(wait));
        }
        let left = budget.max_thinking.saturating_sub(at.thinking_tokens);
        let may_end =
            left == 0 || left <= self.margin && ends_sentence(at.text, &tokenizer.text_of(next));
        // A model that stops inside its reasoning owes an answer.
        if !roles.is_stop(next) && (ends || !may_end) {
            return Ok(Verdict::Write);
        }
        Ok(Verdict::Close(self.closing(at.text, tokenizer)?))
    }

    /// What ends a reasoning after `text`.
    pub(crate) fn closing(&self, text: &str, tokenizer: &Tokenizer) -> Result<Vec<u32>, TextError> {
        let closing = self.budget.closing.trim();
        let lines = text.len() - text.trim_end_matches('\n').len();
        let closing = match closing.is_empty() {
            true => "\n"[lines.min(1)..].to_owned(),
            false => format!("{}{closing}\n", &"\n\n"[lines.min(2)..]),
        };
        let text = format!("{closing}</think>\n\n");
        tokenizer.encode(&text, Special::Parse)
    }
}

/// Whether a sentence ends between `text` and what comes next.
fn ends_sentence(text: &str, next: &str) -> bool {
    let mark = ['.', '!', '?', '。', '！', '？'];
    text.ends_with('\n') || text.ends_with(mark) && next.starts_with(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_ends_at_its_mark_and_not_in_a_number() {
        for (text, next, ends) in [
            ("It is 3.", " So", true),
            ("It is 3.", "14", false),
            ("It is 3", ".", false),
            ("Is it?", "\n\n", true),
            ("Yes\n", "No", true),
            ("", "No", false),
        ] {
            assert_eq!(ends_sentence(text, next), ends, "{text:?} {next:?}");
        }
    }
}
