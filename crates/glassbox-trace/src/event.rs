//! What the parser reports while the model writes.

use crate::Step;
use serde::Serialize;

/// One thing that the parser has seen.
///
/// The texts of all [`Thinking`](Event::Thinking) events, put together, are
/// [`Trace::reasoning`](crate::Trace::reasoning), and those of all [`Answer`](Event::Answer) events
/// are [`Trace::content`](crate::Trace::content), however the output was cut into pieces; but for
/// what an event [`Chopped`](Event::Chopped) takes back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// More of the reasoning.
    Thinking(String),
    /// A step of the reasoning is complete. Its text has already come in
    /// [`Thinking`](Event::Thinking) events.
    Step(Step),
    /// More of the content, which is the answer in the model's own words.
    Answer(String),
    /// A loop was taken back: the reasoning is again the first so many bytes of what it was, in so
    /// many whole steps, and goes on from there. A parser does not say so, only an engine that is
    /// told to.
    Chopped {
        /// Bytes of reasoning that stay.
        reasoning: usize,
        /// Steps that stay.
        steps: usize,
    },
    /// The output ended. Always the last event, and always there.
    Done(StopReason),
}

/// Why the output ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StopReason {
    /// The model stopped by itself, or the file ended.
    #[default]
    Stopped,
    /// A limit on the number of tokens cut it.
    Length,
    /// The caller cancelled it.
    Cancelled,
    /// An error ended it.
    Failed,
}
