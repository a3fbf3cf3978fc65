//! Cuts the reasoning into steps while it comes in.
//!
//! 1. A blank line ends a paragraph, and a paragraph of at most [`LONG`] bytes is one step.
//! 2. A longer one is cut where a sentence or a line opens with a cue ([`crate::cues`]), if the
//!    piece before is long enough for that cue. Some models write a whole reasoning without one
//!    line feed.
//! 3. Neither happens inside a code fence, `$$…$$` or `\[…\]`, unless that has gone on for
//!    [`MAX_BLOCK`] bytes: then it was never meant to be one, or never closed.
//!
//! The scanner reads each character once. Where a decision needs the characters after it (at most
//! 16 bytes), it waits for them.

use crate::cues::{Cut, cut_at};
use std::ops::Range;

/// A paragraph with more bytes than this is cut.
const LONG: usize = 800;
/// A code fence or a formula with more bytes than this protects its blank lines no longer.
const MAX_BLOCK: usize = 8192;
/// The longest row of backticks that is told from a longer one.
const MAX_FENCE: usize = 16;

/// What the scanner is inside of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Prose,
    /// On the line that opens a code fence; a backtick there makes it inline code.
    FenceInfo {
        mark: u8,
        len: usize,
    },
    Fence {
        mark: u8,
        len: usize,
    },
    /// After a row of marks that closes the fence if only whitespace follows on the line.
    FenceTail {
        mark: u8,
        len: usize,
    },
    Dollars,
    Bracket,
}

/// How the last sentence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sentence {
    Running,
    /// It has its full stop.
    Stopped,
    /// It is over: whitespace has followed the stop, or the stop needs none, or a line ended.
    Over,
}

#[derive(Debug)]
pub(crate) struct Segmenter {
    text: String,
    /// Everything before has been scanned.
    pos: usize,
    mode: Mode,
    /// Where the fence or formula that `mode` is in starts.
    block: usize,
    /// Only whitespace has come since the start or the last line feed.
    line_start: bool,
    sentence: Sentence,
    /// Where the step that is not yet complete starts, when it has started.
    start: Option<usize>,
    /// Where its last character that is no whitespace ends.
    end: usize,
    paragraph: usize,
    /// The paragraph is longer than [`LONG`].
    long: bool,
    /// Where this paragraph may be cut if it becomes long: offset, and bytes that the piece before
    /// must have.
    cuts: Vec<(usize, usize)>,
    done: Vec<Range<usize>>,
    #[cfg(test)]
    pub(crate) work: usize,
}

impl Segmenter {
    pub(crate) fn new() -> Self {
        Self {
            text: String::new(),
            pos: 0,
            mode: Mode::Prose,
            block: 0,
            line_start: true,
            sentence: Sentence::Running,
            start: None,
            end: 0,
            paragraph: 0,
            long: false,
            cuts: Vec::new(),
            done: Vec::new(),
            #[cfg(test)]
            work: 0,
        }
    }

    /// All the reasoning so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// The steps completed since the last call.
    pub(crate) fn take_done(&mut self) -> Vec<Range<usize>> {
        std::mem::take(&mut self.done)
    }

    /// Takes in more reasoning. A blank line in it must have been announced by
    /// [`blank_line`](Self::blank_line) before.
    pub(crate) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.scan(false);
    }

    /// A blank line follows. It comes before its own whitespace, which is held back because a tag may
    /// touch it: the paragraph is complete either way.
    pub(crate) fn blank_line(&mut self) {
        self.scan(true);
        match self.mode {
            Mode::Prose => self.end_paragraph(),
            Mode::FenceTail { .. } => {
                self.mode = Mode::Prose;
                self.end_paragraph();
            }
            _ => {}
        }
    }

    /// The reasoning, or this block of it, is over.
    pub(crate) fn end_block(&mut self) {
        self.scan(true);
        self.mode = Mode::Prose;
        self.end_paragraph();
    }

    /// Scans as far as decisions can be made; to the end if `ended` says that whitespace or nothing
    /// follows.
    fn scan(&mut self, ended: bool) {
        while let Some(c) = self.text[self.pos..].chars().next() {
            #[cfg(test)]
            {
                self.work += 1;
            }
            if self.mode != Mode::Prose && self.pos - self.block > MAX_BLOCK {
                self.mode = Mode::Prose;
                self.sentence = Sentence::Running;
            }
            let width = match self.mode {
                Mode::Prose => self.prose(c, ended),
                _ => self.protected(c, ended),
            };
            let Some(width) = width else { return };
            self.pos += width;
            if c == '\n' {
                self.line_start = true;
            } else if !c.is_whitespace() {
                self.line_start = false;
                self.extend_to(self.pos);
            }
        }
    }

    /// Takes in what the step has grown by, and starts cutting when its paragraph has become long.
    fn extend_to(&mut self, end: usize) {
        self.end = end;
        if !self.long && end - self.paragraph > LONG {
            self.long = true;
            for (at, min) in std::mem::take(&mut self.cuts) {
                self.cut(at, min);
            }
        }
    }

    /// Reads one character of prose. Returns the bytes it took, or nothing when more text must come
    /// first.
    fn prose(&mut self, c: char, ended: bool) -> Option<usize> {
        if c.is_whitespace() {
            if c == '\n' || self.sentence == Sentence::Stopped {
                self.sentence = Sentence::Over;
            }
            return Some(c.len_utf8());
        }

        let cut = match self.sentence {
            Sentence::Over => cut_at(&self.text[self.pos..], ended),
            _ => Cut::No,
        };
        let opens = self.block_opener(c, ended);
        if cut == Cut::Undecided || opens.is_none() {
            return None;
        }
        if self.start.is_none() {
            self.start = Some(self.pos);
            self.paragraph = self.pos;
        } else if let Cut::After(min) = cut {
            if self.long {
                self.cut(self.pos, min);
            } else {
                self.cuts.push((self.pos, min));
            }
        }
        self.sentence = match c {
            '.' | '?' | '!' => Sentence::Stopped,
            '。' | '？' | '！' => Sentence::Over,
            // A bracket or a quotation mark after the stop still belongs to its sentence; after the
            // space it opens the next.
            ')' | ']' | '"' | '\'' | '”' | '’' | '*' | '`' | '$'
                if self.sentence == Sentence::Stopped =>
            {
                Sentence::Stopped
            }
            _ => Sentence::Running,
        };
        if let Some((mode, len)) = opens.flatten() {
            self.mode = mode;
            self.block = self.pos;
            return Some(len);
        }
        Some(c.len_utf8())
    }

    /// The block that opens here, with the bytes of its opener; nothing in the outer option when
    /// more text must come first.
    fn block_opener(&self, c: char, ended: bool) -> Option<Option<(Mode, usize)>> {
        match c {
            '`' | '~' if self.line_start => {
                let mark = c as u8;
                let len = self.marks(mark, MAX_FENCE, ended)?;
                Some((len >= 3).then_some((Mode::FenceInfo { mark, len }, len)))
            }
            '$' => Some((self.next_byte(ended)? == b'$').then_some((Mode::Dollars, 2))),
            '\\' => match self.next_byte(ended)? {
                b'[' => Some(Some((Mode::Bracket, 2))),
                // A TeX line break, as in `\\[2pt]`, opens nothing. Prose stays prose, and both
                // characters are passed over.
                b'\\' => Some(Some((Mode::Prose, 2))),
                _ => Some(None),
            },
            _ => Some(None),
        }
    }

    /// Reads one character of a code fence or a formula.
    fn protected(&mut self, c: char, ended: bool) -> Option<usize> {
        let width = c.len_utf8();
        let closer = match self.mode {
            Mode::Dollars if c == '$' => {
                (self.next_byte(ended)? == b'$').then_some((Mode::Prose, 2))
            }
            Mode::Bracket if c == '\\' => match self.next_byte(ended)? {
                b']' => Some((Mode::Prose, 2)),
                b'\\' => Some((Mode::Bracket, 2)),
                _ => None,
            },
            Mode::FenceInfo { mark: b'`', .. } if c == '`' => Some((Mode::Prose, 1)),
            Mode::FenceInfo { mark, len } if c == '\n' => Some((Mode::Fence { mark, len }, 1)),
            Mode::Fence { mark, len } if self.line_start && c == mark as char => {
                let marks = self.marks(mark, len, ended)?;
                (marks == len).then_some((Mode::FenceTail { mark, len }, len))
            }
            Mode::FenceTail { .. } if c == '\n' => Some((Mode::Prose, 1)),
            Mode::FenceTail { mark, len } if c != mark as char && !c.is_whitespace() => {
                Some((Mode::Fence { mark, len }, width))
            }
            _ => None,
        };
        if let Some((mode, len)) = closer {
            self.mode = mode;
            self.sentence = if c == '\n' {
                Sentence::Over
            } else {
                Sentence::Running
            };
            return Some(len);
        }
        Some(width)
    }

    /// How many marks stand here, counted up to a limit.
    fn marks(&self, mark: u8, limit: usize, ended: bool) -> Option<usize> {
        let here = &self.text.as_bytes()[self.pos..];
        let len = here.iter().take(limit).take_while(|&&b| b == mark).count();
        (ended || len == limit || len < here.len()).then_some(len)
    }

    /// The byte after the ASCII character here; a line feed stands for whatever follows the end.
    fn next_byte(&self, ended: bool) -> Option<u8> {
        let next = self.text.as_bytes().get(self.pos + 1).copied();
        if ended {
            Some(next.unwrap_or(b'\n'))
        } else {
            next
        }
    }

    fn cut(&mut self, at: usize, min: usize) {
        let Some(start) = self.start else { return };
        if at - start >= min {
            let end = start + self.text[start..at].trim_end().len();
            self.done.push(start..end);
            self.start = Some(at);
        }
    }

    fn end_paragraph(&mut self) {
        if let Some(start) = self.start.take() {
            self.done.push(start..self.end);
        }
        self.cuts.clear();
        self.long = false;
        self.sentence = Sentence::Running;
    }
}
