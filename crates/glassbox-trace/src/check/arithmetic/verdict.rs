//! Whether an equation holds, where that can be said.

use super::rational::Rational;
use super::value::{Unit, Value};

/// Two neighbours in a chain of equations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub(super) left: Value<'a>,
    pub(super) right: Value<'a>,
    /// Some expression of the chain is computed.
    pub(super) computes: bool,
    /// The chain goes on after the right one.
    pub(super) goes_on: bool,
    /// The text says that it holds.
    pub(super) asserted: bool,
}

/// Whether the two sides are equal; `None` when that cannot be said, or when nothing is computed.
pub(super) fn judge(pair: Pair<'_>) -> Option<bool> {
    let Pair { left, right, .. } = pair;
    if !pair.computes {
        return None;
    }
    if left.exact == right.exact || is_rounded(left, right) || is_rounded(right, left) {
        return Some(true);
    }
    let unsure = !pair.asserted
        || left.doubt
        || right.doubt
        || units_differ(left, right)
        || is_percent_of_the_other(left, right)
        || is_whole_part(left.exact, right.exact)
        || is_running_total(pair);
    (!unsure).then_some(false)
}

/// `2/3 = 0.67` and `2/3 = 0.66…`: less than one unit in the last place that is written.
fn is_rounded(written: Value<'_>, exact: Value<'_>) -> bool {
    let gap = written.rounded_to;
    gap.is_some_and(|gap| written.exact.is_within(exact.exact, gap))
}

/// `2 hours = 120 minutes`. A result may name the unit that its numbers left out; numbers with a
/// unit and a result without it are something else, such as `5 m = 10`.
fn units_differ(left: Value<'_>, right: Value<'_>) -> bool {
    let named_by_result = match (left.unit, right.unit) {
        (Unit::None, Unit::One(_)) => left.computed,
        _ => false,
    };
    !named_by_result && !left.unit.same(right.unit)
}

/// `3/4 * 100 = 75%`.
fn is_percent_of_the_other(left: Value<'_>, right: Value<'_>) -> bool {
    let hundredfold = |a: Rational, b: Rational| a.mul(Rational::HUNDRED) == Some(b);
    (left.has_percent || right.has_percent)
        && (hundredfold(left.exact, right.exact) || hundredfold(right.exact, left.exact))
}

/// `17 / 5 = 3`, with the remainder told elsewhere, or rounded.
fn is_whole_part(left: Rational, right: Rational) -> bool {
    left.is_whole() != right.is_whole() && left.is_within(right, Rational::whole(1))
}

/// `3 + 4 = 7 * 2 = 14` goes on computing with the last result.
fn is_running_total(pair: Pair<'_>) -> bool {
    pair.goes_on && pair.right.computed && pair.left.exact == pair.right.first
}
