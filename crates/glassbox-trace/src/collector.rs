//! Gathers what the sections say into events and, at the end, the trace.

use crate::boxed::last_boxed_at;
use crate::cues::classify;
use crate::sections::Sink;
use crate::segment::Segmenter;
use crate::tokens::TokenMap;
use crate::{Event, Note, NoteKind, Phase, Span, Step, StopReason, Trace};
use std::ops::Range;

/// Gathers events and the trace from the sections.
#[derive(Debug)]
pub(crate) struct Collector {
    pub(crate) events: Vec<Event>,
    pub(crate) reasoned: bool,
    pub(crate) segmenter: Segmenter,
    steps: Vec<Step>,
    content: String,
    /// Where the `<answer>` block that is open starts: in the output, and in the content.
    answer_open: Option<(usize, usize)>,
    /// The last `<answer>` block that was closed, in the content.
    answer: Option<Range<usize>>,
    notes: Vec<Note>,
    pub(crate) tokens: TokenMap,
    /// Where each block of reasoning starts, in the reasoning and in the output. Within a block
    /// both advance alike.
    blocks: Vec<(usize, usize)>,
}

impl Sink for Collector {
    fn text(&mut self, phase: Phase, text: &str, at: usize, first: bool) {
        let so_far = match phase {
            Phase::Thinking => self.segmenter.text(),
            Phase::Answering => &self.content,
        };
        if first && !so_far.is_empty() {
            if phase == Phase::Thinking {
                // No step crosses blocks, nor does a code fence that the earlier one left open.
                self.reasoning_closes();
            }
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
    pub(crate) fn new() -> Self {
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

    pub(crate) fn take_events(&mut self) -> Vec<Event> {
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

    pub(crate) fn into_trace(mut self, closed: bool, stop: StopReason) -> Trace {
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

    /// A box in the `<answer>` block, or the block itself; else a box in the content; else one in
    /// the reasoning.
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
