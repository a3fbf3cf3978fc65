//! What an expression is worth, and how sure that is.

use super::rational::Rational;
use super::token::Number;
use super::words::same_unit;

/// The value of an expression.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value<'a> {
    pub(super) exact: Rational,
    /// Its first number.
    pub(super) first: Rational,
    /// It holds an operation, and is no bare number.
    pub(super) computed: bool,
    /// One unit in the last place of a bare number that may be rounded.
    pub(super) rounded_to: Option<Rational>,
    /// It is a percentage itself.
    percent: bool,
    /// It holds a percentage.
    pub(super) has_percent: bool,
    pub(super) unit: Unit<'a>,
    /// It can be read in another way.
    pub(super) doubt: bool,
}

/// What an expression counts or measures.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unit<'a> {
    None,
    One(&'a str),
    /// Several, or a product or quotient of them.
    Mixed,
}

impl<'a> Unit<'a> {
    pub(super) fn same(self, other: Self) -> bool {
        match (self, other) {
            (Unit::None, Unit::None) => true,
            (Unit::One(a), Unit::One(b)) => same_unit(a, b),
            _ => false,
        }
    }
}

impl<'a> Value<'a> {
    pub(super) fn literal(number: Number) -> Self {
        let fraction = number.decimals > 0 || number.goes_on;
        Self {
            exact: number.value,
            first: number.value,
            computed: false,
            rounded_to: fraction
                .then(|| Rational::unit_in_place(number.decimals))
                .flatten(),
            percent: false,
            has_percent: false,
            unit: Unit::None,
            doubt: number.doubt,
        }
    }

    /// This value after an operation on it alone.
    pub(super) fn becomes(self, exact: Option<Rational>) -> Option<Self> {
        Some(Self {
            exact: exact?,
            computed: true,
            rounded_to: None,
            percent: false,
            ..self
        })
    }

    pub(super) fn doubtful(self, doubt: bool) -> Self {
        Self {
            doubt: self.doubt || doubt,
            ..self
        }
    }

    pub(super) fn measured(self, unit: &'a str) -> Self {
        let unit = match self.unit {
            Unit::None => Unit::One(unit),
            _ => Unit::Mixed,
        };
        Self { unit, ..self }
    }

    pub(super) fn in_mixed_units(self) -> Self {
        Self {
            unit: Unit::Mixed,
            ..self
        }
    }

    pub(super) fn negated(self) -> Option<Self> {
        let exact = self.exact.neg()?;
        Some(Self { exact, ..self })
    }

    /// A percentage, which is a rounded number even when it is whole.
    pub(super) fn percent(self) -> Option<Self> {
        let last_place = self.rounded_to.unwrap_or(Rational::whole(1));
        let literal = !self.computed;
        Some(Self {
            exact: self.exact.div(Rational::HUNDRED)?,
            rounded_to: literal.then(|| last_place.div(Rational::HUNDRED)).flatten(),
            computed: true,
            percent: true,
            has_percent: true,
            ..self
        })
    }

    pub(super) fn sum(self, other: Self, exact: Option<Rational>) -> Option<Self> {
        let unit = match self.unit.same(other.unit) {
            true => self.unit,
            false => Unit::Mixed,
        };
        // To add 10% to a price means to multiply it.
        let doubt = self.percent != other.percent;
        let sum = self.with(other, exact, unit)?.doubtful(doubt);
        Some(Self {
            percent: self.percent && other.percent,
            ..sum
        })
    }

    pub(super) fn product(self, other: Self) -> Option<Self> {
        let unit = match (self.unit, other.unit) {
            (unit, Unit::None) | (Unit::None, unit) => unit,
            _ => Unit::Mixed,
        };
        self.with(other, self.exact.mul(other.exact), unit)
    }

    pub(super) fn quotient(self, other: Self) -> Option<Self> {
        let unit = match (self.unit, other.unit) {
            (unit, Unit::None) => unit,
            (Unit::One(_), Unit::One(_)) if self.unit.same(other.unit) => Unit::None,
            _ => Unit::Mixed,
        };
        self.with(other, self.exact.div(other.exact), unit)
    }

    pub(super) fn power(self, exponent: Self) -> Option<Self> {
        let unit = match (self.unit, exponent.unit) {
            (Unit::None, Unit::None) => Unit::None,
            _ => Unit::Mixed,
        };
        self.with(exponent, self.exact.pow(exponent.exact), unit)
    }

    fn with(self, other: Self, exact: Option<Rational>, unit: Unit<'a>) -> Option<Self> {
        Some(Self {
            exact: exact?,
            first: self.first,
            computed: true,
            rounded_to: None,
            percent: false,
            has_percent: self.has_percent || other.has_percent,
            unit,
            doubt: self.doubt || other.doubt,
        })
    }
}
