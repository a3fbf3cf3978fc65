//! Cuts mathematical prose, plain or in LaTeX, into tokens.

use super::numbers::number;
use super::token::{Kind, Op, Token};
use super::words::{is_chinese, is_unit};

/// The tokens of a text, in one pass.
pub(super) fn lex(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer {
        text,
        at: 0,
        tokens: Vec::new(),
        spaced: true,
        line_start: true,
        display: false,
    };
    while let Some(c) = lexer.rest().chars().next() {
        lexer.take(c);
    }
    lexer.tokens
}

pub(super) struct Lexer<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) tokens: Vec<Token<'a>>,
    pub(super) spaced: bool,
    line_start: bool,
    /// Inside a displayed formula, where the end of a line means nothing.
    pub(super) display: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn last(&self) -> Option<Kind<'a>> {
        self.tokens.last().map(|token| token.kind)
    }

    /// Pushes a token of `len` bytes.
    pub(super) fn push(&mut self, kind: Kind<'a>, len: usize) {
        if kind.relates() && self.last() == Some(Kind::Break) {
            // A line that opens with a relation goes on with the one before.
            self.tokens.pop();
        }
        let token = Token {
            kind,
            start: self.at,
            end: self.at + len,
            spaced: self.spaced,
        };
        self.tokens.push(token);
        self.at += len;
        // The delimiters of a formula are nothing in an expression.
        self.spaced = matches!(kind, Kind::Stop('\\' | '$'));
        self.line_start = false;
    }

    pub(super) fn skip(&mut self, len: usize) {
        self.at += len;
        self.spaced = true;
    }

    /// The end of a line, or a `\\`.
    pub(super) fn line_ends(&mut self, len: usize) {
        match self.last() {
            None | Some(Kind::Break | Kind::Stop(_) | Kind::Equal | Kind::Relation) => {
                self.skip(len)
            }
            // The next line may go on with it, or be something else.
            Some(Kind::Op(_)) => self.push(Kind::Unknown, len),
            _ => self.push(Kind::Break, len),
        }
        self.spaced = true;
        self.line_start = true;
    }

    fn take(&mut self, c: char) {
        let rest = self.rest();
        let len = c.len_utf8();
        let after = &rest[len..];
        let touches = !self.spaced && self.last().is_some_and(Kind::ends_operand);
        match c {
            '\n' if self.display => self.skip(len),
            '\n' => self.line_ends(len),
            _ if c.is_whitespace() => self.skip(len),
            '0'..='9' => self.number(),
            '.' if after.starts_with(|c: char| c.is_ascii_digit()) && self.spaced => self.number(),
            _ if c.is_alphabetic() => self.word(c),
            '\\' => self.command(),
            '`' if rest.starts_with("```") => {
                let fence = after[2..].find("```").map_or(rest.len(), |at| at + 6);
                self.push(Kind::Stop('`'), fence);
            }
            '$' if after.starts_with('$') => {
                self.display = !self.display;
                self.push(Kind::Stop('$'), 2);
            }
            '$' | '€' | '£' | '¥' | '₹' | '&' => self.skip(len),
            '~' if !after.starts_with(|c: char| c.is_ascii_digit()) => self.skip(len),
            '*' => self.stars(rest),
            '-' | '•' if self.is_bullet(after) => self.skip(len),
            '-' if after.starts_with(['-', '>']) => self.push(Kind::Stop(c), 2),
            '+' | '-' | '/' if after.starts_with(['=', '/']) => self.push(Kind::Unknown, 2),
            '+' => self.push(Kind::Op(Op::Add), len),
            '-' | '−' => self.push(Kind::Op(Op::Sub), len),
            '–' => self.push(Kind::Op(Op::Dash), len),
            '×' | '·' | '⋅' | '∗' => self.push(Kind::Op(Op::Mul), len),
            '/' | '÷' | '⁄' => self.push(Kind::Op(Op::Div), len),
            '^' => self.power(after),
            '=' | '<' | '>' | '≤' | '≥' | '≠' | '≈' | '≡' | '≅' | '∼' => {
                self.relation(rest)
            }
            '!' | ':' if after.starts_with('=') => self.push(Kind::Relation, 2),
            '!' if touches => self.push(Kind::Bang, len),
            '%' => self.push(Kind::Percent, len),
            '(' | '[' | '{' => self.push(Kind::Open, len),
            ')' | ']' | '}' => self.close(len),
            '°' => self.push(Kind::Unit("°"), len),
            '⁰' | '¹' | '²' | '³' | '⁴'..='⁹' => self.raised(rest),
            '.' if rest.starts_with("..") => {
                let dots = rest.len() - rest.trim_start_matches('.').len();
                self.push(Kind::Unknown, dots);
            }
            // A time of day, a ratio; a derivative, feet.
            ':' if touches && after.starts_with(|c: char| c.is_ascii_digit()) => {
                self.push(Kind::Unknown, len)
            }
            '\'' | '’' if !self.spaced => self.push(Kind::Unknown, len),
            '|' if !self.spaced || !after.starts_with(char::is_whitespace) && !after.is_empty() => {
                self.push(Kind::Unknown, len)
            }
            '.' | ',' | ';' | ':' | '!' | '?' | '"' | '\'' | '’' | '“' | '”' | '‘' | '`' | '|'
            | '—' | '→' | '⇒' | '⟹' | '↔' | '∴' | '∵' | '✓' | '✔' | '✅' | '•' | '。' | '，'
            | '、' | '；' | '：' | '！' | '？' | '（' | '）' | '「' | '」' => {
                self.push(Kind::Stop(c), len)
            }
            _ => self.push(Kind::Unknown, len),
        }
    }

    fn number(&mut self) {
        let (number, len) = number(self.rest());
        self.push(number.map_or(Kind::Unknown, Kind::Number), len);
    }

    fn word(&mut self, first: char) {
        let rest = self.rest();
        let digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        let after = rest[first.len_utf8()..].trim_start_matches(' ');
        let even = self.spaced == (after.len() + 1 < rest.len());
        let operand = matches!(self.last(), Some(Kind::Number(_) | Kind::Close));
        if matches!(first, 'x' | 'X') && operand && even && digit(after) {
            return self.push(Kind::Op(Op::Mul), 1);
        }
        let len = word_len(rest);
        let word = &rest[..len];
        let kind = match self.last() {
            Some(last) if last.ends_operand() && is_unit(word, !self.spaced) => Kind::Unit(word),
            _ => Kind::Word(word),
        };
        self.push(kind, len);
    }

    /// A multiplication, a power as programs write it, or marks of Markdown.
    fn stars(&mut self, rest: &'a str) {
        let len = rest.len() - rest.trim_start_matches('*').len();
        let after = &rest[len..];
        let between = self.last().is_some_and(Kind::ends_operand) && !self.spaced;
        let operand = after.starts_with(|c: char| c.is_ascii_digit() || "(-".contains(c));
        match len {
            1 if self.is_bullet(after) => self.skip(1),
            1 => self.push(Kind::Op(Op::Mul), 1),
            2 if between && operand => self.push(Kind::Op(Op::Pow), 2),
            // Not a space: `5**` ends a bold number.
            _ => self.at += len,
        }
    }

    fn is_bullet(&self, after: &str) -> bool {
        self.line_start && !self.display && after.starts_with([' ', '\t'])
    }

    fn power(&mut self, after: &str) {
        let circle = ["\\circ", "{\\circ}"]
            .iter()
            .find(|c| after.starts_with(**c));
        match circle {
            Some(circle) => self.push(Kind::Unit("°"), 1 + circle.len()),
            None => self.push(Kind::Op(Op::Pow), 1),
        }
    }

    fn relation(&mut self, rest: &str) {
        let marks = |c: char| "=<>!?".contains(c);
        let len = rest.len()
            - rest[rest.chars().next().map_or(0, char::len_utf8)..]
                .trim_start_matches(marks)
                .len();
        match &rest[..len] {
            "=" => self.push(Kind::Equal, len),
            "=>" | "==>" => self.push(Kind::Stop('='), len),
            _ => self.push(Kind::Relation, len),
        }
    }

    fn raised(&mut self, rest: &str) {
        const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
        let digits = rest
            .chars()
            .map_while(|c| DIGITS.iter().position(|&d| d == c));
        let (mut value, mut len) = (Some(0i128), 0);
        for digit in digits {
            value = value.and_then(|v| v.checked_mul(10)?.checked_add(digit as i128));
            len += DIGITS[digit].len_utf8();
        }
        self.push(value.map_or(Kind::Unknown, Kind::Raised), len);
    }

    /// A parenthesis closes; after a number that opens a line it numbers the line.
    fn close(&mut self, len: usize) {
        let mut back = self.tokens.iter().rev().map(|token| token.kind);
        let number = matches!(back.next(), Some(Kind::Number(_)));
        let numbers_line = number && matches!(back.next(), None | Some(Kind::Break));
        if numbers_line && self.rest()[len..].starts_with(' ') {
            self.tokens.pop();
            return self.push(Kind::Stop(')'), len);
        }
        self.push(Kind::Close, len);
    }
}

/// The length of the word that a text starts with: letters with digits, underscores and joined
/// parts. Chinese and other letters are words apart, and digits end a Chinese one.
fn word_len(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    let mut last = None;
    while let Some((at, c)) = chars.next() {
        let next_is_letter = chars.peek().is_some_and(|&(_, next)| next.is_alphabetic());
        let chinese = last.is_some_and(is_chinese);
        let within = match c {
            _ if c.is_alphabetic() => last.is_none() || chinese == is_chinese(c),
            '0'..='9' | '_' => !chinese,
            '-' | '\'' | '’' => last.is_some_and(char::is_alphabetic) && next_is_letter,
            _ => false,
        };
        if !within {
            return at;
        }
        last = Some(c);
    }
    text.len()
}
