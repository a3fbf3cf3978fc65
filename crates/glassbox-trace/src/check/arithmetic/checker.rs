//! The checker of arithmetic.

use super::chains::{Found, equations};
use super::rational::Rational;
use crate::{Checker, Checks, Finding, Place, Severity, Trace};
use std::collections::HashMap;

/// Computes again every equation between numbers, of the reasoning and of the content.
///
/// It reads `a op b = c` in prose and in LaTeX, and chains `a + b = c + d = e`, whose neighbours it
/// compares: the four operations, powers, square roots and factorials, parentheses, fractions,
/// decimals, percentages (`20% of 50`), thousands, currencies, and units (`3 apples + 4 apples = 7
/// apples`). It computes with exact rationals of at most 38 digits.
///
/// It would rather miss an error than invent one. An equation counts only when both sides are
/// understood, and an unequal one only when nothing speaks for another reading. So it leaves out:
/// anything with an unknown or a function in it; `≈` and other relations; mixed numbers, remainders
/// and residues, times of day, other bases; units that differ between the sides; a question or a
/// supposition (`if 5 + 3 = 9`); and running totals (`3 + 4 = 7 * 2 = 14`). A decimal or a percentage may be
/// rounded or cut: `2/3 = 0.67` holds, `0.1 + 0.2 = 0.4` does not. Blocks of code are not read.
///
/// A finding is an [error](Severity::Error), or a [warning](Severity::Warning) when the same left
/// side is right later on, because the model then noticed.
///
/// ```
/// use glassbox_trace::{Arithmetic, Checker, ParserOptions, Trace};
/// let text = "<think>17 * 3 = 41, so 41 + 2x = 50. Then 50% of 80 = 40.</think>40";
/// let trace = Trace::parse(text, ParserOptions::new());
/// let checks = Arithmetic.check(&trace);
/// assert_eq!(checks.n_checked, 2);
/// assert_eq!(checks.findings[0].message, "17 * 3 is 51, not 41");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Arithmetic;

/// An equation that the checker is sure of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Equation {
    /// Where it is, from the first token of its left side to the last of its right side.
    pub place: Place,
    /// Whether its sides are equal, or one of them is the other rounded.
    pub holds: bool,
    /// How many bytes its left side has.
    left_len: usize,
    left: Rational,
    right: Rational,
    is_result: bool,
}

impl Equation {
    /// The value of the left side, as a decimal or a fraction.
    pub fn left(&self) -> String {
        self.left.to_string()
    }

    /// The value of the right side.
    pub fn right(&self) -> String {
        self.right.to_string()
    }

    fn new(place: Place, found: Found<'_>) -> Self {
        let Found { left, right, holds } = found;
        Self {
            place,
            holds,
            left_len: left.end - left.start,
            left: left.value.exact,
            right: right.value.exact,
            is_result: !right.value.computed,
        }
    }

    /// The text of the left side, on one line.
    fn left_text(&self, trace: &Trace) -> String {
        let text = self.place.text(trace).get(..self.left_len);
        let words: Vec<&str> = text.unwrap_or_default().split_whitespace().collect();
        words.join(" ")
    }

    fn message(&self, trace: &Trace) -> String {
        /// A longer expression is not repeated.
        const LONGEST: usize = 60;
        let text = self.left_text(trace);
        let (left, right) = (self.left, self.right);
        match text.len() <= LONGEST {
            true if self.is_result => format!("{text} is {left}, not {right}"),
            _ => format!("the left side is {left}, the right side {right}"),
        }
    }
}

impl Arithmetic {
    /// Every equation that the checker is sure of, true or false, in the order of the trace.
    pub fn equations(&self, trace: &Trace) -> Vec<Equation> {
        let steps = trace.steps.iter().flat_map(|step| {
            let found = equations(&step.text).into_iter();
            found.map(|found| {
                let bytes = found.left.start..found.right.end;
                Equation::new(Place::step(step, bytes), found)
            })
        });
        let content = equations(trace.content.as_deref().unwrap_or_default());
        let content = content.into_iter().map(|found| {
            let bytes = found.left.start..found.right.end;
            Equation::new(Place::content(bytes), found)
        });
        steps.chain(content).collect()
    }
}

impl Checker for Arithmetic {
    fn name(&self) -> &str {
        "arithmetic"
    }

    fn check(&self, trace: &Trace) -> Checks {
        let equations = self.equations(trace);
        let mut last_right: HashMap<String, usize> = HashMap::new();
        for (at, equation) in equations.iter().enumerate().filter(|(_, e)| e.holds) {
            last_right.insert(equation.left_text(trace), at);
        }
        let false_ones = equations.iter().enumerate().filter(|(_, e)| !e.holds);
        let findings = false_ones.map(|(at, equation)| {
            let corrected = last_right.get(&equation.left_text(trace));
            let severity = match corrected.is_some_and(|&right| right > at) {
                true => Severity::Warning,
                false => Severity::Error,
            };
            let message = equation.message(trace);
            Finding::new(self.name(), severity, equation.place, message)
        });
        Checks {
            findings: findings.collect(),
            n_checked: equations.len(),
        }
    }
}
