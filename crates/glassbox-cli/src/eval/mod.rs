//! How well a model does on problems whose answers are known.

mod outcome;
mod problem;
mod report;
mod work;

pub(crate) use outcome::Outcome;
pub(crate) use problem::{Problem, first_of_each, parse};
pub(crate) use report::{Report, Run};
pub(crate) use work::work;
