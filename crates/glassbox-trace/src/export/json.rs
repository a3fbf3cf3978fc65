//! JSON, out and in.

use crate::{Trace, TraceError};

impl Trace {
    /// The trace as one line of JSON, of the shape that [`Trace`] documents.
    pub fn to_json(&self) -> String {
        // Serialising fails only for maps whose keys are no strings and for writers that fail, and
        // here is neither.
        serde_json::to_string(self)
            .unwrap_or_else(|error| unreachable!("a trace is plain data: {error}"))
    }

    /// As [`to_json`](Self::to_json), indented.
    pub fn to_json_pretty(&self) -> String {
        serde_json::to_string_pretty(self)
            .unwrap_or_else(|error| unreachable!("a trace is plain data: {error}"))
    }

    /// Reads a trace back from its JSON form, whoever wrote it.
    ///
    /// # Errors
    ///
    /// When the text is not JSON of that shape, or when a step is not at its place: its index is
    /// not its position, or its span is not the bytes of the reasoning that hold its text.
    pub fn from_json(json: &str) -> Result<Self, TraceError> {
        let trace: Self = serde_json::from_str(json)?;
        let reasoning = trace.reasoning.as_deref().unwrap_or_default();
        for (position, step) in trace.steps.iter().enumerate() {
            if step.index != position {
                return Err(TraceError::StepIndex {
                    position,
                    got: step.index,
                });
            }
            if reasoning.get(step.bytes.range()) != Some(step.text.as_str()) {
                return Err(TraceError::StepSpan {
                    index: position,
                    start: step.bytes.start,
                    end: step.bytes.end,
                });
            }
        }
        Ok(trace)
    }
}
