//! One step of a chain, and what it may look at.

use crate::rng::{self, Lane};
use crate::{Candidates, History};
use std::error::Error;

/// Changes logits or drops candidates, one idea a step.
///
/// A step takes `&self` and keeps nothing from token to token: what it does has to follow from the candidates and the
/// context alone. That is what makes a draw repeatable when a decode step is cancelled, speculated on or tried again.
pub trait Step: Send + Sync {
    /// Its name, unique in a chain: programs insert their own steps before or after a name, and errors say it.
    fn name(&self) -> &str;

    /// Works on the candidates.
    ///
    /// # Errors
    /// Whatever the step's own work may meet; the sampler wraps it in
    /// [`SamplingError::Step`](crate::SamplingError::Step). Leaving no candidate, or giving one NaN or +inf, is an
    /// error as well, which the sampler finds by itself.
    fn apply(
        &self,
        candidates: &mut Candidates,
        context: &Context<'_>,
    ) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// True if the step's settings make it do nothing, whatever the candidates. The sampler then skips it.
    fn is_neutral(&self) -> bool {
        false
    }

    /// True if the step does nothing but keep the best candidate, the lowest id among equals. When a chain consists of
    /// such a step alone, the sampler finds that token in one pass over the logits.
    fn is_argmax(&self) -> bool {
        false
    }
}

/// What a step may look at besides the candidates.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Context<'a> {
    /// The tokens before the one to be chosen.
    pub history: &'a History,
    /// The absolute position of the token to be chosen, which is what randomness depends on.
    pub pos: u64,
    /// The request's seed.
    pub seed: u64,
}

impl<'a> Context<'a> {
    /// A context, as for a test of a step.
    pub fn new(history: &'a History, pos: u64, seed: u64) -> Self {
        Self { history, pos, seed }
    }

    /// A number uniform on `[0, 1)`, the same whenever it's asked for at this position on this lane.
    pub fn uniform(&self, lane: Lane) -> f64 {
        rng::uniform(self.seed, self.pos, lane)
    }
}
