//! Top-p.

use super::Outcome;
use crate::{Candidates, Context, Step};

/// Keeps the fewest best candidates whose probabilities sum to at least `p`: the one that crosses the line stays, and so
/// at least one does. 1 is off. Source: Holtzman et al., *The Curious Case of Neural Text Degeneration*,
/// arXiv 1904.09751, §3.1.
///
/// The vocabulary is not sorted for it. Of `n` candidates those below `(1 − p) / n` sum to less than `1 − p`, so that
/// the rest reaches `p` without them; only the rest (with a factor of two to spare for rounding) is ranked, and of
/// that only as much as it takes to reach `p`. The result is that of a full sort, to the bit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TopP {
    /// The sum to be reached.
    pub p: f64,
}

impl Step for TopP {
    fn name(&self) -> &str {
        "top_p"
    }

    fn is_neutral(&self) -> bool {
        self.p >= 1.0
    }

    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) -> Outcome {
        if self.is_neutral() || candidates.is_empty() {
            return Ok(());
        }
        let total = candidates.softmax().total;
        let hint = 0.5 * (1.0 - self.p) * total / candidates.len() as f64;
        candidates.keep_mass(self.p * total, hint);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidates::tests::{candidates, ids};
    use crate::{History, math};
    use proptest::prelude::*;

    fn after(p: f64, row: &[f32]) -> Vec<u32> {
        let mut c = candidates(row);
        TopP { p }
            .apply(&mut c, &Context::new(&History::new(row.len()), 0, 0))
            .unwrap();
        ids(&c)
    }

    #[test]
    fn keeps_the_token_that_crosses_the_line() {
        // Probabilities 0.1, 0.5, 0.15, 0.25.
        let row = [0.1f32, 0.5, 0.15, 0.25].map(f32::ln);
        assert_eq!(after(0.4, &row), [1]);
        assert_eq!(after(0.51, &row), [1, 3]);
        assert_eq!(after(0.8, &row), [1, 3, 2]);
        assert_eq!(after(0.95, &row), [1, 3, 2, 0]);
        assert_eq!(after(f64::MIN_POSITIVE, &row), [1]);
    }

    #[test]
    fn equal_tokens_are_taken_by_id() {
        assert_eq!(after(0.5, &[1.0; 8]), [0, 1, 2, 3]);
        assert_eq!(after(0.5 + 1e-9, &[1.0; 8]), [0, 1, 2, 3, 4]);
    }

    proptest! {
        #[test]
        fn equals_a_full_sort(
            row in prop::collection::vec(-6.0f32..6.0, 1..3000),
            scale in prop::sample::select(vec![0.0f32, 0.01, 1.0, 5.0]),
            p in prop_oneof![0.0001f64..0.9999, Just(1.0 - 1e-16)],
        ) {
            let row: Vec<f32> = row.iter().map(|l| (l * 10.0).round() * scale + 0.0).collect();
            let mut ranked: Vec<(u32, f32)> = (0u32..).zip(row.iter().copied()).collect();
            ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            let max = ranked[0].1;
            let total = math::sums(&row, |logit| *logit, max).total;
            let (mut mass, mut expected) = (0.0, Vec::new());
            for (id, l) in ranked {
                expected.push(id);
                mass += f64::from(math::exp(l - max));
                if mass >= p * total {
                    break;
                }
            }
            let got = after(p, &row);
            prop_assert_eq!(got, expected);
        }
    }
}
