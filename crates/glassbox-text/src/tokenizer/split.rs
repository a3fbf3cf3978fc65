//! Pre-tokenization: text is cut into pieces before byte-pair merges see it.
//!
//! The published expressions end in `|\s+(?!\S)|\s+`: of a run of blanks, all but the last, so that the last can join
//! the word that follows. A look-ahead needs a backtracking engine, whose step limit a long run of blanks exceeds (and
//! `tokenizers` then leaves the rest of the text in one piece, silently). So the look-ahead is taken out: the
//! expression is run with a plain `\s+` at its end by the linear engine, and the last blank is given back here.

use crate::error::{TextError, excerpt};
use std::ops::Range;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::tokenizer::SplitDelimiterBehavior;

const LOOK_AHEAD: &str = r"|\s+(?!\S)|\s+";

/// Qwen2 and Qwen2.5, and the R1 distills made of them.
pub(crate) const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Llama 3: as Qwen2, but up to three digits stay together.
pub(crate) const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// GPT-2, which is also what `ByteLevel` with `use_regex` runs.
pub(crate) const GPT2: &str =
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
/// DeepSeek-LLM, in order: line breaks, letters with case, punctuation, blanks at the end, CJK and Hangul.
///
/// Escaped, because an editor that normalizes Unicode turns U+2126 (ohm) into U+03A9 (omega) and so the ranges into others.
pub(crate) const DEEPSEEK_LLM: [&str; 5] = [
    r"[\r\n]",
    "\\s?[A-Za-z\u{b5}\u{c0}-\u{d6}\u{d8}-\u{f6}\u{f8}-\u{1ba}\u{1bc}-\u{1bf}\u{1c4}-\u{293}\u{295}-\
     \u{2af}\u{370}-\u{373}\u{376}\u{377}\u{37b}-\u{37d}\u{37f}\u{386}\u{388}-\u{38a}\u{38c}\u{38e}-\
     \u{3a1}\u{3a3}-\u{3f5}\u{3f7}-\u{481}\u{48a}-\u{52f}\u{531}-\u{556}\u{10a0}-\u{10c5}\u{13a0}-\
     \u{13f5}\u{13f8}-\u{13fd}\u{1c90}-\u{1cba}\u{1cbd}-\u{1cbf}\u{1d00}-\u{1d2b}\u{1d6b}-\u{1d77}\
     \u{1d79}-\u{1d9a}\u{1e00}-\u{1f15}\u{1f18}-\u{1f1d}\u{1f20}-\u{1f45}\u{1f48}-\u{1f4d}\u{1f50}-\
     \u{1f57}\u{1f59}\u{1f5b}\u{1f5d}\u{1f5f}-\u{1f7d}\u{1f80}-\u{1fb4}\u{1fb6}-\u{1fbc}\u{1fbe}\u{1fc2}-\
     \u{1fc4}\u{1fc6}-\u{1fcc}\u{1fd0}-\u{1fd3}\u{1fd6}-\u{1fdb}\u{1fe0}-\u{1fec}\u{1ff2}-\u{1ff4}\
     \u{1ff6}-\u{1ffc}\u{2102}\u{2107}\u{210a}-\u{2113}\u{2115}\u{2119}-\u{211d}\u{2124}\u{2126}\u{2128}\
     \u{212a}-\u{212d}\u{212f}-\u{2134}\u{2139}\u{213c}-\u{213f}\u{2145}-\u{2149}\u{214e}\u{2183}\u{2184}\
     \u{2c00}-\u{2c7b}\u{2c7e}-\u{2ce4}\u{2ceb}-\u{2cee}\u{2cf2}\u{2cf3}\u{a640}-\u{a66d}\u{a680}-\
     \u{a69b}\u{a722}-\u{a76f}\u{a771}-\u{a787}\u{a78b}-\u{a78e}\u{ab70}-\u{abbf}\u{fb00}-\u{fb06}\
     \u{fb13}-\u{fb17}\u{ff21}-\u{ff3a}\u{ff41}-\u{ff5a}\u{10400}-\u{1044f}\u{104b0}-\u{104d3}\u{104d8}-\
     \u{104fb}\u{10c80}-\u{10cb2}\u{10cc0}-\u{10cf2}\u{118a0}-\u{118df}\u{1e900}-\u{1e943}]+",
    "\\s?[!-/:-~\u{ff01}-\u{ff0f}\u{ff1a}-\u{ff5e}\u{2018}-\u{201f}\u{3000}-\u{3002}]+",
    r"\s+$",
    "[\u{4e00}-\u{9fa5}\u{800}-\u{4e00}\u{ac00}-\u{d7ff}]+",
];
/// What llama.cpp runs where the file names no pre-tokenizer, before and after the GPT-2 expression.
pub(crate) const DEFAULT_FIRST: &str = r"[\p{P}\$\+<=>\^~\|]+";
/// The last two expressions of the default.
pub(crate) const DEFAULT_LAST: [&str; 2] = [r"\p{N}+", "[0-9][0-9][0-9]"];

/// One step: every match becomes a piece of its own, and so does what lies between two matches.
#[derive(Debug)]
pub(crate) enum Step {
    /// An expression without look-around.
    Plain(Split),
    /// An expression that ended in the look-ahead: `whole` has `|\s+` at its end, `before` lacks it.
    GiveBack { whole: Split, before: Split },
    /// Every numeric character alone (`true`), or each run of them (`false`).
    Digits(bool),
}

impl Step {
    /// Compiles an expression, or says why it cannot be honoured exactly.
    pub(crate) fn regex(pattern: &str) -> Result<Self, TextError> {
        match pattern.strip_suffix(LOOK_AHEAD) {
            Some(before) => {
                check(before)?;
                Ok(Self::GiveBack {
                    whole: compile(&format!(r"{before}|\s+"))?,
                    before: compile(before)?,
                })
            }
            None => {
                check(pattern)?;
                Ok(Self::Plain(compile(pattern)?))
            }
        }
    }

    /// A literal string as delimiter.
    pub(crate) fn literal(text: &str) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(refused(text, "an empty string splits nothing"));
        }
        Ok(Self::Plain(new_split(SplitPattern::String(
            text.to_owned(),
        ))?))
    }

    /// Cuts `text[piece]` and appends the pieces, which cover it without a gap.
    fn cut(&self, text: &str, piece: Range<usize>, out: &mut Vec<Range<usize>>) {
        let inside = &text[piece.clone()];
        let mut from = 0;
        let mut emit = |start: usize, end: usize| {
            if from < start {
                out.push(piece.start + from..piece.start + start);
            }
            if start < end {
                out.push(piece.start + start..piece.start + end);
            }
            from = end;
        };
        match self {
            Self::Plain(split) => split
                .regex
                .find_iter(inside)
                .for_each(|(start, end)| emit(start, end)),
            Self::GiveBack { whole, before } => {
                let mut at = 0;
                while let Some((start, end)) = whole.regex.find_iter(&inside[at..]).next() {
                    let (start, mut end) = (at + start, at + end);
                    if end < inside.len()
                        && let Some(last) = last_blank(&inside[start..end])
                        && before.regex.find_iter(&inside[start..]).next() != Some((0, end - start))
                    {
                        end -= last;
                    }
                    if end <= at {
                        break; // An expression that matches nothing is refused by `check`; this keeps the loop finite.
                    }
                    emit(start, end);
                    at = end;
                }
            }
            Self::Digits(alone) => {
                let mut run: Option<(usize, usize)> = None;
                for (i, c) in inside.char_indices().filter(|(_, c)| c.is_numeric()) {
                    let end = i + c.len_utf8();
                    run = match run {
                        Some((start, stop)) if stop == i && !alone => Some((start, end)),
                        Some((start, stop)) => {
                            emit(start, stop);
                            Some((i, end))
                        }
                        None => Some((i, end)),
                    };
                }
                if let Some((start, stop)) = run {
                    emit(start, stop);
                }
            }
        }
        if from < inside.len() {
            out.push(piece.start + from..piece.end);
        }
    }
}

/// Runs all steps in order over `text` and returns the pieces.
pub(crate) fn pieces(steps: &[Step], text: &str) -> Vec<Range<usize>> {
    let mut now = Vec::new();
    if !text.is_empty() {
        now.push(0..text.len());
    }
    for step in steps {
        let mut next = Vec::with_capacity(now.len() * 2);
        for piece in now {
            step.cut(text, piece, &mut next);
        }
        now = next;
    }
    now
}

/// The length of the last character, if `run` is two blanks or more and nothing else.
fn last_blank(run: &str) -> Option<usize> {
    let last = run.chars().next_back()?.len_utf8();
    (last < run.len() && run.chars().all(char::is_whitespace)).then_some(last)
}

fn compile(pattern: &str) -> Result<Split, TextError> {
    let split = new_split(SplitPattern::Regex(pattern.to_owned()))?;
    if split.regex.find_iter("").next().is_some() {
        return Err(refused(pattern, "it matches the empty string"));
    }
    Ok(split)
}

fn new_split(pattern: SplitPattern) -> Result<Split, TextError> {
    let text = match &pattern {
        SplitPattern::String(s) | SplitPattern::Regex(s) => s.clone(),
    };
    super::library::contain("compiling a regex", || {
        Split::new(pattern, SplitDelimiterBehavior::Isolated, false)
    })
    .map_err(|error| refused(&text, &error.to_string()))
}

fn refused(pattern: &str, reason: &str) -> TextError {
    TextError::Regex {
        pattern: excerpt(pattern),
        reason: reason.to_owned(),
    }
}

/// Accepts the constructs that mean the same in every engine, and that the linear engine can run.
///
/// Anchors differ between engines (`$` is the end of a line for Oniguruma), look-around and possessive repeats need
/// backtracking: all of those are refused, except `\s+$` as DeepSeek-LLM uses it, after line breaks were cut off.
fn check(pattern: &str) -> Result<(), TextError> {
    const LIMIT: usize = 16 * 1024;
    if pattern.len() > LIMIT {
        return Err(refused(pattern, "it is longer than 16 KiB"));
    }
    if pattern == DEEPSEEK_LLM[3] {
        return Ok(());
    }
    let bytes = pattern.as_bytes();
    let (mut i, mut class) = (0, false);
    while i < bytes.len() {
        let rest = &pattern.as_bytes()[i..];
        match bytes[i] {
            b'\\' => {
                let next = rest.get(1).copied().unwrap_or(0);
                let known = matches!(
                    next,
                    b's' | b'S' | b'p' | b'P' | b'd' | b'D' | b'r' | b'n' | b't'
                ) || next.is_ascii_punctuation();
                if !known {
                    return Err(refused(
                        pattern,
                        "it has an escape other than \\s \\p \\d \\r \\n \\t and punctuation",
                    ));
                }
                i += 2;
                if matches!(next, b'p' | b'P') {
                    // The braces of `\p{L}` are no repeat.
                    i += pattern
                        .get(i..)
                        .and_then(|tail| tail.strip_prefix('{')?.find('}'))
                        .map_or(0, |n| n + 2);
                }
                continue;
            }
            b'[' if class => return Err(refused(pattern, "it nests a character class")),
            b'[' => {
                class = true;
                // A `]` or `^` that comes first belongs to the class.
                i += 1 + usize::from(rest.get(1) == Some(&b'^'));
                if bytes.get(i) == Some(&b']') {
                    return Err(refused(pattern, "it has an unescaped `]` first in a class"));
                }
                continue;
            }
            b']' if class => class = false,
            b'&' | b'-' | b'~' if class && rest.get(1) == Some(&bytes[i]) => {
                return Err(refused(pattern, "it combines character classes"));
            }
            b'^' | b'$' if !class => return Err(refused(pattern, "it has an anchor")),
            b'(' if !class
                && rest.get(1) == Some(&b'?')
                && !rest.starts_with(b"(?:")
                && !rest.starts_with(b"(?i:") =>
            {
                return Err(refused(
                    pattern,
                    "it has a group other than (?:…) and (?i:…), such as look-around",
                ));
            }
            b'+' | b'*' | b'?' | b'}'
                if !class && matches!(rest.get(1), Some(b'+' | b'?' | b'*')) =>
            {
                return Err(refused(pattern, "it has a possessive or lazy repeat"));
            }
            _ => {}
        }
        i += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut<'t>(steps: &[Step], text: &'t str) -> Vec<&'t str> {
        pieces(steps, text).into_iter().map(|r| &text[r]).collect()
    }

    #[test]
    fn the_last_blank_joins_the_next_word() {
        let steps = [Step::regex(QWEN2).unwrap()];
        assert_eq!(cut(&steps, "a   b"), ["a", "  ", " b"]);
        assert_eq!(cut(&steps, "a  \n\n  b "), ["a", "  \n\n", " ", " b", " "]);
        assert_eq!(cut(&steps, "x   "), ["x", "   "]);
        assert_eq!(
            cut(&steps, "I'LL go 12"),
            ["I", "'LL", " go", " ", "1", "2"]
        );
        let steps = [Step::regex(GPT2).unwrap()];
        assert_eq!(cut(&steps, "a\n\n b"), ["a", "\n\n", " b"]);
        assert_eq!(cut(&steps, "a\n\nb"), ["a", "\n", "\n", "b"]);
    }

    #[test]
    fn a_million_blanks_are_cut_like_three() {
        let steps = [Step::regex(QWEN2).unwrap()];
        let text = format!("a{}b c", " ".repeat(1_500_000));
        let got = cut(&steps, &text);
        assert_eq!(got.len(), 4);
        assert_eq!(got[1].len(), 1_499_999);
        assert_eq!(&got[2..], [" b", " c"]);
    }

    #[test]
    fn what_cannot_be_honoured_is_refused() {
        for bad in [
            "a(?=b)", r"(a)\1", "a++", "^a", "a$", r"\bfoo", "[a&&b]", "[[a]b]", "a*", "foo**",
            "(", r"\G", "(?i)a",
        ] {
            assert!(
                matches!(Step::regex(bad), Err(TextError::Regex { .. })),
                "{bad}"
            );
        }
    }
}
