//! Temperature.

use super::Outcome;
use crate::{Candidates, Context, Step};

/// `l = m + (l − m) / T`, where `m` is the largest logit; `T = 0` keeps the best candidate alone (the lowest id among
/// equals).
///
/// That is `l / T` up to a constant, which softmax does not see. The usual form overflows for small `T`; this one can
/// only take a logit down, to −inf where its probability is 0 anyway, and so it has `T = 0` as its limit. Repetition
/// penalties, which do see a constant, belong before it, where the default chain has them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Temperature {
    /// The divisor; 1 is off.
    pub temperature: f64,
}

impl Step for Temperature {
    fn name(&self) -> &str {
        "temperature"
    }

    fn is_neutral(&self) -> bool {
        self.temperature == 1.0
    }

    fn is_argmax(&self) -> bool {
        self.temperature == 0.0
    }

    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) -> Outcome {
        if self.temperature == 0.0 {
            candidates.keep_best(1);
            return Ok(());
        }
        let max = f64::from(candidates.max_logit());
        // The bound keeps 0 · inf from arising; past it every difference divides to −inf as f32 all the same.
        let inverse = (1.0 / self.temperature).min(1e300);
        candidates.map_logits(|c| (max + (f64::from(c.logit) - max) * inverse) as f32);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::History;
    use crate::candidates::tests::{candidates, ids, logits};

    fn after(temperature: f64, row: &[f32]) -> Candidates {
        let mut c = candidates(row);
        Temperature { temperature }
            .apply(&mut c, &Context::new(&History::new(9), 0, 0))
            .unwrap();
        c
    }

    #[test]
    fn distances_to_the_best_are_divided() {
        assert_eq!(logits(&after(0.5, &[1.0, 3.0, 2.0])), [-1.0, 3.0, 1.0]);
        assert_eq!(logits(&after(2.0, &[1.0, 3.0, 2.0])), [2.0, 3.0, 2.5]);
    }

    #[test]
    fn zero_keeps_the_first_of_the_best() {
        assert_eq!(ids(&after(0.0, &[1.0, 3.0, 3.0, -1.0])), [1]);
    }

    #[test]
    fn nothing_overflows() {
        for t in [5e-324, 1e-300, 1e-30] {
            assert_eq!(ids(&after(t, &[1.0, f32::MAX, f32::MIN, f32::MAX])), [1, 3]);
        }
        assert_eq!(after(100.0, &[f32::MIN, f32::MAX]).len(), 2);
    }
}
