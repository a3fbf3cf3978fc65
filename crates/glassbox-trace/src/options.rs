//! What the parser is told before the first piece of text.

use serde::{Deserialize, Serialize};

/// How the model marks its reasoning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `<think>…</think>`, and an `<answer>` block when the answer opens with one. The right choice
    /// when the model is unknown.
    #[default]
    Auto,
    /// `<think>…</think>` alone, as R1 and its distills write it; `<answer>` is ordinary text.
    R1,
    /// `<think>…</think> <answer>…</answer>`, as R1-Zero's template asks for; `<answer>` is a tag
    /// wherever the content has it.
    R1Zero,
    /// No reasoning: everything is content, tags included, and [`Start`] is ignored.
    Plain,
}

/// Where the prompt left the model, which is where the output starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The prompt ended before any tag: the model itself opens the reasoning, or does not reason.
    #[default]
    Outside,
    /// The prompt ended in `<think>\n`: the output starts inside the reasoning.
    Primed,
    /// The prompt ended in `</think>`, as a thinking budget of 0 writes it: the output is the
    /// answer.
    AfterReasoning,
}

/// What makes a `<think>` or a `</think>` a tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Markers {
    /// Its spelling does. A model that quotes the tag in its reasoning then ends its reasoning.
    #[default]
    Text,
    /// Only [`TraceParser::push_token`](crate::TraceParser::push_token) with a [`Marker`] does,
    /// because the caller knows the ids of the two tokens. The same letters in ordinary text are
    /// text.
    Tokens,
}

/// The special token that a piece of output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// The token `<think>`.
    ThinkOpen,
    /// The token `</think>`.
    ThinkClose,
}

/// What the parser is told before the first piece of text.
///
/// ```
/// use glassbox_trace::{Markers, ParserOptions};
///
/// // An engine that ended its prompt in `<think>\n` and knows the ids of both tags:
/// let options = ParserOptions::primed().with_markers(Markers::Tokens);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParserOptions {
    /// How the model marks its reasoning.
    pub format: Format,
    /// Where the prompt left the model.
    pub start: Start,
    /// What makes a tag a tag.
    pub markers: Markers,
}

impl ParserOptions {
    /// Output that starts outside the reasoning, of a format to be found out, with tags known by
    /// their spelling.
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`new`](Self::new), of output whose prompt already ended in `<think>\n`.
    pub fn primed() -> Self {
        Self::new().with_start(Start::Primed)
    }

    /// Sets how the model marks its reasoning.
    #[must_use]
    pub fn with_format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// Sets where the prompt left the model.
    #[must_use]
    pub fn with_start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Sets what makes a tag a tag.
    #[must_use]
    pub fn with_markers(mut self, markers: Markers) -> Self {
        self.markers = markers;
        self
    }
}
