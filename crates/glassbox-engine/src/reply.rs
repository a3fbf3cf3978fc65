use crate::{Budget, Constraint, OnLoop};
use glassbox_core::PAGE;
use glassbox_sampling::{Sampled, SamplingParams};
use glassbox_text::Message;
use glassbox_trace::{Start, StopReason, Trace};
use std::time::Duration;

/// A finished reply.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reply {
    /// The reasoning in steps, the content, and the final answer.
    pub trace: Trace,
    /// Everything that was written, tags included.
    pub text: String,
    /// The tokens, with their log-probabilities where those were asked for.
    pub tokens: Vec<Sampled>,
    /// What it took.
    pub usage: Usage,
    pub(crate) origin: Origin,
    pub(crate) rules: Rules,
}

/// Where a reply comes from, so that it can be gone on from.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The prompt's ids.
    pub(crate) ids: Vec<u32>,
    /// Where the prompt leaves the model: inside its reasoning, or not.
    pub(crate) opening: Start,
    /// The conversation and the turn that was asked; `None` where there was none.
    pub(crate) turn: Option<(Vec<Message>, Message)>,
}

/// What decides a reply besides its prompt and the model.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) params: SamplingParams,
    /// Whether it is sampled through a chain of the program's own.
    pub(crate) own_chain: bool,
    pub(crate) budget: Budget,
    pub(crate) constraint: Option<Constraint>,
    pub(crate) on_loop: OnLoop,
    pub(crate) max_tokens: usize,
}

impl Reply {
    /// The content: what the model says after its reasoning. Empty when it did not get there.
    pub fn content(&self) -> &str {
        self.trace.content.as_deref().unwrap_or("")
    }

    /// The final answer, from the last `\boxed{…}`.
    pub fn answer(&self) -> Option<&str> {
        self.trace.answer.as_deref()
    }

    /// The reasoning; `None` when the model did not reason.
    pub fn reasoning(&self) -> Option<&str> {
        self.trace.reasoning.as_deref()
    }

    /// Why the reply ended.
    pub fn stop(&self) -> StopReason {
        self.trace.stop
    }
}

/// What a reply took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens that the reply started from: the prompt's, and those kept of an earlier reply.
    pub prompt_tokens: usize,
    /// Of those, the ones that were in the cache.
    pub cached_tokens: usize,
    /// Of those, the ones kept of an earlier reply, which are counted again below.
    pub kept_tokens: usize,
    /// Tokens written inside the reasoning, its closing tag included.
    pub thinking_tokens: usize,
    /// Tokens written outside it, the end token included.
    pub answer_tokens: usize,
    /// Whether the engine closed the reasoning, which may then be unfinished: for its length, for a
    /// loop, or because the model stopped inside it.
    pub thinking_cut: bool,
    /// How often a loop was taken back.
    pub chopped: usize,
    /// How often the reasoning was made to go on.
    pub waits: usize,
    /// Tokens that were guessed, to be computed in one batch.
    pub drafted_tokens: usize,
    /// Of those, the ones that were right.
    pub accepted_tokens: usize,
    /// Positions of the context that are left.
    pub context_left: usize,
    /// Time from the start to the first token.
    pub prompt_time: Duration,
    /// Time from the first token to the last.
    pub decode_time: Duration,
}

impl Usage {
    /// Prompt tokens computed in a second, those in the cache left out.
    pub fn prompt_rate(&self) -> f64 {
        rate(self.prompt_tokens - self.cached_tokens, self.prompt_time)
    }

    /// Tokens of the prompt in whole pages of 64 that were in the cache, and the rest.
    pub fn hit_and_missed(&self) -> (usize, usize) {
        let hit = self.cached_tokens / PAGE * PAGE;
        (hit, self.prompt_tokens - hit)
    }

    /// Tokens written in a second, after the first.
    pub fn decode_rate(&self) -> f64 {
        let written = self.thinking_tokens + self.answer_tokens - self.kept_tokens;
        rate(written.saturating_sub(1), self.decode_time)
    }
}

fn rate(tokens: usize, time: Duration) -> f64 {
    match time.as_secs_f64() {
        0.0 => 0.0,
        seconds => tokens as f64 / seconds,
    }
}
