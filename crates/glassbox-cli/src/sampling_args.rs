use crate::constraint_args::ConstraintArgs;
use crate::exit::Usage;
use crate::json::Params;
use clap::Args;
use glassbox::{Ask, Budget, OnLoop, SamplingParams, Thinking};
use std::hash::{BuildHasher, Hasher};
use std::str::FromStr;

/// How a reply is written: the R1 usage notes where nothing is said.
#[derive(Args, Clone)]
pub(crate) struct SamplingArgs {
    /// Whether the model reasons, or after how many tokens its reasoning is closed; 0 is off
    #[arg(long, value_name = "on|off|N", default_value = "on")]
    pub(crate) think: Think,
    /// Lets the reasoning go on with "Wait" where it would close after fewer tokens
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    min_thinking: Option<usize>,
    /// A sentence that is added to a reasoning before it is closed for its length
    #[arg(long, value_name = "TEXT")]
    closing: Option<String>,
    /// Ends the reply after this many tokens of answer; 8,192 where left out
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_answer: Option<usize>,
    /// Divides the logits; 0 always takes the most likely token
    #[arg(
        long,
        value_name = "T",
        default_value_t = 0.6,
        allow_negative_numbers = true
    )]
    pub(crate) temperature: f64,
    /// Samples from the fewest best tokens whose probabilities reach this sum
    #[arg(
        long,
        value_name = "P",
        default_value_t = 0.95,
        allow_negative_numbers = true
    )]
    top_p: f64,
    /// Samples from this many of the best tokens; 0 is off
    #[arg(
        long,
        value_name = "K",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    top_k: u32,
    /// Drops tokens below this fraction of the best one's probability; 0 is off
    #[arg(
        long,
        value_name = "P",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    min_p: f64,
    /// The same seed gives the same reply; a random one where left out, which is reported
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Ends the reply after this many tokens, thinking included
    #[arg(short = 'n', long, value_name = "N", allow_negative_numbers = true)]
    max_tokens: Option<usize>,
    /// What is done about a reasoning that says the same again and again: nothing, close it so that
    /// an answer follows, or take it back this many times
    #[arg(long, value_name = "report|close|N", default_value = "report", value_parser = on_loop)]
    on_loop: OnLoop,
    #[command(flatten)]
    constraint: ConstraintArgs,
}

fn on_loop(text: &str) -> Result<OnLoop, &'static str> {
    match (text, text.parse()) {
        ("report", _) => Ok(OnLoop::Report),
        ("close", _) => Ok(OnLoop::Close),
        (_, Ok(times @ 1..=100)) => Ok(OnLoop::Chop(times)),
        _ => Err("expected report, close or 1 to 100"),
    }
}

/// `on`, `off`, or the most tokens of a reasoning.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Think {
    On,
    Off,
    AtMost(usize),
}

impl FromStr for Think {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.parse()) {
            ("on", _) => Ok(Think::On),
            ("off", _) | (_, Ok(0)) => Ok(Think::Off),
            (_, Ok(tokens)) => Ok(Think::AtMost(tokens)),
            (_, Err(_)) => Err("expected on, off or a number of tokens"),
        }
    }
}

impl SamplingArgs {
    /// The parameters of one reply, checked as far as that needs no model, with a seed of its own
    /// unless one was given.
    pub(crate) fn params(&self, logprobs: Option<u32>) -> anyhow::Result<Params> {
        let params = Params {
            sampling: SamplingParams {
                temperature: self.temperature,
                top_p: self.top_p,
                top_k: self.top_k,
                min_p: self.min_p,
                seed: self.seed.unwrap_or_else(random_seed),
                logprobs,
                ..SamplingParams::default()
            },
            thinking: self.think != Think::Off,
            max_thinking: match self.think {
                Think::AtMost(tokens) => Some(tokens),
                _ => None,
            },
            min_thinking: self.min_thinking,
            max_answer: self.max_answer,
            closing: self.closing.clone(),
            max_tokens: self.max_tokens,
            on_loop: self.on_loop,
            constraint: self.constraint.get()?,
        };
        let wrong = |error: &dyn std::error::Error| Usage(error.to_string());
        params
            .sampling
            .validate(u32::MAX as usize)
            .map_err(|e| wrong(&e))?;
        glassbox::check_limits(params.max_tokens, &params.budget()).map_err(|e| wrong(&e))?;
        Ok(params)
    }
}

impl Params {
    /// How long the reply may be, but for `max_tokens`.
    pub(crate) fn budget(&self) -> Budget {
        let mut budget = Budget::default();
        budget.max_thinking = self.max_thinking.unwrap_or(budget.max_thinking);
        budget.min_thinking = self.min_thinking.unwrap_or(budget.min_thinking);
        budget.max_answer = self.max_answer.unwrap_or(budget.max_answer);
        budget.closing = self.closing.clone().unwrap_or(budget.closing);
        budget
    }

    /// `ask` with these parameters.
    pub(crate) fn apply<'s>(&self, mut ask: Ask<'s>) -> Ask<'s> {
        ask = ask
            .sampling(self.sampling.clone())
            .budget(self.budget())
            .on_loop(self.on_loop)
            .constrain(self.constraint.clone())
            .thinking(match self.thinking {
                true => Thinking::On,
                false => Thinking::Off,
            });
        if let Some(tokens) = self.max_tokens {
            ask = ask.max_tokens(tokens);
        }
        ask
    }
}

/// 32 bits are enough to vary a reply, short enough to type, and exact in every JSON reader.
fn random_seed() -> u64 {
    // The standard library keys its hash maps by the system's random numbers.
    let random = std::hash::RandomState::new().build_hasher().finish();
    random >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinking_is_on_off_or_limited() {
        let parsed = ["on", "off", "0", "12"].map(|text| text.parse());
        let expected = [Think::On, Think::Off, Think::Off, Think::AtMost(12)];
        assert_eq!(parsed, expected.map(Ok));
        for wrong in ["", "-1", "ON", "1.5", "99999999999999999999"] {
            assert!(wrong.parse::<Think>().is_err(), "{wrong}");
        }
    }
}
