//! What can be found wrong with a [`Trace`](crate::Trace) without knowing the right answer.
//!
//! A [`Checker`] reads a whole trace and gives [`Finding`]s, each with its step and its bytes. The
//! ones here need no model; a program adds its own by implementing the trait, and
//! [`Trace::check`](crate::Trace::check) runs any list of them.

mod answer_matches;
mod arithmetic;
mod bypassed;
mod checker;
mod finding;
mod languages;
mod loops;
mod scripts;

pub use answer_matches::AnswerMatches;
pub(crate) use arithmetic::value;
pub use arithmetic::{Arithmetic, Equation};
pub use bypassed::Bypassed;
pub use checker::{CheckReport, Checker, Checks};
pub use finding::{Finding, Place, Section, Severity};
pub use languages::Languages;
pub use loops::{Loop, LoopWatch, Repeat};
