//! The streaming parser.

use crate::collector::Collector;
use crate::lexer::{Lexer, Tag};
use crate::sections::{Sections, Sink};
use crate::{Event, Marker, ParserOptions, StopReason, Trace};

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
/// Any split of an output into pieces gives the same trace, and events that put together are the
/// same. Only what may still become a tag is held back, and whitespace, because it may touch a tag.
/// No input makes the parser fail, and its work grows with the length of the output alone.
///
/// An engine calls [`push_token`](Self::push_token) once for each token that the model wrote, and
/// [`finish`](Self::finish) when it stops; to continue a reasoning that was kept or edited, it
/// first pushes that reasoning. A program that has text alone calls [`push`](Self::push), or
/// [`Trace::parse`] when it has all of it.
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

    /// Reads what one token added to the text: nothing, when its bytes are not yet a whole
    /// character.
    ///
    /// When the token is one of the two tags, `marker` says so. Its own letters may or may not be
    /// in `piece`; text before them is what earlier tokens still owed.
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

    /// Reads text that the tokens so far still owed: the stand-in for a character whose bytes the
    /// output never completed.
    pub fn push_owed(&mut self, text: &str) -> Vec<Event> {
        self.read(text);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts what the lexer and the scanner read, for outputs that hold much back, in the smallest
    /// and the largest pieces.
    #[test]
    fn work_is_linear() {
        let hostile = [
            "<",
            "<thin",
            "</think",
            " ",
            "\n",
            " \n<",
            "`",
            "\n`",
            "$",
            "\\",
            "\\[",
            "\\[ $$ ``` ",
            ". Wai",
            ". But wai",
            "? Wait, ",
            "。所",
            "\n```\n",
            "<think>",
            "</think>",
            "</think><think>a",
            "a\n\n",
            "\\boxed{",
            "{",
            "é <",
        ];
        for fragment in hostile {
            let output = fragment.repeat(20_000 / fragment.len());
            let n_chars = output.chars().count();
            for whole in [true, false] {
                let mut parser = TraceParser::new(ParserOptions::primed());
                let mut buffer = [0; 4];
                if whole {
                    parser.push(&output);
                } else {
                    output
                        .chars()
                        .for_each(|c| drop(parser.push(c.encode_utf8(&mut buffer))));
                }
                let (lexed, scanned) = (parser.lexer.work, parser.out.segmenter.work);
                assert!(
                    lexed <= 2 * output.len(),
                    "{fragment:?}: {lexed} of {}",
                    output.len()
                );
                // Blocks are joined by two line feeds, which the output need not have; a character
                // may be looked at, waited for and read.
                assert!(
                    scanned <= 4 * n_chars,
                    "{fragment:?}: {scanned} of {n_chars}"
                );
                parser.finish(StopReason::Stopped);
            }
        }
    }
}
