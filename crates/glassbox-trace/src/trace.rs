//! A whole output, read.

use crate::{Finished, Note, ParserOptions, Step, StopReason, TraceParser};
use serde::{Deserialize, Serialize};

/// A whole output, read.
///
/// Its JSON form ([`to_json`](Trace::to_json)) is stable:
///
/// ```json
/// {
///   "reasoning": "…",
///   "content": "…",
///   "closed": true,
///   "steps": [{"index": 0, "kind": "plan", "text": "…", "bytes": [0, 42], "tokens": [0, 9]}],
///   "answer": "143",
///   "notes": [{"kind": "bypassed", "at": 0}]
/// }
/// ```
///
/// `reasoning`, `content` and `answer` can be null, a step has `tokens` only when the output came
/// token by token, and a `"stop"` stands at the end when something else than the model ended the
/// output (`"length"`, `"cancelled"`). Kinds, of steps and of notes, and keys may be added.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trace {
    /// The reasoning: absent when the model opened none, empty when it opened and closed it at
    /// once.
    pub reasoning: Option<String>,
    /// The content, which is what follows the reasoning: absent when there is none. Reasoning that
    /// was never closed is not copied here.
    pub content: Option<String>,
    /// There is a reasoning, and it was closed.
    pub closed: bool,
    /// The reasoning in steps.
    pub steps: Vec<Step>,
    /// The final answer: the last `\boxed{…}` of the content, or else of the reasoning. An
    /// `<answer>` block comes before both.
    pub answer: Option<String>,
    /// What was odd.
    pub notes: Vec<Note>,
    /// Why the output ended.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stop: StopReason,
}

impl Trace {
    /// Reads a whole output that ended by itself.
    pub fn parse(text: &str, options: ParserOptions) -> Self {
        /// Events are dropped as they come, so that a long output is not held twice.
        const PIECE: usize = 1 << 16;
        let mut parser = TraceParser::new(options);
        let mut rest = text;
        while !rest.is_empty() {
            let end = (PIECE..rest.len()).find(|&end| rest.is_char_boundary(end));
            let (piece, next) = rest.split_at(end.unwrap_or(rest.len()));
            parser.push(piece);
            rest = next;
        }
        let Finished { trace, .. } = parser.finish(StopReason::Stopped);
        trace
    }
}

fn is_default(stop: &StopReason) -> bool {
    *stop == StopReason::default()
}
