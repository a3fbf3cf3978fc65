use super::Problem;
use glassbox::trace::same_answer;
use glassbox::{Reply, StopReason, Trace};

/// What became of a problem.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) right: bool,
    /// The answer that the reply gave.
    pub(crate) answer: Option<String>,
    /// Why the reply ended; `None` where its prompt did not fit the context.
    pub(crate) stop: Option<StopReason>,
    pub(crate) thinking_tokens: usize,
    pub(crate) tokens: usize,
    /// Everything that was written, of a wrong reply.
    pub(crate) text: Option<String>,
}

impl Outcome {
    pub(crate) fn of(problem: &Problem, reply: &Reply) -> Outcome {
        let right = is_right(problem.answer.as_deref(), &reply.trace);
        Outcome {
            right,
            answer: reply.answer().map(str::to_owned),
            stop: Some(reply.stop()),
            thinking_tokens: reply.usage.thinking_tokens,
            tokens: reply.tokens.len(),
            text: (!right).then(|| reply.text.clone()),
        }
    }

    /// Of a problem that is longer than the context.
    pub(crate) fn too_long() -> Outcome {
        Outcome {
            right: false,
            answer: None,
            stop: None,
            thinking_tokens: 0,
            tokens: 0,
            text: None,
        }
    }
}

/// Whether a reply is what was expected: an answer, or content without one.
fn is_right(expected: Option<&str>, trace: &Trace) -> bool {
    match (expected, &trace.answer) {
        (Some(expected), Some(answer)) => same_answer(answer, expected),
        (None, None) => {
            let content = trace.content.as_deref().unwrap_or_default();
            // What was cut could still have come to an answer.
            trace.stop == StopReason::Stopped && !content.trim().is_empty()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glassbox::trace::ParserOptions;

    #[test]
    fn the_boxed_answer_counts() {
        for (expected, text, right) in [
            (Some("1692"), "Hm.</think>It is \\boxed{1,692}.", true),
            (Some("1692"), "1692?</think>It is \\boxed{1693}.", false),
            (Some("1692"), "Hm.</think>It is 1692.", false),
            (Some("1692"), "It is 1692", false),
            (None, "Hm.</think>I do not know that.", true),
            (None, "Hm.</think>It is \\boxed{5}.", false),
            (None, "Hm.</think>\n\n", false),
            (None, "Hm.", false),
        ] {
            let trace = Trace::parse(text, ParserOptions::primed());
            assert_eq!(is_right(expected, &trace), right, "{text}");
            let mut cut = trace;
            cut.stop = StopReason::Length;
            assert_eq!(
                is_right(expected, &cut),
                right && expected.is_some(),
                "{text}"
            );
        }
    }
}
