//! What mathematical prose is made of.

use super::rational::Rational;

/// One token of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    /// Its bytes in the text.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Something that is nothing in an expression stands before it: a space, a dollar sign.
    pub(super) spaced: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind<'a> {
    Number(Number),
    Op(Op),
    /// An exponent in raised digits.
    Raised(i128),
    Open,
    Close,
    Frac,
    Sqrt,
    Percent,
    /// An exclamation mark that touches a number or a parenthesis.
    Bang,
    Equal,
    /// Another relation than equality, `≈` among them.
    Relation,
    Word(&'a str),
    /// A word that counts or measures what stands before it.
    Unit(&'a str),
    /// Punctuation and whatever else ends an expression.
    Stop(char),
    /// The end of a line.
    Break,
    /// What can be part of an expression and is not understood.
    Unknown,
}

/// A number as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) value: Rational,
    /// Digits after the point.
    pub(super) decimals: u32,
    /// Dots follow it: it goes on.
    pub(super) goes_on: bool,
    /// It may not be the number that it looks like.
    pub(super) doubt: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Add,
    Sub,
    /// A dash that can be a minus or the middle of a range.
    Dash,
    Mul,
    /// The word "of" between numbers.
    Of,
    Div,
    Pow,
}

impl Kind<'_> {
    /// Whether an expression can end with it.
    pub(super) fn ends_operand(self) -> bool {
        matches!(
            self,
            Self::Number(_)
                | Self::Close
                | Self::Percent
                | Self::Bang
                | Self::Raised(_)
                | Self::Unit(_)
        )
    }

    pub(super) fn relates(self) -> bool {
        matches!(self, Self::Equal | Self::Relation)
    }
}
