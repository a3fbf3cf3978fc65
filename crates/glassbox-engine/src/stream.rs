use crate::{Cancel, EngineError, Event, Reply, Session, Usage};
use glassbox_models::ModelError;
use glassbox_sampling::{Candidates, Sampled, Sampler};
use glassbox_text::{Detokenizer, Message, Role, Show, Special, Tokenizer};
use glassbox_trace::{Marker, Markers, ParserOptions, Phase, StopReason, Trace, TraceParser};
use std::collections::VecDeque;
use std::time::Instant;

/// What a reply starts from.
pub(crate) struct Start {
    pub(crate) ids: Vec<u32>,
    /// Where the prompt leaves the model: inside its reasoning, or not.
    pub(crate) opening: glassbox_trace::Start,
    pub(crate) turn: Option<Message>,
    pub(crate) sampler: Sampler,
    /// Positions that prompt and reply may take.
    pub(crate) context: usize,
    pub(crate) max_thinking: Option<usize>,
    pub(crate) max_tokens: usize,
    pub(crate) cancel: Cancel,
}

/// A reply that is being written: an iterator of [`Event`]s, the last of which is
/// [`Event::Done`].
///
/// Each call of `next` computes until there is something to report. Dropping the stream stops it;
/// [`finish`](Self::finish) turns what was written, whole or not, into a [`Reply`].
pub struct Stream<'s> {
    session: &'s mut Session,
    start: Start,
    tokenizer: Tokenizer,
    detokenizer: Detokenizer,
    /// `None` once the reply has ended.
    parser: Option<TraceParser>,
    events: VecDeque<Event>,
    candidates: Candidates,
    logits: Vec<f32>,
    /// Tokens that are written whatever the model says: the end of a reasoning over budget.
    forced: VecDeque<u32>,
    text: String,
    tokens: Vec<Sampled>,
    usage: Usage,
    began: Instant,
    first: Option<Instant>,
    trace: Trace,
}

impl<'s> Stream<'s> {
    pub(crate) fn new(session: &'s mut Session, tokenizer: Tokenizer, start: Start) -> Self {
        let roles = tokenizer.roles();
        let mut options = ParserOptions::new().with_start(start.opening);
        if roles.think_open.is_some() && roles.think_close.is_some() {
            options = options.with_markers(Markers::Tokens);
        }
        let cached_tokens = session.sequence.keep_common(&start.ids);
        let prompt_tokens = start.ids.len();
        Stream {
            session,
            start,
            detokenizer: Detokenizer::new(tokenizer.clone(), Show::Text),
            tokenizer,
            parser: Some(TraceParser::new(options)),
            events: VecDeque::new(),
            candidates: Candidates::default(),
            logits: Vec::new(),
            forced: VecDeque::new(),
            text: String::new(),
            tokens: Vec::new(),
            usage: Usage {
                prompt_tokens,
                cached_tokens,
                ..Usage::default()
            },
            began: Instant::now(),
            first: None,
            trace: Trace::default(),
        }
    }

    /// What was written, as a reply. A reply that had not ended is one that was cancelled.
    ///
    /// The user's turn and the reply's content become part of the conversation, if there is any
    /// content and no error ended it.
    pub fn finish(mut self) -> Result<Reply, EngineError> {
        self.end(StopReason::Cancelled);
        let whole = self.trace.stop != StopReason::Failed;
        let turn = self.start.turn.take().filter(|_| whole);
        if let (Some(turn), Some(content)) = (turn, &self.trace.content) {
            self.session.messages.push(turn);
            self.session
                .messages
                .push(Message::new(Role::Assistant, content.clone()));
        }
        Ok(Reply {
            trace: self.trace,
            text: self.text,
            tokens: self.tokens,
            usage: self.usage,
        })
    }

    /// Tokens written so far.
    pub fn n_tokens(&self) -> usize {
        self.tokens.len()
    }

    /// Writes one token, or ends the reply.
    fn step(&mut self) -> Result<(), EngineError> {
        let position = self.start.ids.len() + self.tokens.len();
        if self.tokens.len() >= self.start.max_tokens || position >= self.start.context {
            self.end(StopReason::Length);
            return Ok(());
        }
        match self.compute() {
            Ok(()) => {}
            Err(EngineError::Model(ModelError::Cancelled)) => {
                self.end(StopReason::Cancelled);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let vocab = self.session.engine.vocab();
        let mut sampled = self.start.sampler.sample(
            &self.logits[..vocab],
            position as u64,
            &mut self.candidates,
        )?;
        self.close_when_over_budget()?;
        if let Some(id) = self.forced.pop_front() {
            sampled = Sampled {
                id,
                logprob: None,
                top: Vec::new(),
            };
        }
        self.write(sampled)
    }

    /// Brings the logits up to the last token: the rest of the prompt at first, then one token.
    fn compute(&mut self) -> Result<(), EngineError> {
        let sequence = &mut self.session.sequence;
        let known = sequence.ids().len();
        let last;
        let ids = match self.tokens.last() {
            None => &self.start.ids[known..],
            Some(sampled) => {
                last = [sampled.id];
                &last[..]
            }
        };
        let logits = &mut self.logits;
        sequence.extend(ids, false, &self.start.cancel, |_, row| {
            logits.clear();
            logits.extend_from_slice(row);
        })
    }

    /// Queues the end of the reasoning when it has used up its tokens.
    fn close_when_over_budget(&mut self) -> Result<(), EngineError> {
        let thinking = self.phase() == Some(Phase::Thinking);
        let over = self
            .start
            .max_thinking
            .is_some_and(|max| self.usage.thinking_tokens >= max);
        if thinking && over && self.forced.is_empty() {
            self.forced
                .extend(self.tokenizer.encode("\n</think>\n\n", Special::Parse)?);
        }
        Ok(())
    }

    fn phase(&self) -> Option<Phase> {
        self.parser.as_ref().map(TraceParser::phase)
    }

    fn write(&mut self, sampled: Sampled) -> Result<(), EngineError> {
        let id = sampled.id;
        self.start.sampler.accept(id)?;
        self.tokens.push(sampled);
        match self.phase() {
            Some(Phase::Thinking) => self.usage.thinking_tokens += 1,
            _ => self.usage.answer_tokens += 1,
        }
        self.usage.context_left = self.start.context - self.start.ids.len() - self.tokens.len();
        let now = Instant::now();
        let first = *self.first.get_or_insert(now);
        self.usage.prompt_time = first - self.began;
        self.usage.decode_time = now - first;
        let roles = self.tokenizer.roles();
        if roles.is_stop(id) {
            self.end(StopReason::Stopped);
            return Ok(());
        }
        let marker = match Some(id) {
            open if open == roles.think_open => Some(Marker::ThinkOpen),
            close if close == roles.think_close => Some(Marker::ThinkClose),
            _ => None,
        };
        let piece = self.detokenizer.push(id);
        self.text.push_str(piece);
        if let Some(parser) = &mut self.parser {
            self.events.extend(parser.push_token(piece, marker));
        }
        Ok(())
    }

    /// Ends the reply, once.
    fn end(&mut self, stop: StopReason) {
        let Some(mut parser) = self.parser.take() else {
            return;
        };
        let rest = self.detokenizer.finish();
        self.text.push_str(rest);
        self.events.extend(parser.push_owed(rest));
        let finished = parser.finish(stop);
        self.events.extend(finished.events);
        self.trace = finished.trace;
    }
}

impl Iterator for Stream<'_> {
    type Item = Result<Event, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(Ok(event));
            }
            self.parser.as_ref()?;
            if let Err(error) = self.step() {
                self.end(StopReason::Failed);
                self.events.clear();
                return Some(Err(error));
            }
        }
    }
}
