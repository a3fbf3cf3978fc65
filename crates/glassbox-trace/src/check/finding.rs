//! What a checker found, and where.

use crate::{Span, Step, Trace};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// One thing that a checker found.
///
/// In JSON: `{"checker": "arithmetic", "severity": "error", "section": "reasoning", "step": 3,
/// "bytes": [120, 133], "message": "…"}`, where `step` is null in the content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// The name of the checker.
    pub checker: String,
    /// How much it matters.
    pub severity: Severity,
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// One line for a person to read.
    pub message: String,
}

impl Finding {
    /// A finding of the checker of that name.
    pub fn new(checker: &str, severity: Severity, place: Place, message: String) -> Self {
        Self {
            checker: checker.to_owned(),
            severity,
            place,
            message,
        }
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Likely to matter, or an error that the reasoning itself takes back.
    Warning,
    /// Something is wrong.
    Error,
}

impl Severity {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A side of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// [`Trace::reasoning`].
    Reasoning,
    /// [`Trace::content`].
    Content,
}

impl Section {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reasoning => "reasoning",
            Self::Content => "content",
        }
    }
}

/// A stretch of the reasoning or of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Which of the two.
    pub section: Section,
    /// The step that it lies in, or starts in; none in the content.
    pub step: Option<usize>,
    /// Its bytes in that section.
    pub bytes: Span,
}

impl Place {
    /// A stretch of a step, given in bytes of the step's text.
    pub fn step(step: &Step, bytes: Range<usize>) -> Self {
        let from = step.bytes.start;
        Self {
            section: Section::Reasoning,
            step: Some(step.index),
            bytes: Span::from(from + bytes.start..from + bytes.end),
        }
    }

    /// A stretch of the content.
    pub fn content(bytes: Range<usize>) -> Self {
        Self {
            section: Section::Content,
            step: None,
            bytes: Span::from(bytes),
        }
    }

    /// The text at this place; empty when the trace has none there.
    pub fn text(self, trace: &Trace) -> &str {
        let section = match self.section {
            Section::Reasoning => trace.reasoning.as_deref(),
            Section::Content => trace.content.as_deref(),
        };
        section
            .and_then(|text| text.get(self.bytes.range()))
            .unwrap_or_default()
    }
}
