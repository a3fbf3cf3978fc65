//! What every [`Backend`] is held to, whichever device it computes on.
//!
//! The suite runs each operation on small inputs and compares it with plain f64 code that stands
//! beside the case. A result may be off by what f32 arithmetic can lose in *any* reasonable order
//! of summation, and a linear layer of quantised weights by the rounding of its activations to
//! eight bits besides; each case derives its bound. Where nothing is rounded, or the law of
//! replay promises equality, results are compared to the bit.
//!
//! A backend's test is one line:
//!
//! ```
//! # use glassbox_core::{Backend, conformance};
//! # fn of<B: Backend>(new: impl Fn() -> B) -> Result<(), conformance::Failure> {
//! conformance::check(new)
//! # }
//! ```
//!
//! Deliberately absent: speed, errors for bad shapes (each backend has its own types), and
//! anything that needs a model.

mod attention;
mod data;
mod linear;
mod pages;
mod replay;
mod rows;
mod toy;

pub use replay::fingerprint;

use crate::Backend;

/// Where a backend is not what it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// A number is further from the reference than its bound, or not the same bits where no bound
    /// is given.
    #[error("{case}: element {index} is {got:e}, expected {expected:e} within {bound:e}")]
    Value {
        /// The case, and which of its variants.
        case: String,
        /// What the backend computed.
        got: f64,
        /// What the reference computed.
        expected: f64,
        /// The largest difference that the analysis allows; 0 for equality to the bit.
        bound: f64,
        /// Index into the result.
        index: usize,
    },
    /// A page's bytes differ.
    #[error("{case}: byte {index} is {got:#04x}, expected {expected:#04x}")]
    Byte {
        /// The case, and which of its variants.
        case: String,
        /// What the backend gave back.
        got: u8,
        /// What it was given.
        expected: u8,
        /// Index into the page.
        index: usize,
    },
    /// A result of the wrong length.
    #[error("{case}: {got} elements, expected {expected}")]
    Length {
        /// The case, and which of its variants.
        case: String,
        /// How many came.
        got: usize,
        /// How many should have come.
        expected: usize,
    },
    /// The backend refused what it must accept.
    #[error("{case}: {source}")]
    Device {
        /// The case, and which of its variants.
        case: String,
        /// The backend's own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// One thing that a backend must do, by name.
pub struct Case<B> {
    name: &'static str,
    run: fn(&mut B) -> Result<(), Failure>,
}

impl<B> Case<B> {
    /// The name, which begins every [`Failure`] of the case.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the case on a backend that has done nothing yet.
    pub fn run(&self, backend: &mut B) -> Result<(), Failure> {
        (self.run)(backend)
    }
}

/// Every case, simple operations first.
pub fn cases<B: Backend>() -> Vec<Case<B>> {
    let case = |name, run| Case { name, run };
    vec![
        case("embed", rows::embed::<B>),
        case("rms_norm", rows::rms_norm::<B>),
        case("swiglu", rows::swiglu::<B>),
        case("gated_linear", rows::gated_linear::<B>),
        case("add", rows::add::<B>),
        case("add_rms_norm", rows::add_rms_norm::<B>),
        case("rope", rows::rope::<B>),
        case("linear", linear::linear::<B>),
        case("linear of three", linear::linear_of_three::<B>),
        case("logits", linear::logits::<B>),
        case("attention", attention::attention::<B>),
        case("pages", pages::pages::<B>),
        case("replay", replay::replay::<B>),
    ]
}

/// Runs all [`cases`], each on a backend of its own, and reports the first failure.
pub fn check<B: Backend>(new: impl Fn() -> B) -> Result<(), Failure> {
    cases().iter().try_for_each(|case| case.run(&mut new()))
}
