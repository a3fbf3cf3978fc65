//! Numbers as prose and LaTeX write them.

use super::rational::Rational;
use super::token::Number;

/// More digits than this are not read.
const MAX_DIGITS: usize = 30;

/// What may stand between thousands.
const SEPARATORS: [&str; 4] = ["{,}", ",\\!", ",", "\\,"];

/// Reads the number that a text starts with, and its length; `None` for digits that are no number
/// for sure, such as `1,2` or `1.2.3`.
pub(super) fn number(text: &str) -> (Option<Number>, usize) {
    let mut digits = String::new();
    let mut at = take_digits(text, &mut digits);
    let first = digits.len();
    while let Some(len) = thousands(&text[at..]).filter(|_| (1..=3).contains(&first)) {
        digits.push_str(&text[at + len - 3..at + len]);
        at += len;
    }
    let whole = digits.len();
    let mut sure = true;
    if starts_decimals(&text[at..]) {
        at += 1;
        at += take_digits(&text[at..], &mut digits);
    }
    // `1,2` and `1.2.3`; `0.\overline{3}` and `0.(3)`.
    loop {
        let rest = &text[at..];
        let digit_follows = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
        let len = match rest.as_bytes() {
            [b'.' | b',', ..] if digit_follows(&rest[1..]) => 1,
            [b'.', b'\\' | b'(', ..] => 1,
            _ => break,
        };
        sure = false;
        at += len + take_digits(&rest[len..], &mut String::new());
    }
    let dots = ["...", "…", "\\ldots", "\\dots", "\\cdots"];
    let dots = dots.iter().find(|dots| text[at..].starts_with(**dots));
    at += dots.map_or(0, |dots| dots.len());

    let decimals = digits.len() - whole;
    let value = (sure && digits.len() <= MAX_DIGITS)
        .then(|| Rational::new(digits.parse().ok()?, 10i128.checked_pow(decimals as u32)?))
        .flatten();
    let number = value.map(|value| Number {
        value,
        decimals: decimals as u32,
        goes_on: dots.is_some(),
        doubt: whole > 1 && digits.starts_with('0'),
    });
    (number, at)
}

fn take_digits(text: &str, digits: &mut String) -> usize {
    let len = text.bytes().take_while(u8::is_ascii_digit).count();
    digits.push_str(&text[..len]);
    len
}

fn starts_decimals(text: &str) -> bool {
    matches!(text.as_bytes(), [b'.', b'0'..=b'9', ..])
}

/// The length of a separator and the three digits after it.
fn thousands(text: &str) -> Option<usize> {
    SEPARATORS.iter().find_map(|separator| {
        let rest = text.strip_prefix(separator)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        (digits == 3).then_some(separator.len() + 3)
    })
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn reads_what_is_a_number_for_sure() {
        for (text, value, len) in [
            ("12 + 3", Some("12"), 2),
            ("1,234,567.", Some("1234567"), 9),
            ("1{,}234", Some("1234"), 7),
            ("10\\,000", Some("10000"), 7),
            ("10,\\!000", Some("10000"), 8),
            ("3.50", Some("3.5"), 4),
            (".5", Some("0.5"), 2),
            ("5. So", Some("5"), 1),
            ("5, 6", Some("5"), 1),
            ("0.333...", Some("0.333"), 8),
            ("1,2", None, 3),
            ("1,2345", None, 6),
            ("1234,567", None, 8),
            ("1.2.3", None, 5),
            ("0.\\overline{3}", None, 2),
            ("0.(3)", None, 2),
            ("9999999999999999999999999999999", None, 31),
        ] {
            let (got, got_len) = number(text);
            let got = got.map(|number| number.value.to_string());
            assert_eq!((got.as_deref(), got_len), (value, len), "{text}");
        }
    }
}
