//! What can be wrong with a trace that was written elsewhere. Parsing model output has no errors.

/// What can be wrong with a trace that was written elsewhere.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The text is not a trace in JSON.
    #[error("not a trace in JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A step has another index than its place among the steps.
    #[error("step {position} of the trace has the index {got}")]
    StepIndex {
        /// Its place.
        position: usize,
        /// The index it has.
        got: usize,
    },
    /// A step's span is not where its text lies in the reasoning.
    #[error(
        "step {index} says it is bytes {start} to {end} of the reasoning, which do not hold its text"
    )]
    StepSpan {
        /// The step.
        index: usize,
        /// The span's start.
        start: usize,
        /// The span's end.
        end: usize,
    },
}
