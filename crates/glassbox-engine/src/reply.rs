use glassbox_sampling::Sampled;
use glassbox_trace::{StopReason, Trace};
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
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Of those, the ones that were in the cache.
    pub cached_tokens: usize,
    /// Tokens written inside the reasoning, its closing tag included.
    pub thinking_tokens: usize,
    /// Tokens written outside it, the end token included.
    pub answer_tokens: usize,
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

    /// Tokens written in a second, after the first.
    pub fn decode_rate(&self) -> f64 {
        let written = self.thinking_tokens + self.answer_tokens;
        rate(written.saturating_sub(1), self.decode_time)
    }
}

fn rate(tokens: usize, time: Duration) -> f64 {
    match time.as_secs_f64() {
        0.0 => 0.0,
        seconds => tokens as f64 / seconds,
    }
}
