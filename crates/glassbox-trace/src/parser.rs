//! The streaming parser.

use crate::boxed::last_boxed_at;
use crate::cues::classify;
use crate::lexer::{Lexer, Tag};
use crate::sections::{Sections, Sink};
use crate::segment::Segmenter;
use crate::tokens::TokenMap;
use crate::{Event, Marker, Note, NoteKind, ParserOptions, Span, Step, StopReason, Trace};
use std::ops::Range;

/// Which side of the closing tag the output is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Inside the reasoning.
    Thinking,
    /// In the content: a grammar that binds the answer starts here.
    Answering,
}

/// Turns the output of a model, piece by piece, into [`Event`]s and, at its end, into a [`Trace`].
///
/// Any split of an output into pieces gives the same trace, and events that put together are the same. Only what may still become a
/// tag is held back, and whitespace, because it may touch a tag. No input makes the parser fail, and its work grows with
/// the length of the output alone.
///
/// An engine calls [`push_token`](Self::push_token) once for each token that the model wrote, and [`finish`](Self::finish) when
/// it stops; to continue a reasoning that was kept or edited, it first pushes that reasoning. A program that has text
/// alone calls [`push`](Self::push), or [`Trace::parse`] when it has all of it.
#[derive(Debug)]
pub struct TraceParser {
    lexer: Lexer,
    sections: Sections,
    out: Collector,
}

/// What [`TraceParser::finish`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// The last events; [`Event::Done`] ends them.
    pub events: Vec<Event>,
    /// The whole output, read.
    pub trace: Trace,
}

impl TraceParser {
    /// A parser of one output.
    pub fn new(options: ParserOptions) -> Self {
        let sections = Sections::new(options);
        let mut out = Collector::new();
        if sections.phase() == Phase::Thinking {
            out.reasoning_opens();
        }
        Self {
            lexer: Lexer::new(options),
            sections,
            out,
        }
    }

    /// Reads more text, whose tokens are not known. From then on, steps have no token spans.
    pub fn push(&mut self, text: &str) -> Vec<Event> {
        if !text.is_empty() {
            self.out.tokens.lose();
        }
        self.read(text);
        self.out.take_events()
    }

    /// Reads what one token added to the text: nothing, when its bytes are not yet a whole character.
    ///
    /// When the token is one of the two tags, `marker` says so. Its own letters may or may not be in `piece`; text before them is what
    /// earlier tokens still owed.
    pub fn push_token(&mut self, piece: &str, marker: Option<Marker>) -> Vec<Event> {
        let tag = marker.map(Tag::from);
        let text = tag
            .and_then(|tag| piece.strip_suffix(tag.as_str()))
            .unwrap_or(piece);
        let end = self.lexer.pos() + text.len() + tag.map_or(0, |tag| tag.as_str().len());
        self.out.tokens.push(end);
        self.read(text);
        if let Some(tag) = tag {
            self.flush();
            let at = self.lexer.skip_marker(tag);
            self.sections.marker(tag, at, &mut self.out);
        }
        self.out.take_events()
    }

    /// Whether the output is in the reasoning or in the content, as far as it has been read.
    pub fn phase(&self) -> Phase {
        self.sections.phase()
    }

    /// The output has ended. What was held back is text now, except for whitespace.
    pub fn finish(mut self, stop: StopReason) -> Finished {
        self.flush();
        self.sections.finish(&mut self.out);
        let closed = self.out.reasoned && self.sections.phase() == Phase::Answering;
        self.out.reasoning_closes();
        self.out.events.push(Event::Done(stop));
        let events = self.out.take_events();
        Finished {
            events,
            trace: self.out.into_trace(closed, stop),
        }
    }

    fn read(&mut self, text: &str) {
        let Self {
            lexer,
            sections,
            out,
        } = self;
        lexer.push(text, |lexeme, at| sections.take(lexeme, at, out));
    }

    fn flush(&mut self) {
        let Self {
            lexer,
            sections,
            out,
        } = self;
        lexer.flush(|lexeme, at| sections.take(lexeme, at, out));
    }
}

/// Gathers events and the trace from the sections.
#[derive(Debug)]
struct Collector {
    events: Vec<Event>,
    reasoned: bool,
    segmenter: Segmenter,
    steps: Vec<Step>,
    content: String,
    /// Where the `<answer>` block that is open starts: in the output, and in the content.
    answer_open: Option<(usize, usize)>,
    /// The last `<answer>` block that was closed, in the content.
    answer: Option<Range<usize>>,
    notes: Vec<Note>,
    tokens: TokenMap,
    /// Where each block of reasoning starts, in the reasoning and in the output. Within a block both advance alike.
    blocks: Vec<(usize, usize)>,
}

impl Sink for Collector {
    fn text(&mut self, phase: Phase, text: &str, at: usize, first: bool) {
        let so_far = match phase {
            Phase::Thinking => self.segmenter.text(),
            Phase::Answering => &self.content,
        };
        if first && !so_far.is_empty() {
            self.append(phase, "\n\n");
        }
        if first && phase == Phase::Thinking {
            self.blocks.push((self.segmenter.text().len(), at));
        }
        self.append(phase, text);
    }

    fn blank_line(&mut self) {
        self.segmenter.blank_line();
        self.collect_steps();
    }

    fn reasoning_opens(&mut self) {
        self.reasoned = true;
        self.note_unclosed_answer();
    }

    fn reasoning_closes(&mut self) {
        self.segmenter.end_block();
        self.collect_steps();
    }

    fn answer_opens(&mut self, at: usize) {
        self.answer_open = Some((at, self.content.len()));
    }

    fn answer_closes(&mut self) {
        self.answer = self
            .answer_open
            .take()
            .map(|(_, start)| start..self.content.len());
    }

    fn note(&mut self, kind: NoteKind, at: usize) {
        self.notes.push(Note::new(kind, at));
    }
}

impl Collector {
    fn new() -> Self {
        Self {
            events: Vec::new(),
            reasoned: false,
            segmenter: Segmenter::new(),
            steps: Vec::new(),
            content: String::new(),
            answer_open: None,
            answer: None,
            notes: Vec::new(),
            tokens: TokenMap::default(),
            blocks: Vec::new(),
        }
    }

    fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn append(&mut self, phase: Phase, text: &str) {
        match (phase, self.events.last_mut()) {
            (Phase::Thinking, Some(Event::Thinking(last)))
            | (Phase::Answering, Some(Event::Answer(last))) => last.push_str(text),
            (Phase::Thinking, _) => self.events.push(Event::Thinking(text.to_owned())),
            (Phase::Answering, _) => self.events.push(Event::Answer(text.to_owned())),
        }
        match phase {
            Phase::Answering => self.content.push_str(text),
            Phase::Thinking => {
                self.segmenter.push(text);
                self.collect_steps();
            }
        }
    }

    fn collect_steps(&mut self) {
        for bytes in self.segmenter.take_done() {
            let text = self.segmenter.text()[bytes.clone()].to_owned();
            let tokens = self
                .tokens
                .span(self.output_offset(bytes.start)..self.output_offset(bytes.end));
            let step = Step {
                index: self.steps.len(),
                kind: classify(&text),
                text,
                bytes: Span::from(bytes),
                tokens,
            };
            self.steps.push(step.clone());
            self.events.push(Event::Step(step));
        }
    }

    /// Where a byte of the reasoning, or the end of its text, lies in the output.
    fn output_offset(&self, reasoning: usize) -> usize {
        let block = self
            .blocks
            .partition_point(|&(start, _)| start <= reasoning);
        let (start, output) = block
            .checked_sub(1)
            .map_or((0, 0), |block| self.blocks[block]);
        output + (reasoning - start)
    }

    fn note_unclosed_answer(&mut self) {
        if let Some((at, _)) = self.answer_open.take() {
            self.note(NoteKind::UnclosedAnswer, at);
        }
    }

    fn into_trace(mut self, closed: bool, stop: StopReason) -> Trace {
        self.note_unclosed_answer();
        let answer = self.find_answer();
        Trace {
            reasoning: self.reasoned.then(|| self.segmenter.into_text()),
            content: (!self.content.is_empty()).then_some(self.content),
            closed,
            steps: self.steps,
            answer,
            notes: self.notes,
            stop,
        }
    }

    /// A box in the `<answer>` block, or the block itself; else a box in the content; else one in the reasoning.
    fn find_answer(&mut self) -> Option<String> {
        if let Some(block) = self.answer.clone().map(|range| self.content[range].trim())
            && !block.is_empty()
        {
            return Some(crate::last_boxed(block).unwrap_or(block).to_owned());
        }
        if let Some(content) = crate::last_boxed(&self.content) {
            return Some(content.to_owned());
        }
        let (at, answer) = last_boxed_at(self.segmenter.text())?;
        let (at, answer) = (self.output_offset(at), answer.to_owned());
        self.note(NoteKind::AnswerInReasoning, at);
        Some(answer)
    }
}
