//! XTC: exclude top choices.

use super::Outcome;
use crate::rng::Lane;
use crate::select;
use crate::{Candidates, Context, Step};

/// With the chance `probability`, drops every candidate with `p ≥ threshold` except the least likely of them (of equals
/// the highest id), which forces a less obvious yet still probable choice. It needs two such candidates to act. Source:
/// oobabooga/text-generation-webui, pull request 6335, as in llama.cpp.
///
/// Its decision is drawn on a lane of its own, so that the draw of the token doesn't shift with it. Unlike the
/// original it protects no token (newline, end of text).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Xtc {
    /// The chance that it acts on a token.
    pub probability: f64,
    /// The probability from which on a candidate counts as a top choice.
    pub threshold: f64,
}

impl Step for Xtc {
    fn name(&self) -> &str {
        "xtc"
    }

    fn is_neutral(&self) -> bool {
        self.probability <= 0.0
    }

    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) -> Outcome {
        if context.uniform(Lane::XTC) >= self.probability {
            return Ok(());
        }
        let softmax = candidates.softmax();
        let line = self.threshold * softmax.total;
        // The largest key has the worst rank, and everything better than it is a top choice as well.
        let top = softmax
            .candidates
            .iter()
            .zip(softmax.weights)
            .filter(|(_, w)| f64::from(**w) >= line);
        let worst = top.map(|(c, _)| select::key(*c)).max();
        if let Some(worst) = worst {
            candidates.retain(|c| select::key(c) >= worst);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::History;
    use crate::candidates::tests::{candidates, ids};

    fn after(probability: f64, threshold: f64, row: &[f32]) -> Vec<u32> {
        let mut c = candidates(row);
        Xtc {
            probability,
            threshold,
        }
        .apply(&mut c, &Context::new(&History::new(4), 3, 5))
        .unwrap();
        ids(&c)
    }

    #[test]
    fn keeps_the_least_likely_top_choice_and_all_below() {
        let row = [0.1f32, 0.5, 0.15, 0.25].map(f32::ln);
        assert_eq!(after(1.0, 0.12, &row), [0, 2]);
        assert_eq!(after(1.0, 0.2, &row), [0, 2, 3]);
        assert_eq!(after(1.0, 0.4, &row), [0, 1, 2, 3]);
        assert_eq!(after(1.0, 0.01, &row), [0]);
        assert_eq!(after(1.0, 0.1, &[0.0; 4]), [3]);
    }

    #[test]
    fn acts_by_its_own_draw() {
        let draw = Context::new(&History::new(4), 3, 5).uniform(Lane::XTC);
        assert_eq!(after(draw + 1e-9, 0.1, &[0.0; 4]), [3]);
        assert_eq!(after(draw - 1e-9, 0.1, &[0.0; 4]), [0, 1, 2, 3]);
    }
}
