//! Log-probabilities of the chosen token and of the best ones.

use crate::candidates::Candidate;
use crate::{Candidates, math, select};
use serde::{Deserialize, Serialize};

/// A token and the natural logarithm of its probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TokenLogprob {
    /// The token's id.
    pub id: u32,
    /// ln of its probability; never above 0, and −inf if it has none.
    pub logprob: f32,
}

/// The chosen token's log-probability and those of the `n` best, all of one distribution.
pub(crate) struct Report {
    pub(crate) chosen: f32,
    pub(crate) entropy: f32,
    pub(crate) top: Vec<TokenLogprob>,
}

/// Log-softmax of a whole row: `(l − max) − ln Σ e^(l − max)`; and its entropy,
/// `ln Σ e^(l − max) − Σ e^(l − max) · (l − max) / Σ e^(l − max)`.
pub(crate) fn of_model(logits: &[f32], max: f32, chosen: u32, n: usize) -> Report {
    let row = || {
        (0u32..)
            .zip(logits)
            .map(|(id, logit)| Candidate { id, logit: *logit })
    };
    let sums = math::sums(logits, |logit| *logit, max);
    report(row, max, sums, logits[chosen as usize], n)
}

/// The same of the candidates that a chain has left.
pub(crate) fn of_draw(candidates: &mut Candidates, chosen: Candidate, n: usize) -> Report {
    let max = candidates.max_logit();
    let sums = math::sums(candidates.as_slice(), |c| c.logit, max);
    let row = || candidates.as_slice().iter().copied();
    report(row, max, sums, chosen.logit, n)
}

fn report<I: Iterator<Item = Candidate>>(
    row: impl Fn() -> I,
    max: f32,
    sums: math::Sums,
    chosen: f32,
    n: usize,
) -> Report {
    let log_total = libm::log(sums.total);
    let entropy = (log_total - sums.weighted / sums.total).max(0.0) as f32;
    let logprob = |logit: f32| ((f64::from(logit) - f64::from(max)) - log_total) as f32;
    let mut top = Vec::new();
    if n > 0 {
        let mut keys = Vec::new();
        let possible = row().filter(|c| c.logit > f32::NEG_INFINITY);
        select::smallest(n, possible.map(select::key), &mut keys);
        let best = keys.into_iter().map(select::from_key);
        top.extend(best.map(|c| TokenLogprob {
            id: c.id,
            logprob: logprob(c.logit),
        }));
    }
    Report {
        chosen: logprob(chosen),
        entropy,
        top,
    }
}
