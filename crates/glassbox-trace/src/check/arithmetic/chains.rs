//! Finds the equations of a text: where their sides begin and end in the prose around them.

use super::lexer::lex;
use super::parser::parse;
use super::rational::Rational;
use super::token::{Kind, Op, Token};
use super::value::Value;
use super::verdict::{Pair, judge};
use super::words::{is_foreign, may_touch, modifies, names_expression, unasserts};
use std::ops::Range;

/// An equation whose both sides are understood, and which certainly holds or certainly does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) left: Side<'a>,
    pub(super) right: Side<'a>,
    pub(super) holds: bool,
}

/// One side of an equation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side<'a> {
    pub(super) value: Value<'a>,
    /// Its bytes in the text.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The equations of a text, in their order.
pub(super) fn equations(text: &str) -> Vec<Found<'_>> {
    let mut tokens = lex(text);
    join_of(&mut tokens);
    // A text about residues, or in another base than ten, has other equations.
    let word = |token: &Token<'_>| match token.kind {
        Kind::Word(word) | Kind::Unit(word) => is_foreign(word),
        _ => false,
    };
    let foreign = text.contains(['≡', '⊕'])
        || text.contains("\\equiv")
        || tokens.iter().any(word)
        || tokens.windows(2).any(|pair| {
            matches!(pair, [Token { kind: Kind::Word(word), .. }, Token { kind: Kind::Number(_), .. }]
                if word.eq_ignore_ascii_case("base"))
        });
    let mut found = Vec::new();
    let mut start = 0;
    while start < tokens.len() {
        let ends = |token: &Token<'_>| matches!(token.kind, Kind::Stop(_) | Kind::Break);
        let len = tokens[start..].iter().position(ends);
        let end = len.map_or(tokens.len(), |len| start + len);
        let asserted = !foreign && is_asserted(&tokens, start..end);
        clause(
            &tokens[skip_label(&tokens, start..end)..end],
            asserted,
            &mut found,
        );
        start = end + 1;
    }
    found
}

/// What a text is worth that is one expression and nothing else, such as an answer.
pub(crate) fn value(text: &str) -> Option<Rational> {
    let tokens = lex(text);
    let (value, len) = parse(&tokens)?;
    (len == tokens.len()).then_some(value.exact)
}

/// The numbers that stand in a text, fractions among them, and the values of its equations.
pub(crate) fn numbers(text: &str) -> Vec<Rational> {
    let tokens = lex(text);
    let mut numbers = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if let Kind::Number(number) = token.kind {
            numbers.push(number.value);
            numbers.extend(number.value.neg());
        }
        // A fraction with its sign and its percent sign has at most ten tokens.
        if matches!(token.kind, Kind::Number(_) | Kind::Frac | Kind::Op(Op::Sub)) {
            for end in at + 2..=tokens.len().min(at + 10) {
                let value = parse(&tokens[at..end]).filter(|(_, len)| at + len == end);
                numbers.extend(value.map(|(value, _)| value.exact));
            }
        }
    }
    for found in equations(text) {
        numbers.extend([found.left.value.exact, found.right.value.exact]);
    }
    numbers
}

/// "50% of 80" and "3/4 of 20" are products.
fn join_of(tokens: &mut [Token<'_>]) {
    for at in 1..tokens.len().saturating_sub(1) {
        let joins = tokens[at - 1].kind.ends_operand()
            && tokens[at].kind == Kind::Word("of")
            && matches!(
                tokens[at + 1].kind,
                Kind::Number(_) | Kind::Open | Kind::Frac
            );
        if joins {
            tokens[at].kind = Kind::Op(Op::Of);
        }
    }
}

/// `(1)` or `(a)` before an expression numbers it.
fn skip_label(tokens: &[Token<'_>], clause: Range<usize>) -> usize {
    let kinds = |at: usize| tokens[clause.clone()].get(at);
    let label = |token: &Token<'_>| matches!(token.kind, Kind::Number(_) | Kind::Word(_));
    let number =
        |token: &Token<'_>| token.spaced && matches!(token.kind, Kind::Number(_) | Kind::Frac);
    let is_label = kinds(0).is_some_and(|token| token.kind == Kind::Open)
        && kinds(1).is_some_and(label)
        && kinds(2).is_some_and(|token| token.kind == Kind::Close)
        && kinds(3).is_some_and(number);
    clause.start + if is_label { 3 } else { 0 }
}

/// Whether a clause says that its equations hold, rather than asking, supposing or denying it.
fn is_asserted(tokens: &[Token<'_>], clause: Range<usize>) -> bool {
    /// How many tokens after a comma are looked at: ", which is wrong".
    const AFTER: usize = 5;
    let denies =
        |token: &Token<'_>| matches!(token.kind, Kind::Word(w) | Kind::Unit(w) if unasserts(w));
    let stop = tokens.get(clause.end).map(|token| token.kind);
    let asked = matches!(stop, Some(Kind::Stop('?' | '？')));
    let after = tokens.get(clause.end + 1..).unwrap_or_default();
    let after = match stop {
        Some(Kind::Stop(',' | '，' | ';' | '—')) => after,
        _ => &[],
    };
    let ends = |token: &&Token<'_>| !matches!(token.kind, Kind::Stop(_) | Kind::Break);
    !asked
        && !tokens[clause].iter().any(denies)
        && !after.iter().take(AFTER).take_while(ends).any(denies)
}

/// The equations of a stretch without a stop in it.
fn clause<'a>(tokens: &[Token<'a>], asserted: bool, found: &mut Vec<Found<'a>>) {
    let sides: Vec<&[Token<'a>]> = tokens.split(|token| token.kind.relates()).collect();
    if sides.len() < 2 {
        return;
    }
    let relations = tokens.iter().filter(|token| token.kind.relates());
    let lefts: Vec<_> = sides.iter().map(|side| suffix(side)).collect();
    let rights: Vec<_> = sides.iter().map(|side| prefix(side)).collect();
    let computed = |side: &Option<Side<'a>>| side.is_some_and(|side| side.value.computed);
    let computes = lefts.iter().chain(&rights).any(computed);
    for (at, relation) in relations.enumerate() {
        let (Some(left), Some(right)) = (lefts[at], rights[at + 1]) else {
            continue;
        };
        let pair = Pair {
            left: left.value,
            right: right.value,
            computes,
            goes_on: at + 2 < sides.len(),
            asserted,
        };
        if relation.kind == Kind::Equal
            && let Some(holds) = judge(pair)
        {
            found.push(Found { left, right, holds });
        }
    }
}

fn side<'a>(tokens: &[Token<'a>], value: Value<'a>) -> Option<Side<'a>> {
    Some(Side {
        value,
        start: tokens.first()?.start,
        end: tokens.last()?.end,
    })
}

/// The expression that a side ends with.
fn suffix<'a>(tokens: &[Token<'a>]) -> Option<Side<'a>> {
    let mut depth = 0usize;
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate().rev() {
        match token.kind {
            Kind::Close => depth += 1,
            Kind::Open if depth > 0 => depth -= 1,
            Kind::Open | Kind::Word(_) if depth == 0 => {
                start = at + 1;
                break;
            }
            _ => {}
        }
    }
    let (before, run) = tokens.split_at(start);
    let first = run.first()?;
    if !before.is_empty() && !is_prose(before, first.spaced) {
        return None;
    }
    if let Kind::Op(_) = first.kind {
        // A sign touches its number and nothing before it.
        let ends = |token: &Token<'_>| match token.kind {
            Kind::Word(word) => may_touch(word),
            kind => kind == Kind::Open,
        };
        let apart = first.spaced || before.last().is_some_and(ends);
        let sign = apart && run.get(1).is_some_and(|token| !token.spaced);
        if !sign {
            return None;
        }
    }
    let (value, len) = parse(run)?;
    (len == run.len()).then(|| side(run, value)).flatten()
}

/// Whether what stands before an expression is no part of it.
fn is_prose(before: &[Token<'_>], spaced: bool) -> bool {
    let [rest @ .., last] = before else {
        return true;
    };
    let previous = rest.last().map(|token| token.kind);
    match last.kind {
        Kind::Word(word) => {
            let names = match previous {
                Some(Kind::Word(name)) => word == "of" && names_expression(name),
                _ => false,
            };
            let operand = matches!(
                previous,
                Some(Kind::Op(_) | Kind::Unknown | Kind::Raised(_) | Kind::Frac | Kind::Sqrt)
            );
            (spaced || may_touch(word)) && !operand && (names || !modifies(word))
        }
        Kind::Open => match previous {
            None => true,
            Some(Kind::Word(word)) => last.spaced && !modifies(word),
            _ => false,
        },
        _ => false,
    }
}

/// The expression that a side begins with.
fn prefix<'a>(tokens: &[Token<'a>]) -> Option<Side<'a>> {
    let (value, len) = parse(tokens)?;
    let (run, rest) = tokens.split_at(len);
    let value = match rest {
        [] => value,
        [next, after @ ..] => match next.kind {
            Kind::Word(word) => {
                let article = next.spaced && matches!(word, "a" | "I");
                let ends = (next.spaced || may_touch(word)) && (article || !modifies(word));
                if !ends {
                    return None;
                }
                value.doubtful(word == "and" && opens_fraction(after))
            }
            Kind::Close => value,
            Kind::Open if next.spaced => value,
            _ => return None,
        },
    };
    side(run, value)
}

/// "3 and 1/2", "3 and a half".
fn opens_fraction(tokens: &[Token<'_>]) -> bool {
    match tokens {
        [
            Token {
                kind: Kind::Frac, ..
            },
            ..,
        ] => true,
        [
            Token {
                kind: Kind::Number(_),
                ..
            },
            Token {
                kind: Kind::Op(Op::Div),
                ..
            },
            ..,
        ] => true,
        [
            Token {
                kind: Kind::Word(_),
                ..
            },
            Token {
                kind: Kind::Word(word),
                ..
            },
            ..,
        ] => modifies(word),
        _ => false,
    }
}
