//! The interface of a checker, and running several.

use crate::{AnswerMatches, Arithmetic, Bypassed, Finding, Languages, Loop, Trace};
use serde::{Deserialize, Serialize};

/// Something that reads a finished trace and says what it found.
///
/// ```
/// use glassbox_trace::{Checker, Checks, Finding, ParserOptions, Place, Severity, Trace};
///
/// /// Finds shouting.
/// struct Shouting;
///
/// impl Checker for Shouting {
///     fn name(&self) -> &str {
///         "shouting"
///     }
///
///     fn check(&self, trace: &Trace) -> Checks {
///         let mut checks = Checks::default();
///         for step in &trace.steps {
///             checks.n_checked += 1;
///             if step.text.ends_with("!!!") {
///                 let place = Place::step(step, 0..step.text.len());
///                 let message = "this step shouts".to_owned();
///                 checks.findings.push(Finding::new(self.name(), Severity::Info, place, message));
///             }
///         }
///         checks
///     }
/// }
///
/// let trace = Trace::parse("<think>2 + 2 = 5!!!</think>4", ParserOptions::new());
/// let reports = trace.check(&[&Shouting]);
/// assert_eq!(reports[0].findings[0].place.step, Some(0));
/// ```
pub trait Checker {
    /// A short name in lower case, which its findings carry.
    fn name(&self) -> &str;

    /// Reads the trace. What it is not sure of it does not report.
    fn check(&self, trace: &Trace) -> Checks;
}

/// What one checker did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checks {
    /// How many things it looked at and was sure of: equations, steps, answers. A trace without
    /// findings is worth something only where this is not 0.
    pub n_checked: usize,
    /// What it found, in the order of the trace.
    pub findings: Vec<Finding>,
}

/// What one checker did, with its name.
///
/// In JSON: `{"checker": "arithmetic", "n_checked": 12, "findings": […]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// The checker's name.
    pub checker: String,
    /// How many things it looked at and was sure of.
    pub n_checked: usize,
    /// What it found.
    pub findings: Vec<Finding>,
}

impl Trace {
    /// Runs checkers over the trace: one report for each, in their order.
    pub fn check(&self, checkers: &[&dyn Checker]) -> Vec<CheckReport> {
        let report = |checker: &&dyn Checker| {
            let Checks {
                n_checked,
                findings,
            } = checker.check(self);
            CheckReport {
                checker: checker.name().to_owned(),
                n_checked,
                findings,
            }
        };
        checkers.iter().map(report).collect()
    }

    /// Runs every checker of this crate, as it is by default.
    pub fn check_all(&self) -> Vec<CheckReport> {
        self.check(&[
            &Arithmetic,
            &AnswerMatches,
            &Loop::default(),
            &Languages::default(),
            &Bypassed,
        ])
    }
}
