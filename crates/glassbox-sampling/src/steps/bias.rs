//! Logit bias.

use super::Outcome;
use crate::math::to_finite;
use crate::{Candidates, Context, Step};
use std::collections::BTreeMap;

/// `l += bias` for the tokens listed; −inf forbids a token. Source: OpenAI's API, `logit_bias`.
///
/// The bias comes first in the default chain, so that what it forbids can take no part in anything that follows.
#[derive(Debug, Clone, PartialEq)]
pub struct LogitBias {
    /// The bias of each token.
    pub bias: BTreeMap<u32, f64>,
}

impl Step for LogitBias {
    fn name(&self) -> &str {
        "logit_bias"
    }

    fn is_neutral(&self) -> bool {
        self.bias.values().all(|b| *b == 0.0)
    }

    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) -> Outcome {
        let biased = |bias: f64| {
            move |logit: f32| {
                if bias == f64::NEG_INFINITY {
                    f32::NEG_INFINITY
                } else {
                    to_finite(f64::from(logit) + bias)
                }
            }
        };
        candidates.update_all(self.bias.iter().map(|(id, bias)| (*id, biased(*bias))));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::History;
    use crate::candidates::tests::{candidates, ids, logits};

    #[test]
    fn adds_and_forbids() {
        let step = LogitBias {
            bias: [(0, -0.5), (1, f64::NEG_INFINITY), (3, 2.0), (77, 1.0)].into(),
        };
        let mut c = candidates(&[1.0, 9.0, 3.0, 4.0]);
        step.apply(&mut c, &Context::new(&History::new(4), 0, 0))
            .unwrap();
        assert_eq!((ids(&c), logits(&c)), (vec![0, 2, 3], vec![0.5, 3.0, 6.0]));
        assert!(!step.is_neutral());
        assert!(
            LogitBias {
                bias: [(1, 0.0)].into()
            }
            .is_neutral()
        );
    }
}
