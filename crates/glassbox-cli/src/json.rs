//! The shapes of `--json`.

use glassbox::sampling::{Sampled, TokenLogprob};
use glassbox::text::Tokenizer;
use glassbox::{Constraint, OnLoop, Reply, SamplingParams, StopReason, Trace, Usage};
use serde::Serialize;
use std::borrow::Cow;

/// What decided a reply: with the model, the prompt and the [`Setting`], all that it takes to
/// replay it.
#[derive(Clone, Serialize)]
pub(crate) struct Params {
    #[serde(flatten)]
    pub(crate) sampling: SamplingParams,
    pub(crate) thinking: bool,
    pub(crate) max_thinking: Option<usize>,
    pub(crate) min_thinking: Option<usize>,
    pub(crate) max_answer: Option<usize>,
    pub(crate) closing: Option<String>,
    pub(crate) max_tokens: Option<usize>,
    pub(crate) on_loop: OnLoop,
    pub(crate) constraint: Option<Constraint>,
}

/// How the model was opened, and what the prompt was put into.
#[derive(Clone, Serialize)]
pub(crate) struct Setting {
    pub(crate) kv: &'static str,
    pub(crate) context: usize,
    pub(crate) raw: bool,
    pub(crate) system: Option<String>,
}

/// A reply to one question.
#[derive(Serialize)]
pub(crate) struct ReplyJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<Cow<'a, str>>,
    pub(crate) prompt: &'a str,
    pub(crate) trace: &'a Trace,
    /// Everything that was written, tags included.
    pub(crate) text: &'a str,
    pub(crate) stop: StopReason,
    pub(crate) usage: UsageJson,
    pub(crate) params: &'a Params,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) setting: Option<Setting>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<Vec<TokenJson<'a>>>,
}

#[derive(Serialize)]
pub(crate) struct UsageJson {
    prompt_tokens: usize,
    cached_tokens: usize,
    kept_tokens: usize,
    thinking_tokens: usize,
    thinking_cut: bool,
    waits: usize,
    answer_tokens: usize,
    drafted_tokens: usize,
    accepted_tokens: usize,
    prompt_s: f64,
    decode_s: f64,
    prompt_tok_s: f64,
    decode_tok_s: f64,
}

impl From<&Usage> for UsageJson {
    fn from(usage: &Usage) -> Self {
        UsageJson {
            prompt_tokens: usage.prompt_tokens,
            cached_tokens: usage.cached_tokens,
            kept_tokens: usage.kept_tokens,
            thinking_tokens: usage.thinking_tokens,
            thinking_cut: usage.thinking_cut,
            waits: usage.waits,
            answer_tokens: usage.answer_tokens,
            drafted_tokens: usage.drafted_tokens,
            accepted_tokens: usage.accepted_tokens,
            prompt_s: usage.prompt_time.as_secs_f64(),
            decode_s: usage.decode_time.as_secs_f64(),
            prompt_tok_s: usage.prompt_rate(),
            decode_tok_s: usage.decode_rate(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct TokenJson<'a> {
    id: u32,
    text: Cow<'a, str>,
    /// Null for a token that was not sampled but forced, as the end of a reasoning over budget.
    logprob: Option<f32>,
    /// Of the distribution that the log-probability is of, in nats.
    entropy: Option<f32>,
    top: Vec<AlternativeJson<'a>>,
}

#[derive(Serialize)]
struct AlternativeJson<'a> {
    id: u32,
    text: Cow<'a, str>,
    logprob: f32,
}

/// The tokens of a reply with their texts.
pub(crate) fn tokens<'a>(reply: &'a Reply, tokenizer: &'a Tokenizer) -> Vec<TokenJson<'a>> {
    let alternative = |t: &TokenLogprob| AlternativeJson {
        id: t.id,
        text: tokenizer.text_of(t.id),
        logprob: t.logprob,
    };
    let token = |t: &'a Sampled| TokenJson {
        id: t.id,
        text: tokenizer.text_of(t.id),
        logprob: t.logprob,
        entropy: t.entropy,
        top: t.top.iter().map(alternative).collect(),
    };
    reply.tokens.iter().map(token).collect()
}
