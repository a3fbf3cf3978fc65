//! What was odd about an output.

use serde::{Deserialize, Serialize};

/// Something odd about an output that a reader of the trace should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Note {
    /// What it is.
    pub kind: NoteKind,
    /// Where: a byte offset into the output, in which a marker token counts as the letters of its
    /// tag.
    pub at: usize,
}

impl Note {
    pub(crate) fn new(kind: NoteKind, at: usize) -> Self {
        Self { kind, at }
    }
}

/// The oddities that the parser knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoteKind {
    /// The reasoning was opened and closed with nothing in it: the model skipped it. At the opener.
    Bypassed,
    /// The output ended inside the reasoning. At the opener.
    Unclosed,
    /// A second opener before any reasoning, as R1-0528 writes after a primed prompt. Swallowed.
    RepeatedOpener,
    /// An opener in the middle of the reasoning. Its letters stay in the reasoning; a marker token
    /// is swallowed. The first closer still ends the reasoning.
    NestedOpener,
    /// The reasoning was closed and then opened again. Its blocks are joined by a blank line, as
    /// are those of the content.
    Reopened,
    /// The first opener came after content.
    LateOpener,
    /// A closer with no reasoning to close, before any content. Swallowed; so is a marker token
    /// anywhere in the content.
    StrayCloser,
    /// The letters of a closer in the middle of the content, left there, because the model may be
    /// quoting it. When the output has no opener at all, its prompt was probably primed.
    CloserInContent,
    /// `<answer>` was never closed, so that its text is content and no
    /// [`answer`](crate::Trace::answer).
    UnclosedAnswer,
    /// The answer was found in the reasoning, because the content has none. At the box.
    AnswerInReasoning,
}

impl NoteKind {
    /// One sentence for a person to read.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Bypassed => "The reasoning is empty: the model skipped it.",
            Self::Unclosed => "The output ended inside the reasoning.",
            Self::RepeatedOpener => "The opening tag was repeated.",
            Self::NestedOpener => "The reasoning holds a second opening tag.",
            Self::Reopened => "The reasoning was closed and opened again.",
            Self::LateOpener => "The reasoning began after some content.",
            Self::StrayCloser => "A closing tag with no reasoning before it was dropped.",
            Self::CloserInContent => {
                "The content holds the letters of a closing tag; was the prompt primed?"
            }
            Self::UnclosedAnswer => "The answer block was never closed.",
            Self::AnswerInReasoning => {
                "The answer comes from the reasoning, because the content has none."
            }
        }
    }
}
