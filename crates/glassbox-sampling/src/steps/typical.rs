//! Locally typical sampling.

use super::Outcome;
use crate::candidates::Candidate;
use crate::{Candidates, Context, Step, math, select};

/// Keeps the candidates whose surprise is nearest to the expected one, until they sum to `p`.
///
/// With `H = −Σ p ln p`, candidates are taken by ascending `|−ln p − H|` (equals by rank) until their probabilities sum
/// to at least `p`; the one that crosses the line stays. 1 is off. Note that the best candidate may be dropped.
/// Source: Meister et al., *Locally Typical Sampling*, arXiv 2202.00666.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Typical {
    /// The sum to be reached.
    pub p: f64,
}

impl Step for Typical {
    fn name(&self) -> &str {
        "typical"
    }

    fn is_neutral(&self) -> bool {
        self.p >= 1.0
    }

    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) -> Outcome {
        if self.is_neutral() || candidates.is_empty() {
            return Ok(());
        }
        let mut found = std::mem::take(&mut candidates.deviations);
        let max = candidates.max_logit();
        let total = candidates.softmax().total;
        let log_total = libm::log(total);
        let below_max = |c: &Candidate| f64::from(c.logit) - f64::from(max);
        let weight = |c: &Candidate| f64::from(math::exp(c.logit - max));

        // H = ln(total) − Σ w · (l − max) / total: the form whose terms vanish with w, where p ln p would be 0 · inf.
        let mut expected = 0.0;
        for c in candidates.as_slice() {
            expected += weight(c) * below_max(c);
        }
        let entropy = log_total - expected / total;

        found.clear();
        found.extend(candidates.as_slice().iter().map(|c| {
            let deviation = (log_total - below_max(c) - entropy).abs();
            // Of numbers that aren't negative, the bits rank as the numbers do.
            (deviation.to_bits(), select::key(*c))
        }));
        let mut mass = 0.0;
        let n = select::sorted_until(&mut found, |(_, key)| {
            mass += weight(&select::from_key(*key));
            mass >= self.p * total
        });
        found.truncate(n.unwrap_or(found.len()));
        found.sort_unstable_by_key(|(_, key)| *key);
        candidates.become_ranked(found.iter().map(|(_, key)| *key));
        candidates.deviations = found;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::History;
    use crate::candidates::tests::{candidates, ids};

    #[test]
    fn takes_the_most_typical_first() {
        let after = |p| {
            let mut c = candidates(&[0.1f32, 0.5, 0.15, 0.25].map(f32::ln));
            Typical { p }
                .apply(&mut c, &Context::new(&History::new(4), 0, 0))
                .unwrap();
            ids(&c)
        };
        // H = 1.2080 nats. Deviations: 0.1 → 1.0946, 0.5 → 0.5149, 0.15 → 0.6891, 0.25 → 0.1783.
        assert_eq!(after(0.2), [3]);
        assert_eq!(after(0.26), [1, 3]);
        assert_eq!(after(0.76), [1, 3, 2]);
        assert_eq!(after(0.91), [1, 3, 2, 0]);
    }

    #[test]
    fn the_likeliest_token_may_go() {
        // 0.5, 0.1 and forty of 0.01: H = 2.42. Deviations: 0.5 → 1.73, 0.1 → 0.12, 0.01 → 2.19.
        let mut row = vec![0.5f32.ln(), 0.1f32.ln()];
        row.extend([0.01f32.ln(); 40]);
        let mut c = candidates(&row);
        Typical { p: 0.05 }
            .apply(&mut c, &Context::new(&History::new(42), 0, 0))
            .unwrap();
        assert_eq!(ids(&c), [1]);
    }

    #[test]
    fn vanishing_probabilities_are_no_trouble() {
        let mut c = candidates(&[0.0, f32::MIN, -800.0]);
        Typical { p: 0.9 }
            .apply(&mut c, &Context::new(&History::new(3), 0, 0))
            .unwrap();
        assert_eq!(ids(&c), [0]);
    }
}
