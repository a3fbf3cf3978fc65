use std::ops::Range;

/// An equation as the embedded model writes them: `12 + 30 = 42`.
#[derive(Debug, PartialEq)]
pub(super) struct Written {
    /// Where it is, in bytes.
    pub(super) bytes: Range<usize>,
    /// Where its result is: a whole number.
    pub(super) result: Range<usize>,
}

/// Every equation with an operation on its left and nothing but a whole number on its right. It is
/// looked for here without the checker, which is to be measured by it.
pub(super) fn written(text: &str) -> Vec<Written> {
    let equals = text.match_indices(" = ").map(|(at, _)| at);
    equals.filter_map(|at| equation(text, at)).collect()
}

fn equation(text: &str, equals: usize) -> Option<Written> {
    let from = equals + 3;
    let after = &text[from..];
    let len = after
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(after.len());
    let rest = &after.as_bytes()[len..];
    // Not a decimal, a fraction, a unit of time, or the beginning of another expression.
    let goes_on = match rest {
        [b'.' | b'/' | b':' | b',', next, ..] => next.is_ascii_digit(),
        [b' ', b'+' | b'-' | b'*' | b'/' | b'=' | b':' | b'(', ..] => true,
        [b' ', b'r' | b'R', b' ' | b'e', ..] => true,
        [next, ..] => next.is_ascii_alphanumeric() || matches!(next, b'%' | b'='),
        [] => false,
    };
    if len == 0 || goes_on {
        return None;
    }
    let before = &text[..equals];
    let is_part = |c: char| c.is_ascii_digit() || " +-*/().".contains(c);
    let start = before.rfind(|c: char| !is_part(c)).map_or(0, |at| {
        at + before[at..].chars().next().map_or(1, char::len_utf8)
    });
    // A sentence that ended there is none of it.
    let start = before[start..]
        .rfind(". ")
        .map_or(start, |at| start + at + 2);
    let left = before[start..].trim_start();
    let operations = [" + ", " - ", " * ", " / "];
    if !operations.iter().any(|operation| left.contains(operation))
        || !left.starts_with(|c: char| c.is_ascii_digit() || c == '(')
    {
        return None;
    }
    Some(Written {
        bytes: equals - left.len()..from + len,
        result: from..from + len,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equations_are_found_where_they_are() {
        let found = |text: &str| -> Vec<String> {
            let written = written(text).into_iter();
            written.map(|w| text[w.bytes].to_owned()).collect()
        };
        for (text, expected) in [
            ("So 12 + 30 = 42.", &["12 + 30 = 42"][..]),
            (
                "Done. 4 * (3 + 1) = 16, and 7 - 2 = 5",
                &["4 * (3 + 1) = 16", "7 - 2 = 5"],
            ),
            ("x = 5", &[]),
            ("1 + 2 = 3 + 0", &[]),
            ("1 / 2 = 0.5", &[]),
            ("3 * 4 = 12 = 12", &[]),
            ("1 + 1 = 2/3", &[]),
            ("2 + 2 = 4\n", &["2 + 2 = 4"]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
