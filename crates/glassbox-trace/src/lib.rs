//! From model output to a reasoning trace: events, steps, answers, checks, export.
//!
//! A reasoning model writes `<think>…</think>` and then its answer. [`TraceParser`] reads that
//! output as it is written, in pieces of any size, and reports [`Event`]s: more reasoning, a
//! complete [`Step`], more of the answer. At the end it gives a [`Trace`], which holds the
//! reasoning in steps with their kinds and places, the final answer, and [`Note`]s on what was odd.
//!
//! ```
//! use glassbox_trace::{Event, ParserOptions, StepKind, StopReason, TraceParser};
//!
//! // R1's prompt ends in `<think>\n`, so its output starts inside the reasoning.
//! let mut parser = TraceParser::new(ParserOptions::primed());
//! let mut shown = String::new();
//! let pieces = ["First, add: 2 + 2 = 4.\n", "\nWait, let me check", ".\n</thi", "nk>\n\nIt is \\boxed{4}."];
//! for piece in pieces {
//!     for event in parser.push(piece) {
//!         match event {
//!             Event::Thinking(text) => shown += &text,
//!             Event::Step(step) => shown += &format!(" [{}: {}]", step.index, step.kind.name()),
//!             Event::Answer(text) => shown += &text,
//!             _ => {}
//!         }
//!     }
//! }
//! let trace = parser.finish(StopReason::Stopped).trace;
//!
//! let first = "First, add: 2 + 2 = 4. [0: plan]\n\n";
//! assert_eq!(shown, format!("{first}Wait, let me check. [1: check]It is \\boxed{{4}}."));
//! assert_eq!(trace.content.as_deref(), Some("It is \\boxed{4}."));
//! assert_eq!(trace.answer.as_deref(), Some("4"));
//! assert_eq!(trace.steps[1].kind, StepKind::Check);
//! assert!(trace.to_json().starts_with(r#"{"reasoning":"First, add:"#));
//! ```
//!
//! A finished trace can be checked ([`Trace::check`]; a program adds a [`Checker`] of its own),
//! compared with another one by step ([`Trace::diff`]), given a [`Confidence`] from the
//! log-probabilities of its tokens, and shown as a page ([`HtmlReport`]).
//!
//! Three things always hold. Any split of an output into pieces gives the same trace and, put
//! together, the same events. No output makes the parser fail or panic. Time and memory are
//! proportional to the output.
//!
//! Deliberately absent: tensors, tokenizers and models. An engine that knows the ids of the two
//! tags says which token is one ([`Marker`]); for anyone else the letters are the tag. The crate
//! has no features, does no I/O, and holds no unsafe code.

#![forbid(unsafe_code)]

mod boxed;
mod check;
mod collector;
mod confidence;
mod cues;
mod diff;
mod error;
mod event;
mod export;
mod lexer;
mod ngrams;
mod note;
mod options;
mod parser;
mod same_answer;
mod sections;
mod segment;
mod step;
mod tokens;
mod trace;

pub use boxed::last_boxed;
pub use check::{
    AnswerMatches, Arithmetic, Bypassed, CheckReport, Checker, Checks, Equation, Finding,
    Languages, Loop, LoopWatch, Place, Repeat, Section, Severity,
};
pub use confidence::{Confidence, GroupConfidence, StepConfidence, TokenScore};
pub use diff::{Change, TraceDiff};
pub use error::TraceError;
pub use event::{Event, StopReason};
pub use export::{Branch, HtmlReport};
pub use note::{Note, NoteKind};
pub use options::{Format, Marker, Markers, ParserOptions, Start};
pub use parser::{Finished, Phase, TraceParser};
pub use same_answer::{equal_answers, same_answer};
pub use step::{Span, Step, StepKind};
pub use trace::Trace;
