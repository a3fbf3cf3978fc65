//! Whether two final answers are the same.

use crate::check::value;
use std::borrow::Cow;

/// Whether two answers, such as the contents of two `\boxed{…}`, are the same but for how they are
/// written.
///
/// What does not count: spaces, `$`, `\left` and `\right`, TeX's spaces, a full stop at the end, a
/// leading `+`, commas between thousands, zeros that add nothing to a number (`0.50`, `.5`, `007`),
/// how a fraction is spelled (`\frac{1}{2}`, `\dfrac12`, `1/2`), `\text{…}` around words, and a
/// unit after a number: a `\text{…}`, a percent or a degree sign. So `5\text{ cm}` and
/// `5\text{ m}` are the same.
///
/// It compares how answers are written, not what they are worth: `2/4` is not `1/2`, `0.5` is not
/// `1/2`, `x+1` is not `1+x`, and `x=5` is not `5`. A comma counts as one between thousands when
/// the whole answer is one number: `1,234` is `1234`, and `(1,234)` is a pair.
///
/// An answer above 2,000 bytes has to be the same to the byte.
///
/// ```
/// use glassbox_trace::same_answer;
/// assert!(same_answer(r"\dfrac{1}{2}", "1/2"));
/// assert!(same_answer(r"\$1{,}234.50", "1,234.5"));
/// assert!(!same_answer("2/4", "1/2"));
/// ```
pub fn same_answer(a: &str, b: &str) -> bool {
    // Fractions within fractions are read by recursion, which the length bounds.
    let short = a.len().max(b.len()) <= LONGEST;
    a == b || (short && normal(a) == normal(b))
}

/// Whether two answers are the same, or the same number: what [`same_answer`] says, and `2/4` is
/// `1/2`, and both are `0.5` and `50/100`. Values are exact; nothing is rounded.
///
/// ```
/// use glassbox_trace::equal_answers;
/// assert!(equal_answers(r"\frac{2}{4}", "0.5"));
/// assert!(!equal_answers("0.333", "1/3"));
/// ```
pub fn equal_answers(a: &str, b: &str) -> bool {
    let short = a.len().max(b.len()) <= LONGEST;
    same_answer(a, b) || (short && value(a).is_some_and(|a| Some(a) == value(b)))
}

/// The longest answer, in bytes, that is looked into.
const LONGEST: usize = 2000;

/// What takes no room in an answer, besides spaces.
const NOTHING: [&str; 11] = [
    "\\left", "\\right", "\\(", "\\)", "\\!", "\\,", "\\;", "\\:", "\\$", "$", "{}",
];

fn normal(answer: &str) -> String {
    let mut text = answer
        .replace("{,}", ",")
        .replace("\\ ", " ")
        .replace('~', " ");
    for nothing in NOTHING {
        text = remove(&text, nothing);
    }
    let text = text.trim();
    let text = text.strip_suffix('.').unwrap_or(text).trim_end();
    let text = fractions(without_units(&words(text)));
    let text = spaces(&text);
    number(text.strip_prefix('+').unwrap_or(&text)).into_owned()
}

/// `text` without a command, which must not be the beginning of a longer one: `\leftarrow` stays.
fn remove(text: &str, command: &str) -> String {
    let letter = |c: char| c.is_ascii_alphabetic();
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(command) {
        let after = &rest[at + command.len()..];
        kept.push_str(&rest[..at]);
        if command.ends_with(letter) && after.starts_with(letter) {
            kept.push_str(command);
        }
        rest = after;
    }
    kept + rest
}

/// Reads commands: `each` gets the text from a backslash on and what was written before it; it
/// writes something else and gives what is left to read, or `None` for a command that stays.
fn rewrite<'a>(text: &'a str, each: impl Fn(&'a str, &mut String) -> Option<&'a str>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = each(&rest[at..], &mut out).unwrap_or_else(|| {
            out.push('\\');
            &rest[at + 1..]
        });
    }
    out + rest
}

/// Unwraps `\text{…}`. After a digit it is a unit and goes; elsewhere it is words and they stay.
fn words(text: &str) -> String {
    let names = ["\\textbf", "\\textit", "\\text", "\\mathrm", "\\mbox"];
    rewrite(text, |rest, out| {
        let inner = names
            .iter()
            .find_map(|name| group(rest.strip_prefix(name)?));
        let (inner, after) = inner?;
        if !out.trim_end().ends_with(|c: char| c.is_ascii_digit()) {
            out.push_str(inner.trim());
        }
        Some(after)
    })
}

/// The content of the braces that a text starts with, and what follows them.
fn group(text: &str) -> Option<(&str, &str)> {
    let inner = text.trim_start().strip_prefix('{')?;
    let mut depth = 0usize;
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some((&inner[..at], &inner[at + 1..])),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn without_units(text: &str) -> &str {
    let units = ["\\%", "%", "^\\circ", "^{\\circ}", "°"];
    let cut = units.iter().find_map(|unit| text.strip_suffix(unit));
    match cut.map(str::trim_end) {
        Some(cut) if cut.ends_with(|c: char| c.is_ascii_digit()) => cut,
        _ => text,
    }
}

/// `a/b` for TeX's fractions, with parentheses around what is longer than a name or a number.
///
/// A whole number before one stays apart, so that `3\frac12` is not 31 halves.
fn fractions(text: &str) -> String {
    let names = ["\\frac", "\\dfrac", "\\tfrac", "\\cfrac"];
    rewrite(text, |rest, out| {
        let terms = names.iter().find_map(|name| rest.strip_prefix(name));
        let (above, after) = argument(terms?)?;
        let (below, after) = argument(after)?;
        if out.ends_with(|c: char| c.is_ascii_digit()) {
            out.push(' ');
        }
        out.push_str(&format!("{}/{}", term(above), term(below)));
        Some(after)
    })
}

/// What a command takes: the content of braces, or one letter or digit.
fn argument(text: &str) -> Option<(&str, &str)> {
    if let Some(found) = group(text) {
        return Some(found);
    }
    let text = text.trim_start();
    let first = text.chars().next().filter(|c| c.is_ascii_alphanumeric())?;
    Some(text.split_at(first.len_utf8()))
}

fn term(text: &str) -> String {
    let text = fractions(text.trim());
    let name = text.strip_prefix('-').unwrap_or(&text);
    match name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || ".\\".contains(c))
    {
        true => text,
        false => format!("({text})"),
    }
}

/// Without spaces, but for those that keep two numbers apart.
fn spaces(text: &str) -> String {
    let mut out = String::new();
    for word in text.split_whitespace() {
        let digit = |c: char| c.is_ascii_digit();
        if out.ends_with(digit) && word.starts_with(digit) {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// A number without commas between its thousands and without zeros that add nothing; any other
/// text as it is.
fn number(text: &str) -> Cow<'_, str> {
    let (sign, size) = match text.strip_prefix('-') {
        Some(size) => ("-", size),
        None => ("", text),
    };
    let (whole, part) = size.split_once('.').unwrap_or((size, ""));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let thousands = groups.all(|group| group.len() == 3 && is_number(group))
        && (!whole.contains(',') || (1..=3).contains(&first.len()));
    let empty = whole.is_empty() && part.is_empty();
    if empty || !is_number(first) || !thousands || !is_number(part) {
        return Cow::Borrowed(text);
    }
    let whole = whole.replace(',', "");
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    Cow::Owned(match part.trim_end_matches('0') {
        "" if whole == "0" => whole.to_owned(),
        "" => format!("{sign}{whole}"),
        part => format!("{sign}{whole}.{part}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_count() {
        for (a, b) in [
            ("1692", " 1692. "),
            ("+7", "7"),
            ("$12$", "12"),
            (r"\$12", "12"),
            ("1,234,567", "1234567"),
            (r"1{,}234", "1234"),
            (r"10\,000", "10000"),
            (r"10,\!000", "10000"),
            ("0.50", ".5"),
            ("-0", "0"),
            ("007", "7"),
            (r"\frac{1}{2}", "1/2"),
            (r"\dfrac 12", r"\tfrac{1}{2}"),
            (r"-\frac{3}{4}", r"\frac{-3}{4}"),
            (r"\frac{x+1}{2}", "(x + 1)/2"),
            (r"\frac{\frac12}{3}", "(1/2)/3"),
            (r"3\frac{1}{2}", "3 1/2"),
            (r"\left( 3, \frac{\pi}{2} \right)", r"(3,\dfrac{\pi}{2})"),
            (r"\text{Evelyn}", "Evelyn"),
            (r"\text{(C)}", "(C)"),
            (r"12\text{ cm}", "12"),
            (r"12 \mathrm{cm}", "12"),
            (r"50\%", "50"),
            (r"90^\circ", "90°"),
            (r"\(5\)", "5"),
            (r"\frac{\pi}{2}", r"\pi/2"),
        ] {
            assert!(
                same_answer(a, b),
                "{a} | {b}: {} | {}",
                normal(a),
                normal(b)
            );
            assert!(same_answer(b, a), "{b} | {a}");
        }
    }

    #[test]
    fn what_counts() {
        for (a, b) in [
            ("12", "13"),
            ("12", "-12"),
            ("-1.5", "1.5"),
            ("2/4", "1/2"),
            ("0.5", "1/2"),
            ("x+1", "1+x"),
            ("x=5", "5"),
            ("(1,234)", "(1234)"),
            ("1,2", "12"),
            ("1,2345", "12345"),
            ("1234,567", "1234567"),
            (r"3\frac{1}{2}", "31/2"),
            ("3 1/2", "31/2"),
            (r"\leftarrow", "arrow"),
            (r"x\text{ is odd}", "x"),
            ("", "0"),
            ("-", "0"),
            ("5 cm", "5"),
        ] {
            assert!(
                !same_answer(a, b),
                "{a} | {b}: {} | {}",
                normal(a),
                normal(b)
            );
        }
    }

    #[test]
    fn what_is_worth_the_same() {
        for (a, b) in [
            ("2/4", "1/2"),
            ("0.5", r"\frac{1}{2}"),
            ("-0.25", r"-\dfrac14"),
            (r"\text{Tom}", "Tom"),
            ("3 + 4", "7"),
        ] {
            assert!(!same_answer(a, b) || a.contains("Tom"), "{a} | {b}");
            assert!(equal_answers(a, b) && equal_answers(b, a), "{a} | {b}");
        }
        for (a, b) in [
            ("0.33", "1/3"),
            ("1/2", "x"),
            ("x", "y"),
            ("", "0"),
            ("(1,2)", "(2,1)"),
        ] {
            assert!(!equal_answers(a, b) && !equal_answers(b, a), "{a} | {b}");
        }
        let deep = "(".repeat(100_000) + "1" + &")".repeat(100_000);
        assert!(!equal_answers(&deep, "1"));
    }

    #[test]
    fn anything_can_be_compared() {
        for text in [
            "\\",
            "\\frac{",
            "\\frac{1}",
            "\\text{",
            "{",
            "é\\frac é",
            "+",
        ] {
            assert!(same_answer(text, text), "{text}");
        }
        for n in [100, 100_000] {
            let deep = r"\frac{".repeat(n) + &"}{1}".repeat(n);
            assert!(same_answer(&deep, &deep));
            assert!(!same_answer(&deep, "1"));
        }
    }
}
