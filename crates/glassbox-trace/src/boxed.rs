//! Finds the last `\boxed{…}`.

/// The content of the last complete `\boxed{…}` or `\fbox{…}`, with nested braces, without the
/// whitespace around it.
///
/// The last one is the one that starts last, so of `\boxed{\boxed{5}}` it is the inner. A box that
/// is never closed is passed over, and so is an empty one, because `\boxed{}` is how a model quotes
/// its instructions. TeX also allows `\boxed 5`: without braces a number counts, and nothing else.
///
/// ```
/// use glassbox_trace::last_boxed;
/// assert_eq!(last_boxed(r"So \boxed{1}, no, \boxed{\frac{1}{2}}."), Some(r"\frac{1}{2}"));
/// assert_eq!(last_boxed(r"So \boxed{1"), None);
/// ```
pub fn last_boxed(text: &str) -> Option<&str> {
    last_boxed_at(text).map(|(_, content)| content)
}

/// As [`last_boxed`], with the offset of the backslash. One pass: a brace is matched with the
/// innermost open one.
pub(crate) fn last_boxed_at(text: &str) -> Option<(usize, &str)> {
    let mut best: Option<(usize, &str)> = None;
    // Boxes not yet closed: where the command starts, where its content starts, how many braces
    // were open outside it.
    let mut open: Vec<(usize, usize, usize)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => match command(&text[at..]) {
                Command::Box { len } => {
                    open.push((at, at + len, depth));
                    depth += 1;
                    at += len;
                    continue;
                }
                Command::Bare { content, end } => {
                    best = Some((at, &text[at..][content..end]));
                    at += end;
                    continue;
                }
                Command::Other { len } => {
                    at += len;
                    continue;
                }
            },
            b'{' => depth += 1,
            b'}' if depth > 0 => {
                depth -= 1;
                if let Some((start, content, _)) = open.pop_if(|(.., outside)| *outside == depth) {
                    let content = text[content..at].trim();
                    if !content.is_empty() && best.is_none_or(|(other, _)| other < start) {
                        best = Some((start, content));
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    best
}

const BOXES: [&str; 2] = ["\\boxed", "\\fbox"];

/// What a backslash starts; lengths and offsets count from it.
enum Command {
    /// A box, up to its opening brace.
    Box { len: usize },
    /// A box around a number without braces.
    Bare { content: usize, end: usize },
    /// Anything else, such as an escaped brace, to be passed over.
    Other { len: usize },
}

fn command(text: &str) -> Command {
    for name in BOXES {
        let Some(after) = text.strip_prefix(name) else {
            continue;
        };
        let content = after.trim_start_matches([' ', '\t', '\r', '\n']);
        let start = text.len() - content.len();
        if content.starts_with('{') {
            return Command::Box { len: start + 1 };
        }
        let len = number_len(content);
        if len > 0 {
            return Command::Bare {
                content: start,
                end: start + len,
            };
        }
        // The whitespace was read and can hold no backslash.
        return Command::Other { len: start };
    }
    // An escaped backslash is passed over with the one that it escapes, unless that one starts a
    // box: text that was escaped once more, as in JSON, has `\\boxed{5}`.
    let escapes = text[1..].starts_with(['\\', '{', '}'])
        && !BOXES.iter().any(|name| text[1..].starts_with(name));
    Command::Other {
        len: if escapes { 2 } else { 1 },
    }
}

/// The length of the number that a text starts with: a sign, digits, and `.`, `,` or `/` between
/// digits.
fn number_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let sign = usize::from(text.starts_with(['-', '+']));
    if !digit(sign) {
        return 0;
    }
    let mut end = sign + 1;
    while digit(end) || (bytes.get(end).is_some_and(|b| b".,/".contains(b)) && digit(end + 1)) {
        end += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::last_boxed;

    #[test]
    fn finds_the_last_complete_box() {
        for (text, answer) in [
            (r"no box", None),
            (r"\boxed{143}", Some("143")),
            (r"\boxed{1} then \boxed{2}", Some("2")),
            (r"\boxed{\frac{1}{2}}", Some(r"\frac{1}{2}")),
            (r"\boxed{ x }", Some("x")),
            (r"\boxed {7}", Some("7")),
            (r"\fbox{8}", Some("8")),
            // Sets: escaped braces neither open nor close.
            (r"\boxed{\{1, 2\}}", Some(r"\{1, 2\}")),
            (r"\boxed{\{1}", Some(r"\{1")),
            (r"\boxed{a \\ {b}}", Some(r"a \\ {b}")),
            // Nested, unclosed, empty.
            (r"\boxed{\boxed{5}}", Some("5")),
            (r"\boxed{a \boxed{b}", Some("b")),
            (r"\boxed{1} and \boxed{2", Some("1")),
            (r"\boxed{1} and \boxed{ {2 }", Some("1")),
            (r"put it in \boxed{}", None),
            (r"\boxed{3}, as \boxed{} asks", Some("3")),
            (r"\boxed{", None),
            (r"\boxed", None),
            // Strays outside.
            (r"} } \boxed{4} }", Some("4")),
            (r"{ { \boxed{4}", Some("4")),
            // Without braces: numbers only.
            (r"$\boxed 5$", Some("5")),
            (r"\boxed5.", Some("5")),
            (r"\boxed -1,234.5/6, or", Some("-1,234.5/6")),
            (r"the \boxed format", None),
            (r"\boxedx{5}", None),
            (r"\boxed \boxed{6}", Some("6")),
            // Escaped once more.
            (r"\\boxed{9}", Some("9")),
            ("\\boxed{é\\", None),
        ] {
            assert_eq!(last_boxed(text), answer, "{text}");
        }
    }

    #[test]
    fn many_unclosed_boxes_are_read_once() {
        let text = r"\boxed{".repeat(100_000) + "5}";
        assert_eq!(last_boxed(&text), Some("5"));
    }
}
