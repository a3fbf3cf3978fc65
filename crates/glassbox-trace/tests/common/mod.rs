//! Events put together, for tests that compare two ways of cutting the same output.

use glassbox_trace::{Event, Finished, ParserOptions, Step, StopReason, Trace, TraceParser};

/// All events of an output, with texts of the same side joined.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Sum {
    pub(crate) thinking: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) answer: String,
    pub(crate) done: Option<StopReason>,
}

impl Sum {
    pub(crate) fn add(&mut self, events: Vec<Event>) {
        for event in events {
            assert_eq!(self.done, None, "an event after the last");
            match event {
                Event::Thinking(text) => self.thinking += &text,
                Event::Step(step) => {
                    assert!(
                        self.thinking.len() >= step.bytes.end,
                        "a step before its text"
                    );
                    self.steps.push(step);
                }
                Event::Answer(text) => self.answer += &text,
                Event::Done(stop) => self.done = Some(stop),
                _ => unreachable!("an event that this test does not know"),
            }
        }
    }
}

/// Reads an output in pieces.
pub(crate) fn read<'a>(
    pieces: impl IntoIterator<Item = &'a str>,
    options: ParserOptions,
) -> (Sum, Trace) {
    let mut parser = TraceParser::new(options);
    let mut sum = Sum::default();
    for piece in pieces {
        sum.add(parser.push(piece));
    }
    let Finished { events, trace } = parser.finish(StopReason::Stopped);
    sum.add(events);
    (sum, trace)
}
