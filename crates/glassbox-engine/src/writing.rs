use crate::budget::{Limits, Standing, Verdict};
use crate::constraint::Bound;
use crate::guess::{Guess, Guesser};
use crate::loops::{Cure, Loops};
use crate::reply::{Origin, Rules};
use crate::{Cancel, Engine, EngineError, Event, Reply, Usage};
use glassbox_sampling::{Candidates, Sampled, Sampler};
use glassbox_text::{Detokenizer, Show, Tokenizer};
use glassbox_trace::{
    Marker, Markers, ParserOptions, Phase, Start as Opening, StopReason, Trace, TraceParser,
};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a reply starts from.
pub(crate) struct Start {
    pub(crate) origin: Origin,
    /// Tokens of the reply that are there already.
    pub(crate) kept: Vec<Sampled>,
    pub(crate) sampler: Sampler,
    pub(crate) rules: Rules,
    pub(crate) guess: Guess,
    pub(crate) cancel: Cancel,
}

/// A reply that is being written: everything but the pages of its sequence.
///
/// It wants the logits after [`ids`](Self::ids), [`take`](Self::take)s them, and is one or more
/// tokens longer then, or has ended.
pub(crate) struct Writing {
    engine: Engine,
    tokenizer: Tokenizer,
    detokenizer: Detokenizer,
    /// `None` once the reply has ended.
    parser: Option<TraceParser>,
    pub(crate) events: VecDeque<Event>,
    candidates: Candidates,
    /// The prompt and what is written.
    ids: Vec<u32>,
    origin: Origin,
    rules: Rules,
    sampler: Sampler,
    limits: Limits,
    guesser: Guesser,
    bound: Option<Bound>,
    loops: Loops,
    cure: Option<Cure>,
    pub(crate) cancel: Cancel,
    text: String,
    tokens: Vec<Sampled>,
    usage: Usage,
    began: Instant,
    first: Option<Instant>,
    trace: Trace,
}

impl Writing {
    pub(crate) fn new(engine: Engine, start: Start) -> Result<Self, EngineError> {
        let tokenizer = engine.tokenizer()?.clone();
        let bound = start.rules.constraint.as_ref();
        let bound = bound.map(|c| Bound::new(&engine, c)).transpose()?;
        let mut writing = Writing {
            engine,
            bound,
            detokenizer: Detokenizer::new(tokenizer.clone(), Show::Text),
            parser: Some(parser(&tokenizer, start.origin.opening)),
            tokenizer,
            events: VecDeque::new(),
            candidates: Candidates::default(),
            ids: start.origin.ids.clone(),
            guesser: Guesser::new(&start.guess, &start.origin, &start.rules),
            origin: start.origin,
            sampler: start.sampler,
            limits: Limits::new(start.rules.budget.clone()),
            loops: Loops::new(start.rules.on_loop),
            cure: None,
            rules: start.rules,
            cancel: start.cancel,
            text: String::new(),
            tokens: Vec::new(),
            usage: Usage::default(),
            began: Instant::now(),
            first: None,
            trace: Trace::default(),
        };
        writing.usage.kept_tokens = start.kept.len();
        for sampled in start.kept {
            writing.write(sampled)?;
        }
        // Whoever kept them knows them.
        writing.events.clear();
        writing.usage.prompt_tokens = writing.ids.len();
        writing.first = None;
        Ok(writing)
    }

    /// The prompt and what is written. The last is always without its keys and values.
    pub(crate) fn ids(&self) -> &[u32] {
        &self.ids
    }

    pub(crate) fn tokens(&self) -> &[Sampled] {
        &self.tokens
    }

    pub(crate) fn n_tokens(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.parser.is_none()
    }

    /// Notes how many tokens of the prompt were in the cache.
    pub(crate) fn began_with(&mut self, cached: usize) {
        self.usage.cached_tokens = cached;
    }

    /// Ends the reply if there is no place for another token.
    pub(crate) fn end_if_full(&mut self) {
        if self.is_full() {
            self.end(StopReason::Length);
        }
    }

    fn is_full(&self) -> bool {
        self.tokens.len() >= self.rules.max_tokens || self.ids.len() >= self.engine.context()
    }

    /// Tokens that may come next.
    pub(crate) fn draft(&mut self) -> Vec<u32> {
        let room = self.engine.context().saturating_sub(self.ids.len() + 1);
        let room = room.min(self.rules.max_tokens.saturating_sub(self.tokens.len() + 1));
        self.guesser.draft(&self.ids, room)
    }

    /// Tells how a step with a draft went.
    pub(crate) fn learn(&mut self, drafted: usize, written: usize, took: Duration) {
        self.usage.drafted_tokens += drafted;
        self.usage.accepted_tokens += written.saturating_sub(1).min(drafted);
        self.guesser.learn(drafted, written, took);
    }

    /// Writes what the logits after the last token, and the budget, say.
    pub(crate) fn take(&mut self, logits: &[f32]) -> Result<(), EngineError> {
        self.end_if_full();
        if self.has_ended() {
            return Ok(());
        }
        let sampled = self.sample(&logits[..self.engine.vocab()])?;
        let standing = Standing {
            phase: self.phase(),
            thinking_tokens: self.usage.thinking_tokens,
            answer_tokens: self.usage.answer_tokens,
            text: &self.text,
        };
        match self
            .limits
            .verdict(sampled.id, &standing, &self.tokenizer)?
        {
            Verdict::Write => self.write(sampled)?,
            Verdict::Continue(ids) => {
                self.usage.waits += 1;
                self.force(ids)?;
            }
            Verdict::Close(ids) => self.close(ids)?,
            Verdict::End => self.end(StopReason::Length),
        }
        match self.cure.take() {
            Some(cure) if self.parser.is_some() && self.phase() == Phase::Thinking => {
                self.apply(cure)
            }
            _ => Ok(()),
        }
    }

    fn close(&mut self, ids: Vec<u32>) -> Result<(), EngineError> {
        self.usage.thinking_cut = true;
        self.force(ids)
    }

    fn apply(&mut self, cure: Cure) -> Result<(), EngineError> {
        if let Cure::Chop(token) = cure
            && token >= self.usage.kept_tokens
        {
            return self.chop(token);
        }
        let ids = self.limits.closing(&self.text, &self.tokenizer)?;
        self.close(ids)
    }

    /// Takes back everything from a token on, which may not come there again.
    fn chop(&mut self, token: usize) -> Result<(), EngineError> {
        let n_prompt = self.origin.ids.len();
        let kept = self.tokens[..token].to_vec();
        self.loops.chop(n_prompt + token, self.tokens[token].id);
        self.usage.chopped = self.loops.chopped();
        (self.usage.thinking_tokens, self.usage.answer_tokens) = (0, 0);
        self.parser = Some(parser(&self.tokenizer, self.origin.opening));
        self.detokenizer = Detokenizer::new(self.tokenizer.clone(), Show::Text);
        self.guesser.forget();
        self.text.clear();
        self.tokens.clear();
        self.ids.truncate(n_prompt);
        self.sampler.truncate(n_prompt)?;
        let told = std::mem::take(&mut self.events);
        for sampled in kept {
            self.write(sampled)?;
        }
        self.cure = None;
        let again = std::mem::replace(&mut self.events, told);
        let (mut reasoning, mut steps) = (0, 0);
        for event in again {
            match event {
                Event::Thinking(text) => reasoning += text.len(),
                Event::Step(_) => steps += 1,
                _ => {}
            }
        }
        self.events.push_back(Event::Chopped { reasoning, steps });
        Ok(())
    }

    fn sample(&mut self, logits: &[f32]) -> Result<Sampled, EngineError> {
        let (pos, scratch) = (self.ids.len() as u64, &mut self.candidates);
        Ok(match &mut self.bound {
            Some(bound) if self.parser.as_ref().is_some_and(is_answering) => {
                let may_think = self.tokens.is_empty() && self.origin.opening == Opening::Outside;
                let allowed = bound.allowed(&self.tokenizer, may_think)?;
                self.sampler.sample_among(logits, pos, scratch, &allowed)?
            }
            _ if self.loops.forbids(self.ids.len()) => {
                let allowed = |id| self.loops.allows(self.ids.len(), id);
                self.sampler.sample_among(logits, pos, scratch, &allowed)?
            }
            _ => self.sampler.sample(logits, pos, scratch)?,
        })
    }

    /// Writes `ids`, whatever the model says.
    fn force(&mut self, ids: Vec<u32>) -> Result<(), EngineError> {
        for id in ids {
            if self.is_full() {
                break;
            }
            self.write(Sampled::given(id))?;
        }
        Ok(())
    }

    fn phase(&self) -> Phase {
        self.parser
            .as_ref()
            .map_or(Phase::Answering, TraceParser::phase)
    }

    fn write(&mut self, sampled: Sampled) -> Result<(), EngineError> {
        let id = sampled.id;
        self.sampler.accept(id)?;
        if let Some(bound) = &mut self.bound
            && self.parser.as_ref().is_some_and(is_answering)
        {
            bound.accept(id, &self.tokenizer)?;
        }
        self.tokens.push(sampled);
        self.ids.push(id);
        match self.phase() {
            Phase::Thinking => self.usage.thinking_tokens += 1,
            _ => self.usage.answer_tokens += 1,
        }
        self.usage.context_left = self.engine.context().saturating_sub(self.ids.len());
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
            for event in parser.push_token(piece, marker) {
                if let Event::Step(step) = &event
                    && let Some(cure) = self.loops.push(step)
                {
                    self.cure = Some(cure);
                }
                self.events.push_back(event);
            }
        }
        Ok(())
    }

    /// Ends the reply, once.
    pub(crate) fn end(&mut self, stop: StopReason) {
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

    /// Ends the reply by an error, which is the last that is heard of it.
    pub(crate) fn fail(&mut self) {
        self.end(StopReason::Failed);
        self.events.clear();
    }

    /// What was written. A reply that had not ended is one that was cancelled.
    pub(crate) fn finish(mut self) -> Reply {
        self.end(StopReason::Cancelled);
        Reply {
            trace: self.trace,
            text: self.text,
            tokens: self.tokens,
            usage: self.usage,
            origin: self.origin,
            rules: self.rules,
        }
    }
}

fn is_answering(parser: &TraceParser) -> bool {
    parser.phase() == Phase::Answering
}

/// The parser of a reply that opens there.
fn parser(tokenizer: &Tokenizer, opening: Opening) -> TraceParser {
    let mut options = ParserOptions::new().with_start(opening);
    let roles = tokenizer.roles();
    if roles.think_open.is_some() && roles.think_close.is_some() {
        options = options.with_markers(Markers::Tokens);
    }
    TraceParser::new(options)
}
