//! Equations between numbers, computed again with exact rationals.
//!
//! A text is cut into tokens (`lexer`), clauses and sides (`chains`); a side is computed
//! (`parser`, `value`), and two neighbouring sides are compared (`verdict`).

mod chains;
mod checker;
mod latex;
mod lexer;
mod numbers;
mod parser;
mod rational;
mod token;
mod value;
mod verdict;
mod words;

pub(super) use chains::numbers;
pub(crate) use chains::value;
pub use checker::{Arithmetic, Equation};
