//! Reads an expression and computes it on the way.
//!
//! ```text
//! sum      = product (("+" | "-") product)*
//! product  = signed (("*" | "/") signed | group)*
//! signed   = "-" signed | power
//! power    = postfix ("^" exponent)?
//! exponent = "-"? power
//! postfix  = primary ("!" | "%" | raised | unit)*
//! primary  = number | group | \frac part part | \sqrt part
//! ```
//!
//! Whatever can be read in two ways is in doubt, and what cannot be read at all has no value.

use super::rational::Rational;
use super::token::{Kind, Op, Token};
use super::value::Value;

/// How deep groups may stand in each other.
const MAX_DEPTH: usize = 40;

/// The value of the longest expression at the start of `tokens`, and how many tokens it has.
pub(super) fn parse<'a>(tokens: &[Token<'a>]) -> Option<(Value<'a>, usize)> {
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
    };
    let value = parser.sum()?;
    Some((value, parser.at))
}

struct Parser<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
    depth: usize,
}

impl<'a> Parser<'_, 'a> {
    fn peek(&self) -> Option<Kind<'a>> {
        self.tokens.get(self.at).map(|token| token.kind)
    }

    fn is_spaced(&self) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.spaced)
    }

    fn last(&self) -> Option<Kind<'a>> {
        Some(self.tokens.get(self.at.checked_sub(1)?)?.kind)
    }

    fn sum(&mut self) -> Option<Value<'a>> {
        let mut value = self.product()?;
        while let Some(Kind::Op(op @ (Op::Add | Op::Sub | Op::Dash))) = self.peek() {
            self.at += 1;
            let other = self.product()?;
            let exact = match op {
                Op::Add => value.exact.add(other.exact),
                _ => value.exact.sub(other.exact),
            };
            value = value.sum(other, exact)?.doubtful(op == Op::Dash);
        }
        Some(value)
    }

    fn product(&mut self) -> Option<Value<'a>> {
        let mut value = self.signed()?;
        let mut divided = false;
        loop {
            match self.peek() {
                Some(Kind::Op(Op::Mul)) => {
                    self.at += 1;
                    let other = self.signed()?;
                    value = value.product(other)?;
                }
                Some(Kind::Op(Op::Of)) => {
                    let doubt = self.last() != Some(Kind::Percent);
                    self.at += 1;
                    let other = self.signed()?;
                    value = value.product(other)?.doubtful(doubt);
                }
                Some(Kind::Op(Op::Div)) => {
                    self.at += 1;
                    let other = self.signed()?;
                    value = value.quotient(other)?;
                    divided = true;
                }
                // `2(3)` is a product; `8 (2)` may be one, and `1/2(3)` is either of two.
                Some(Kind::Open) => {
                    let before = (self.at, self.depth);
                    let doubt = self.is_spaced() || divided || value.rounded_to.is_some();
                    let Some(other) = self.power() else {
                        (self.at, self.depth) = before;
                        return Some(value);
                    };
                    value = value.product(other)?.doubtful(doubt);
                }
                _ => return Some(value),
            }
        }
    }

    fn signed(&mut self) -> Option<Value<'a>> {
        let Some(Kind::Op(Op::Sub | Op::Dash)) = self.peek() else {
            return self.power();
        };
        self.at += 1;
        let from = self.at;
        let value = self.power()?;
        // `-2^2` is -4 to most, and 4 to some.
        let power = self.tokens[from..self.at]
            .iter()
            .any(|token| matches!(token.kind, Kind::Op(Op::Pow) | Kind::Raised(_)));
        Some(value.negated()?.doubtful(power))
    }

    fn power(&mut self) -> Option<Value<'a>> {
        let base = self.postfix()?;
        if self.peek() != Some(Kind::Op(Op::Pow)) {
            return Some(base);
        }
        self.at += 1;
        let negative = self.peek() == Some(Kind::Op(Op::Sub));
        self.at += usize::from(negative);
        let mut exponent = self.postfix()?;
        if negative {
            exponent = exponent.negated()?;
        }
        // Towers of powers are read from either end.
        match self.peek() {
            Some(Kind::Op(Op::Pow)) => None,
            _ => base.power(exponent),
        }
    }

    fn postfix(&mut self) -> Option<Value<'a>> {
        let mut value = self.primary()?;
        while let Some(kind) = self.peek() {
            value = match kind {
                // It may be an exclamation.
                Kind::Bang => value.becomes(value.exact.factorial())?.doubtful(true),
                Kind::Percent => value.percent()?,
                Kind::Raised(exponent) => {
                    value.becomes(value.exact.pow(Rational::whole(exponent)))?
                }
                Kind::Unit(unit) => {
                    self.at += 1;
                    value = self.unit(value, unit)?;
                    continue;
                }
                _ => break,
            };
            self.at += 1;
        }
        Some(value)
    }

    /// A unit, perhaps with a power of its own.
    fn unit(&mut self, value: Value<'a>, unit: &'a str) -> Option<Value<'a>> {
        let value = value.measured(unit);
        let power = value.in_mixed_units();
        match self.peek() {
            Some(Kind::Raised(_)) => {
                self.at += 1;
                Some(power)
            }
            Some(Kind::Op(Op::Pow)) => {
                self.at += 1;
                self.primary()?;
                Some(power)
            }
            _ => Some(value),
        }
    }

    fn primary(&mut self) -> Option<Value<'a>> {
        let kind = self.peek()?;
        match kind {
            Kind::Number(number) => {
                self.at += 1;
                Some(Value::literal(number))
            }
            Kind::Open => self.group(),
            Kind::Frac => {
                self.at += 1;
                let above = self.part()?;
                let below = self.part()?;
                above.quotient(below)
            }
            Kind::Sqrt => {
                self.at += 1;
                let square = self.part()?;
                square.becomes(square.exact.sqrt())
            }
            _ => None,
        }
    }

    /// What a command of LaTeX takes.
    fn part(&mut self) -> Option<Value<'a>> {
        match self.peek()? {
            Kind::Number(number) => {
                self.at += 1;
                Some(Value::literal(number))
            }
            Kind::Open => self.group(),
            _ => None,
        }
    }

    fn group(&mut self) -> Option<Value<'a>> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        self.at += 1;
        let value = self.sum()?;
        if self.peek() != Some(Kind::Close) {
            return None;
        }
        self.at += 1;
        self.depth -= 1;
        Some(value)
    }
}
