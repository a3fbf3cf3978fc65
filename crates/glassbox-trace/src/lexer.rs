//! Cuts the output into text, whitespace and tags, and holds back what may still become a tag.
//!
//! Every tag starts with its only `<`. So when a character does not continue a possible tag, what
//! was held is text as a whole, and only that character can start another tag: nothing is read
//! twice, and at most 8 bytes are held.

use crate::{Format, Marker, Markers, ParserOptions};

/// A tag that the parser may act upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tag {
    ThinkOpen,
    ThinkClose,
    AnswerOpen,
    AnswerClose,
}

impl Tag {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ThinkOpen => "<think>",
            Self::ThinkClose => "</think>",
            Self::AnswerOpen => "<answer>",
            Self::AnswerClose => "</answer>",
        }
    }
}

impl From<Marker> for Tag {
    fn from(marker: Marker) -> Self {
        match marker {
            Marker::ThinkOpen => Self::ThinkOpen,
            Marker::ThinkClose => Self::ThinkClose,
        }
    }
}

/// One piece of the output, whose first byte lies at an offset that is passed along with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lexeme<'a> {
    /// Text with no whitespace in it.
    Text(&'a str),
    /// Whitespace alone.
    Space(&'a str),
    /// The letters of a tag.
    Tag(Tag),
}

#[derive(Debug)]
pub(crate) struct Lexer {
    tags: &'static [Tag],
    held: String,
    /// The bytes of output read so far.
    pos: usize,
    #[cfg(test)]
    pub(crate) work: usize,
}

impl Lexer {
    pub(crate) fn new(options: ParserOptions) -> Self {
        use Tag::*;
        let tags: &[Tag] = match (options.format, options.markers) {
            (Format::Plain, _) | (Format::R1, Markers::Tokens) => &[],
            (Format::R1, Markers::Text) => &[ThinkOpen, ThinkClose],
            (Format::Auto | Format::R1Zero, Markers::Tokens) => &[AnswerOpen, AnswerClose],
            (Format::Auto | Format::R1Zero, Markers::Text) => {
                &[ThinkOpen, ThinkClose, AnswerOpen, AnswerClose]
            }
        };
        Self {
            tags,
            held: String::new(),
            pos: 0,
            #[cfg(test)]
            work: 0,
        }
    }

    /// The bytes of output read so far, held ones included.
    pub(crate) fn pos(&self) -> usize {
        self.pos
    }

    pub(crate) fn push(&mut self, piece: &str, mut take: impl FnMut(Lexeme<'_>, usize)) {
        let mut rest = piece;
        while let Some(c) = rest.chars().next() {
            let len = if !self.held.is_empty() {
                self.continue_tag(c, &mut take)
            } else if c == '<' && !self.tags.is_empty() {
                self.held.push('<');
                1
            } else if c.is_whitespace() {
                let len = rest
                    .find(|c: char| !c.is_whitespace())
                    .unwrap_or(rest.len());
                take(Lexeme::Space(&rest[..len]), self.pos);
                len
            } else {
                // A `<` that starts no tag, because this format has none, is the first letter here
                // and must be passed over.
                let tail = &rest[c.len_utf8()..];
                let len = tail
                    .find(|c: char| c == '<' || c.is_whitespace())
                    .unwrap_or(tail.len())
                    + c.len_utf8();
                take(Lexeme::Text(&rest[..len]), self.pos);
                len
            };
            self.pos += len;
            rest = &rest[len..];
            #[cfg(test)]
            {
                self.work += len.max(1);
            }
        }
    }

    /// Reads one character after what is held; returns the bytes used: none when it ends the hope
    /// for a tag without being part of it.
    fn continue_tag(&mut self, c: char, take: &mut impl FnMut(Lexeme<'_>, usize)) -> usize {
        let start = self.pos - self.held.len();
        self.held.push(c);
        if let Some(&tag) = self.tags.iter().find(|tag| tag.as_str() == self.held) {
            self.held.clear();
            take(Lexeme::Tag(tag), start);
        } else if !self
            .tags
            .iter()
            .any(|tag| tag.as_str().starts_with(&self.held))
        {
            self.held.pop();
            take(Lexeme::Text(&self.held), start);
            self.held.clear();
            return 0;
        }
        c.len_utf8()
    }

    /// Gives up what is held: the output ended, or a marker token came.
    pub(crate) fn flush(&mut self, mut take: impl FnMut(Lexeme<'_>, usize)) {
        if !self.held.is_empty() {
            take(Lexeme::Text(&self.held), self.pos - self.held.len());
            self.held.clear();
        }
    }

    /// Passes over a marker token, as if its letters had been read; returns its offset.
    pub(crate) fn skip_marker(&mut self, tag: Tag) -> usize {
        let at = self.pos;
        self.pos += tag.as_str().len();
        at
    }
}
