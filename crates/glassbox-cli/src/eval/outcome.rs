use super::Problem;
use glassbox::trace::same_answer;
use glassbox::{Reply, StopReason};

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
        let right = match (&problem.answer, reply.answer()) {
            (Some(expected), Some(answer)) => same_answer(answer, expected),
            (None, None) => {
                // What was cut could still have come to an answer.
                reply.stop() == StopReason::Stopped && !reply.content().trim().is_empty()
            }
            _ => false,
        };
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
