//! A step of the reasoning.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// One step of the reasoning: a paragraph, or a part of a long one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Step {
    /// Its place among the steps, from 0.
    pub index: usize,
    /// What the step does, as far as its wording shows.
    pub kind: StepKind,
    /// Its text, without the whitespace around it.
    pub text: String,
    /// Where the text lies in [`Trace::reasoning`](crate::Trace::reasoning), in bytes.
    pub bytes: Span,
    /// The output tokens that wrote it, counted from 0 at the first
    /// [`push_token`](crate::TraceParser::push_token); absent when the output did not come token by
    /// token. Two steps share a token that holds the end of the one and the start of the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Span>,
}

/// What a step does. `cues.rs` holds the table of wordings that decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StepKind {
    /// It says what is to be done.
    Plan,
    /// It does it. The kind of every step whose wording shows no other.
    Derivation,
    /// It tests an earlier result.
    Check,
    /// It questions an earlier result, without yet taking it back.
    Doubt,
    /// It takes an earlier result back, or leaves an approach for another.
    Backtrack,
    /// It states the answer.
    Conclusion,
}

impl StepKind {
    /// The name in JSON and Markdown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Derivation => "derivation",
            Self::Check => "check",
            Self::Doubt => "doubt",
            Self::Backtrack => "backtrack",
            Self::Conclusion => "conclusion",
        }
    }
}

/// A half-open range, which is `[start, end]` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[usize; 2]", into = "[usize; 2]")]
pub struct Span {
    /// The first byte or token.
    pub start: usize,
    /// The one after the last.
    pub end: usize,
}

impl Span {
    /// The span as a range, to slice with.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self {
            start: range.start,
            end: range.end,
        }
    }
}

impl From<[usize; 2]> for Span {
    fn from([start, end]: [usize; 2]) -> Self {
        Self { start, end }
    }
}

impl From<Span> for [usize; 2] {
    fn from(span: Span) -> Self {
        [span.start, span.end]
    }
}
