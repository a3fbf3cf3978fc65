/// The code of a Rust file: comments and the insides of strings and characters become spaces, and
/// every line keeps its place.
///
/// It is a lexer for what the rules need. It knows nested comments, raw strings, escapes, and a
/// lifetime from a character.
pub(crate) fn code_only(text: &str) -> String {
    let mut rest = text;
    let mut code = String::with_capacity(text.len());
    let mut last = ' ';
    while let Some(c) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            blank(&mut code, &rest[..line_length(rest)])
        } else if rest.starts_with("/*") {
            blank(&mut code, &rest[..comment_length(rest)])
        } else if let Some(length) = string_length(rest, last) {
            blank(&mut code, &rest[..length])
        } else {
            code.push(c);
            c.len_utf8()
        };
        last = rest[..length].chars().next_back().unwrap_or(' ');
        rest = &rest[length..];
    }
    code
}

/// The identifiers and keywords of a line of code.
pub(crate) fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !is_word(c)).filter(|w| !w.is_empty())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Writes `removed` as spaces and line ends, and returns its length.
fn blank(code: &mut String, removed: &str) -> usize {
    code.extend(removed.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
    removed.len()
}

fn line_length(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

fn comment_length(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of the string or character that `text` starts with, if it starts with one.
/// `last` is the character before it: `bar"` is no raw string after an identifier.
fn string_length(text: &str, last: char) -> Option<usize> {
    if text.starts_with('"') {
        return Some(quoted_length(text, '"'));
    }
    if text.starts_with('\'') {
        return is_character(text).then(|| quoted_length(text, '\''));
    }
    if is_word(last) {
        return None;
    }
    let after_prefix = text.trim_start_matches(['b', 'c']);
    let raw = after_prefix.strip_prefix('r')?;
    let hashes = raw.len() - raw.trim_start_matches('#').len();
    if !raw[hashes..].starts_with('"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let inside = text.len() - raw.len() + hashes + 1;
    let length = text[inside..].find(&end).map(|at| inside + at + end.len());
    Some(length.unwrap_or(text.len()))
}

/// Whether a quote starts a character and not a lifetime: `'a'` and `'\n'`, not `'a`.
fn is_character(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    match chars.next() {
        Some('\\') => true,
        Some(_) => chars.next() == Some('\''),
        None => false,
    }
}

/// The length of a string or character with escapes, its quotes included.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_no_code() {
        let cases = [
            ("a // b", "a     "),
            ("a /* b /* c */ d */ e", "a                   e"),
            ("f(\"unsafe\\\" x\") y", "f(            ) y"),
            ("r#\"a \" b\"# c", "           c"),
            ("br\"x\" c", "      c"),
            ("'\"' + '\\'' + 'a", "    +      + 'a"),
            ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
            ("\"x\ny\" z", "  \n   z"),
            ("bar\"x\"", "bar   "),
            ("/* never closed", "               "),
        ];
        for (text, expected) in cases {
            assert_eq!(code_only(text), expected, "{text}");
        }
    }

    #[test]
    fn words_are_whole() {
        let line = "#![forbid(unsafe_code)] unsafe { x }";
        let words: Vec<_> = words(line).collect();
        assert_eq!(words, ["forbid", "unsafe_code", "unsafe", "x"]);
    }
}
