//! Which side a text belongs to: the reasoning or the content.
//!
//! Whitespace that touches a tag belongs to neither side, and the two ends of the output count as
//! tags, since the model's own begin and end tokens stand there. So a run of whitespace is held
//! until text follows it. A tag ends a block; the blocks of one side are joined by a blank line.

use crate::lexer::{Lexeme, Tag};
use crate::{Format, NoteKind, ParserOptions, Phase, Start};

/// Where the sections go.
pub(crate) trait Sink {
    /// Text of a side; `first` says that it is the first of its block.
    fn text(&mut self, phase: Phase, text: &str, at: usize, first: bool);
    /// A blank line is held back: whatever follows it, the paragraph before it is complete.
    fn blank_line(&mut self);
    /// The reasoning opens, for the first time or again.
    fn reasoning_opens(&mut self);
    /// The reasoning is closed.
    fn reasoning_closes(&mut self);
    /// An `<answer>` block opens.
    fn answer_opens(&mut self, at: usize);
    /// An `<answer>` block is closed.
    fn answer_closes(&mut self);
    /// Something odd.
    fn note(&mut self, kind: NoteKind, at: usize);
}

#[derive(Debug)]
pub(crate) struct Sections {
    format: Format,
    phase: Phase,
    /// No text has come since the last tag.
    fresh: bool,
    in_answer: bool,
    reasoned: bool,
    /// Whether any content has come.
    answered: bool,
    /// Where the reasoning that is open now was opened.
    opened_at: usize,
    /// Whitespace between text and either more text or a tag.
    held: String,
    held_at: usize,
    /// Line feeds in `held`.
    held_lines: usize,
    /// The last character of text.
    last: char,
}

impl Sections {
    pub(crate) fn new(options: ParserOptions) -> Self {
        let primed = options.start == Start::Primed && options.format != Format::Plain;
        Self {
            format: options.format,
            phase: if primed {
                Phase::Thinking
            } else {
                Phase::Answering
            },
            fresh: true,
            in_answer: false,
            reasoned: primed,
            answered: false,
            opened_at: 0,
            held: String::new(),
            held_at: 0,
            held_lines: 0,
            last: ' ',
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn take(&mut self, lexeme: Lexeme<'_>, at: usize, sink: &mut impl Sink) {
        match lexeme {
            Lexeme::Text(text) => self.text(text, at, sink),
            Lexeme::Space(space) => self.space(space, at, sink),
            Lexeme::Tag(tag) => self.tag(tag, at, false, sink),
        }
    }

    /// A tag that is certain to be one, because its token said so.
    pub(crate) fn marker(&mut self, tag: Tag, at: usize, sink: &mut impl Sink) {
        self.tag(tag, at, true, sink);
    }

    pub(crate) fn finish(&mut self, sink: &mut impl Sink) {
        if self.phase == Phase::Thinking {
            sink.note(NoteKind::Unclosed, self.opened_at);
        }
    }

    fn text(&mut self, text: &str, at: usize, sink: &mut impl Sink) {
        if !self.held.is_empty() {
            sink.text(self.phase, &self.held, self.held_at, false);
            self.drop_held();
        }
        sink.text(self.phase, text, at, self.fresh);
        self.fresh = false;
        self.answered |= self.phase == Phase::Answering;
        self.last = text.chars().next_back().unwrap_or(self.last);
    }

    fn space(&mut self, space: &str, at: usize, sink: &mut impl Sink) {
        if self.fresh {
            return;
        }
        if self.held.is_empty() {
            self.held_at = at;
        }
        self.held.push_str(space);
        let lines = self.held_lines;
        self.held_lines += space.bytes().filter(|&b| b == b'\n').count();
        if self.phase == Phase::Thinking && lines < 2 && self.held_lines >= 2 {
            sink.blank_line();
        }
    }

    fn tag(&mut self, tag: Tag, at: usize, certain: bool, sink: &mut impl Sink) {
        match (self.phase, tag) {
            (Phase::Thinking, Tag::ThinkClose) => {
                if self.fresh {
                    sink.note(NoteKind::Bypassed, self.opened_at);
                }
                sink.reasoning_closes();
                self.phase = Phase::Answering;
                self.start_block();
            }
            (Phase::Thinking, Tag::ThinkOpen) if self.fresh => {
                sink.note(NoteKind::RepeatedOpener, at)
            }
            (Phase::Thinking, Tag::ThinkOpen) => {
                sink.note(NoteKind::NestedOpener, at);
                self.start_block_if(certain, tag, at, sink);
            }
            (Phase::Answering, Tag::ThinkOpen) if certain || !self.is_quoted() => {
                if self.reasoned {
                    sink.note(NoteKind::Reopened, at);
                } else if self.answered {
                    sink.note(NoteKind::LateOpener, at);
                }
                self.in_answer = false;
                self.reasoned = true;
                self.opened_at = at;
                sink.reasoning_opens();
                self.phase = Phase::Thinking;
                self.start_block();
            }
            (Phase::Answering, Tag::ThinkClose) => {
                let swallow = certain || self.fresh;
                sink.note(
                    if swallow {
                        NoteKind::StrayCloser
                    } else {
                        NoteKind::CloserInContent
                    },
                    at,
                );
                self.start_block_if(swallow, tag, at, sink);
            }
            (Phase::Answering, Tag::AnswerOpen) if self.answer_may_open() => {
                self.in_answer = true;
                sink.answer_opens(at);
                self.start_block();
            }
            (Phase::Answering, Tag::AnswerClose) if self.in_answer => {
                self.in_answer = false;
                sink.answer_closes();
                self.start_block();
            }
            _ => self.text(tag.as_str(), at, sink),
        }
    }

    /// An answer about chat templates may well name the tag; it then stands in quotes. In an
    /// `<answer>` block it is always text.
    fn is_quoted(&self) -> bool {
        let after_quote = !self.fresh
            && self.held.is_empty()
            && matches!(self.last, '`' | '"' | '\'' | '“' | '‘' | '«');
        self.in_answer || after_quote
    }

    /// Outside R1-Zero's format, an answer may hold `<answer>` for its own reasons; then it does
    /// not open with it.
    fn answer_may_open(&self) -> bool {
        !self.in_answer && (self.format == Format::R1Zero || !self.answered)
    }

    fn start_block_if(&mut self, swallow: bool, tag: Tag, at: usize, sink: &mut impl Sink) {
        if swallow {
            self.start_block();
        } else {
            self.text(tag.as_str(), at, sink);
        }
    }

    fn start_block(&mut self) {
        self.fresh = true;
        self.drop_held();
    }

    fn drop_held(&mut self) {
        self.held.clear();
        self.held_lines = 0;
    }
}
