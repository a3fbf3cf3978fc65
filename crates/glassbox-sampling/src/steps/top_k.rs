//! Top-k.

use super::Outcome;
use crate::{Candidates, Context, Step};

/// Keeps the `k` best candidates; of equal ones the lower ids, so that there are never more than `k`. 0 is off.
/// Source: Fan, Lewis and Dauphin, arXiv 1805.04833.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopK {
    /// How many are kept.
    pub k: u32,
}

impl Step for TopK {
    fn name(&self) -> &str {
        "top_k"
    }

    fn is_neutral(&self) -> bool {
        self.k == 0
    }

    fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) -> Outcome {
        let k = self.k as usize;
        if k > 0 && k < candidates.len() {
            candidates.keep_best(k);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::History;
    use crate::candidates::tests::{candidates, ids};

    #[test]
    fn keeps_the_best() {
        let after = |k| {
            let mut c = candidates(&[1.0, 3.0, 2.0, 3.0, 2.0]);
            TopK { k }
                .apply(&mut c, &Context::new(&History::new(5), 0, 0))
                .unwrap();
            ids(&c)
        };
        assert_eq!(after(1), [1]);
        assert_eq!(after(3), [1, 3, 2]);
        assert_eq!(after(5), [0, 1, 2, 3, 4]);
        assert_eq!(after(0), [0, 1, 2, 3, 4]);
    }
}
