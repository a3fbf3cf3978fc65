//! The commands of LaTeX that an expression can hold.

use super::lexer::Lexer;
use super::token::{Kind, Op};
use super::words::is_unit;

/// Commands that are nothing to an expression.
#[rustfmt::skip]
const NOTHING: &[&str] = &[
    "Big", "Bigg", "big", "bigg", "boxed", "displaystyle", "fbox", "left", "mathbf", "right",
    "textstyle",
];

/// Commands that end an expression.
#[rustfmt::skip]
const STOPS: &[&str] = &[
    "Longrightarrow", "Rightarrow", "because", "begin", "end", "implies", "item", "qquad", "quad",
    "rightarrow", "therefore", "to",
];

/// Relations that are not equality.
#[rustfmt::skip]
const RELATIONS: &[&str] = &[
    "approx", "cong", "ge", "geq", "gt", "le", "leq", "lt", "ne", "neq", "sim", "simeq",
];

impl<'a> Lexer<'a> {
    /// What a backslash starts.
    pub(super) fn command(&mut self) {
        let rest = self.rest();
        let letters = rest[1..]
            .bytes()
            .take_while(u8::is_ascii_alphabetic)
            .count();
        let (name, len) = (&rest[1..1 + letters], 1 + letters);
        if letters == 0 {
            let mark = rest[1..].chars().next();
            return self.mark(mark, 1 + mark.map_or(0, char::len_utf8));
        }
        match name {
            "times" | "cdot" | "ast" => self.push(Kind::Op(Op::Mul), len),
            "div" => self.push(Kind::Op(Op::Div), len),
            "frac" | "dfrac" | "tfrac" | "cfrac" => self.fraction(len),
            "sqrt" => self.push(Kind::Sqrt, len),
            "text" | "textbf" | "textit" | "mathrm" | "mbox" | "operatorname" => self.words(len),
            "degree" => self.push(Kind::Unit("°"), len),
            "begin" | "end" => {
                self.display = name == "begin";
                let argument = braces(&rest[len..]).map_or(0, |inner| inner.len() + 2);
                self.push(Kind::Stop('\\'), len + argument);
            }
            _ if NOTHING.contains(&name) => self.at += len,
            _ if STOPS.contains(&name) => self.push(Kind::Stop('\\'), len),
            _ if RELATIONS.contains(&name) => self.push(Kind::Relation, len),
            // The name of a congruence says that `=` may mean one too.
            "equiv" => self.push(Kind::Relation, len),
            "pmod" | "bmod" | "mod" => self.push(Kind::Word("mod"), len),
            _ => self.push(Kind::Unknown, len),
        }
    }

    /// A backslash before something else than a letter.
    fn mark(&mut self, mark: Option<char>, len: usize) {
        match mark {
            Some('\\') => self.line_ends(len),
            Some('%') => self.push(Kind::Percent, len),
            Some('[' | ']') => {
                self.display = mark == Some('[');
                self.push(Kind::Stop('\\'), len);
            }
            Some(',' | ';' | ':' | '!' | ' ' | '(' | ')' | '$' | '\n') => self.skip(len),
            _ => self.push(Kind::Unknown, len),
        }
    }

    /// `\frac12` has its digits apart.
    fn fraction(&mut self, len: usize) {
        self.push(Kind::Frac, len);
        for _ in 0..2 {
            let rest = self.rest();
            let digit = rest.trim_start_matches(' ');
            if !digit.starts_with(|c: char| c.is_ascii_digit()) {
                break;
            }
            self.at += rest.len() - digit.len();
            let number = super::numbers::number(&digit[..1]).0;
            self.push(number.map_or(Kind::Unknown, Kind::Number), 1);
        }
    }

    /// Words in a formula: a unit after a number, prose elsewhere.
    fn words(&mut self, len: usize) {
        let Some(inner) = braces(&self.rest()[len..]) else {
            return self.push(Kind::Unknown, len);
        };
        let len = len + inner.len() + 2;
        let text = inner.trim();
        let operand = self.last().is_some_and(Kind::ends_operand);
        let first = text.split(' ').next().unwrap_or_default();
        let kind = match text.bytes().any(|b| b.is_ascii_digit()) {
            _ if text.is_empty() => return self.skip(len),
            true => Kind::Unknown,
            false if operand && is_unit(first, false) => Kind::Unit(text),
            false => Kind::Word(text),
        };
        self.spaced = true;
        self.push(kind, len);
    }
}

/// The content of the braces that a text starts with, which hold no others.
fn braces(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('{')?;
    let end = inner.find(['{', '}'])?;
    inner[end..].starts_with('}').then(|| &inner[..end])
}
