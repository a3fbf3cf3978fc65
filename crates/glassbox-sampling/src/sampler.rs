//! The sampler of one sequence: a chain, a seed and a history.

use crate::candidates::Candidate;
use crate::logprobs::{self, TokenLogprob};
use crate::rng::Lane;
use crate::{Candidates, Chain, Context, History, LogprobsOf, SamplingError, SamplingParams, math};
use serde::{Deserialize, Serialize};

/// A chosen token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sampled {
    /// Its id.
    pub id: u32,
    /// The natural logarithm of its probability, if log-probabilities were asked for.
    pub logprob: Option<f32>,
    /// The entropy of the distribution that the log-probability is of, in nats, if those were asked for.
    pub entropy: Option<f32>,
    /// As many of the most likely tokens as were asked for, the best first; the chosen one is among them only if it
    /// is one of the best.
    pub top: Vec<TokenLogprob>,
}

impl Sampled {
    /// A token of which nothing else is known, such as one that was put in.
    pub fn given(id: u32) -> Self {
        Self {
            id,
            logprob: None,
            entropy: None,
            top: Vec::new(),
        }
    }
}

/// Chooses the tokens of one sequence.
///
/// [`sample`](Self::sample) changes nothing: it's a function of the logits, the position, the parameters and the
/// history, and so can be called again after a cancelled step, or out of order for a draft, with the same result. The
/// history grows by [`accept`](Self::accept) alone. A sampler is as small as its history; the memory that a draw needs
/// is a [`Candidates`] that sequences share, and that stops growing after the first draws.
#[derive(Debug, Clone)]
pub struct Sampler {
    chain: Chain,
    history: History,
    seed: u64,
    logprobs: Option<usize>,
    logprobs_of: LogprobsOf,
}

impl Sampler {
    /// A sampler with the default chain.
    ///
    /// `vocab` is the length of the rows of logits to come. If the model pads its vocabulary beyond the tokenizer's, pass
    /// the tokenizer's size and cut the rows to it, lest a padding row be chosen.
    ///
    /// # Errors
    /// Those of [`SamplingParams::validate`].
    pub fn new(params: &SamplingParams, vocab: usize) -> Result<Self, SamplingError> {
        Self::with_chain(params, Chain::from_params(params), vocab)
    }

    /// A sampler with a chain of the program's own. Of the parameters only `seed`, `logprobs` and `logprobs_of` are
    /// used, yet all have to be valid.
    ///
    /// # Errors
    /// Those of [`SamplingParams::validate`].
    pub fn with_chain(
        params: &SamplingParams,
        chain: Chain,
        vocab: usize,
    ) -> Result<Self, SamplingError> {
        params.validate(vocab)?;
        Ok(Self {
            chain,
            history: History::new(vocab),
            seed: params.seed,
            logprobs: params.logprobs.map(|n| n as usize),
            logprobs_of: params.logprobs_of,
        })
    }

    /// Records tokens of the prompt, for the penalties that count them. What was accepted before is part of the prompt
    /// from then on.
    ///
    /// # Errors
    /// [`SamplingError::UnknownToken`], and nothing is recorded.
    pub fn accept_prompt(&mut self, ids: &[u32]) -> Result<(), SamplingError> {
        self.history.push_prompt(ids)
    }

    /// Records a token as generated: the one sampled, or one that was put in its place.
    ///
    /// # Errors
    /// [`SamplingError::UnknownToken`].
    pub fn accept(&mut self, id: u32) -> Result<(), SamplingError> {
        self.history.push(id)
    }

    /// Forgets all but the first `len` tokens, to go on from there another way.
    ///
    /// # Errors
    /// [`SamplingError::HistoryShorter`].
    pub fn truncate(&mut self, len: usize) -> Result<(), SamplingError> {
        self.history.truncate(len)
    }

    /// The tokens recorded.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The steps.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Chooses the token for the absolute position `pos` of the sequence.
    ///
    /// The candidates that the chain leaves are walked in their order (see [`Candidates::as_slice`]) until the sum of
    /// their weights exceeds `u · Σ weights`, with `u` the draw of [`Lane::TOKEN`] at `pos`. A logit of −inf is a token
    /// that can't be chosen.
    ///
    /// # Errors
    /// [`SamplingError::LogitsLength`], [`SamplingError::InvalidLogit`] for NaN and +inf, [`SamplingError::AllExcluded`],
    /// and what the steps may meet.
    pub fn sample(
        &self,
        logits: &[f32],
        pos: u64,
        scratch: &mut Candidates,
    ) -> Result<Sampled, SamplingError> {
        self.choose(logits, pos, scratch, None)
    }

    /// As [`sample`](Self::sample), among the tokens that are `allowed`: the others are gone before
    /// the first step. Log-probabilities of the model are still those among all.
    ///
    /// # Errors
    /// [`SamplingError::NoCandidates`] of the step `allowed`, too.
    pub fn sample_among(
        &self,
        logits: &[f32],
        pos: u64,
        scratch: &mut Candidates,
        allowed: &dyn Fn(u32) -> bool,
    ) -> Result<Sampled, SamplingError> {
        self.choose(logits, pos, scratch, Some(allowed))
    }

    fn choose(
        &self,
        logits: &[f32],
        pos: u64,
        scratch: &mut Candidates,
        allowed: Option<&dyn Fn(u32) -> bool>,
    ) -> Result<Sampled, SamplingError> {
        let max = self.checked_max(logits)?;
        let short = self.chain.is_argmax() && self.logprobs_of == LogprobsOf::Model;
        let chosen = if short && allowed.is_none() {
            first_at(logits, max)
        } else {
            scratch.load(logits, max);
            if let Some(allowed) = allowed {
                scratch.retain(|candidate| allowed(candidate.id));
                if scratch.is_empty() {
                    let step = "allowed".to_owned();
                    return Err(SamplingError::NoCandidates { step });
                }
            }
            let context = Context::new(&self.history, pos, self.seed);
            self.run_chain(scratch, &context)?;
            draw(scratch, context.uniform(Lane::TOKEN))
        };
        let Some(n) = self.logprobs else {
            return Ok(Sampled::given(chosen.id));
        };
        let report = match self.logprobs_of {
            LogprobsOf::Model => logprobs::of_model(logits, max, chosen.id, n),
            LogprobsOf::Draw => logprobs::of_draw(scratch, chosen, n),
        };
        Ok(Sampled {
            id: chosen.id,
            logprob: Some(report.chosen),
            entropy: Some(report.entropy),
            top: report.top,
        })
    }

    fn checked_max(&self, logits: &[f32]) -> Result<f32, SamplingError> {
        let vocab = self.history.vocab();
        if logits.len() != vocab {
            return Err(SamplingError::LogitsLength {
                expected: vocab,
                got: logits.len(),
            });
        }
        let (max, valid) = math::max_and_valid(logits);
        if !valid {
            let bad = logits
                .iter()
                .position(|l| math::not_below_infinity(*l))
                .unwrap_or(0);
            return Err(SamplingError::InvalidLogit {
                index: bad,
                value: logits[bad],
            });
        }
        if max == f32::NEG_INFINITY {
            return Err(SamplingError::AllExcluded { vocab });
        }
        Ok(max)
    }

    fn run_chain(
        &self,
        candidates: &mut Candidates,
        context: &Context<'_>,
    ) -> Result<(), SamplingError> {
        for step in self.chain.active() {
            let name = || step.name().to_owned();
            step.apply(candidates, context)
                .map_err(|source| SamplingError::Step {
                    step: name(),
                    source,
                })?;
            if let Some(Candidate { id, logit }) = candidates.take_fault() {
                return Err(SamplingError::InvalidStepLogit {
                    step: name(),
                    id,
                    value: logit,
                });
            }
            if candidates.is_empty() {
                return Err(SamplingError::NoCandidates { step: name() });
            }
        }
        Ok(())
    }
}

/// The first token with the largest logit.
fn first_at(logits: &[f32], max: f32) -> Candidate {
    let id = logits.iter().position(|l| *l == max).unwrap_or(0);
    Candidate {
        id: id as u32,
        logit: max,
    }
}

/// Inverts the cumulative distribution at `u`. The list isn't empty.
fn draw(candidates: &mut Candidates, u: f64) -> Candidate {
    let softmax = candidates.softmax();
    let target = u * softmax.total;
    let mut mass = 0.0;
    // The walk sums in another order than the total, so that it may end a rounding error short of the target: then
    // the last token that has any weight is meant.
    let mut last = softmax.candidates[0];
    for (c, w) in softmax.candidates.iter().zip(softmax.weights) {
        mass += f64::from(*w);
        if *w > 0.0 {
            last = *c;
        }
        if mass > target {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidates::tests::candidates;

    #[test]
    fn the_draw_inverts_the_cumulative_distribution() {
        let chosen = |row: &[f32], u: f64| draw(&mut candidates(row), u).id;
        let quarters = [0.0; 4];
        let at = [0.0, 0.249, 0.25, 0.5, 0.999].map(|u| chosen(&quarters, u));
        assert_eq!(at, [0, 0, 1, 2, 3]);
    }

    #[test]
    fn a_token_without_weight_is_never_drawn() {
        assert_eq!(draw(&mut candidates(&[-200.0, 0.0]), 0.0).id, 1);
        // A u of 1 stands for a walk that rounding leaves short of its target.
        assert_eq!(draw(&mut candidates(&[0.0, -200.0]), 1.0).id, 0);
    }
}
