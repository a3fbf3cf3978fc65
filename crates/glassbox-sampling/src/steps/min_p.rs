//! Min-p.

use super::Outcome;
use crate::{Candidates, Context, Step};

/// Keeps the candidates with `p ≥ min_p · p_max`, that is `l ≥ l_max + ln(min_p)`: which needs no softmax. 0 is off.
/// Source: Nguyen et al., *Turning Up the Heat: Min-p Sampling*, arXiv 2407.01082.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinP {
    /// The fraction of the best candidate's probability.
    pub min_p: f64,
}

impl Step for MinP {
    fn name(&self) -> &str {
        "min_p"
    }

    fn is_neutral(&self) -> bool {
        self.min_p <= 0.0
    }

    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) -> Outcome {
        if self.is_neutral() {
            return Ok(());
        }
        let lowest = f64::from(candidates.max_logit()) + libm::log(self.min_p);
        candidates.retain(|c| f64::from(c.logit) >= lowest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::History;
    use crate::candidates::tests::{candidates, ids};

    #[test]
    fn keeps_a_fraction_of_the_best() {
        let after = |min_p| {
            let mut c = candidates(&[0.1f32, 0.5, 0.15, 0.25].map(f32::ln));
            MinP { min_p }
                .apply(&mut c, &Context::new(&History::new(4), 0, 0))
                .unwrap();
            ids(&c)
        };
        // The lines are at 0.05, 0.125, 0.255 and 0.5.
        assert_eq!(after(0.1), [0, 1, 2, 3]);
        assert_eq!(after(0.25), [1, 2, 3]);
        assert_eq!(after(0.51), [1]);
        assert_eq!(after(1.0), [1]);
    }
}
