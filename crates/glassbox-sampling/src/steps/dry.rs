//! DRY: don't repeat yourself.

use super::Outcome;
use crate::math::to_finite;
use crate::{Candidates, Context, History, Step};
use std::collections::HashMap;

/// Penalises the token that would lengthen a repetition of what was said before.
///
/// If the last `n` tokens of the sequence stand earlier in it as well and were followed by token `t` there, then
/// `l_t −= multiplier · base^(n − allowed_length)` for the longest such `n ≥ allowed_length`. A repetition does not
/// reach across a sequence breaker: only tokens after the last one count. A breaker of one token is never penalised
/// itself. Prompt and generated tokens both count. Source: oobabooga/text-generation-webui, pull request 5677; breakers
/// of several tokens as in koboldcpp and llama.cpp.
///
/// Time is linear in the tokens looked at: the lengths of all repetitions come from one pass of the Z algorithm over
/// the sequence read backwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Dry {
    multiplier: f64,
    base: f64,
    allowed_length: u32,
    last_n: Option<u32>,
    /// The sequence breakers by their last token.
    breakers: HashMap<u32, Vec<Vec<u32>>>,
}

impl Dry {
    /// DRY with these settings; `multiplier` 0 is off, and empty breakers break nothing.
    pub fn new(
        multiplier: f64,
        base: f64,
        allowed_length: u32,
        last_n: Option<u32>,
        sequence_breakers: &[Vec<u32>],
    ) -> Self {
        let mut breakers: HashMap<u32, Vec<Vec<u32>>> = HashMap::new();
        for breaker in sequence_breakers {
            if let Some(last) = breaker.last() {
                breakers.entry(*last).or_default().push(breaker.clone());
            }
        }
        Self {
            multiplier,
            base,
            allowed_length,
            last_n,
            breakers,
        }
    }

    /// How many tokens follow the last breaker.
    fn since_breaker(&self, tokens: &[u32]) -> usize {
        if self.breakers.is_empty() {
            return tokens.len();
        }
        let ends_with_breaker = |end: &usize| {
            let before = &tokens[..*end];
            let same_end = before.last().and_then(|last| self.breakers.get(last));
            same_end.is_some_and(|all| all.iter().any(|breaker| before.ends_with(breaker)))
        };
        let end = (1..=tokens.len()).rev().find(ends_with_breaker);
        tokens.len() - end.unwrap_or(0)
    }

    fn penalty(&self, length: u32) -> f64 {
        let grown = libm::pow(
            self.base,
            f64::from(length.saturating_sub(self.allowed_length)),
        );
        // A long loop overflows: the penalty is then the largest that a logit can bear.
        (self.multiplier * grown).min(f64::from(f32::MAX))
    }

    fn exempt(&self, id: u32) -> bool {
        self.breakers
            .get(&id)
            .is_some_and(|all| all.iter().any(|breaker| breaker.len() == 1))
    }

    fn window<'a>(&self, history: &'a History) -> &'a [u32] {
        let tokens = history.tokens();
        let start = self
            .last_n
            .map_or(0, |n| tokens.len().saturating_sub(n as usize));
        &tokens[start..]
    }
}

impl Step for Dry {
    fn name(&self) -> &str {
        "dry"
    }

    fn is_neutral(&self) -> bool {
        self.multiplier <= 0.0 || self.last_n == Some(0)
    }

    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) -> Outcome {
        let tokens = self.window(context.history);
        let reach = self.since_breaker(tokens);
        let shortest = self.allowed_length.max(1) as usize;
        if self.is_neutral() || reach < shortest {
            return Ok(());
        }
        let mut z = std::mem::take(&mut candidates.z);
        z_of_reversed(tokens, &mut z);

        // The longest repetition that each token would lengthen; 0 for none.
        let mut longest = std::mem::take(&mut candidates.per_id);
        longest.resize(context.history.vocab(), 0);
        let repetitions = || {
            let after = tokens.iter().rev();
            after
                .zip(&z[1..])
                .map(|(id, n)| (*id, (*n as usize).min(reach)))
                .filter(|(_, n)| *n >= shortest)
        };
        for (id, n) in repetitions() {
            let slot = &mut longest[id as usize];
            *slot = (*slot).max(n as u32);
        }
        let penalized = repetitions().filter_map(|(id, _)| {
            let n = std::mem::take(&mut longest[id as usize]);
            (n > 0 && !self.exempt(id)).then_some((id, move |logit| {
                to_finite(f64::from(logit) - self.penalty(n))
            }))
        });
        candidates.update_all(penalized);
        candidates.per_id = longest;
        candidates.z = z;
        Ok(())
    }
}

/// The Z array of the tokens read backwards: `z[i]` is how many tokens before the last `i` equal those at the very end.
/// (Gusfield, *Algorithms on Strings, Trees, and Sequences*, §1.4.) `z[0]` is the whole length.
fn z_of_reversed(tokens: &[u32], z: &mut Vec<u32>) {
    let len = tokens.len();
    let at = |i: usize| tokens[len - 1 - i];
    z.clear();
    z.resize(len.max(1), 0);
    z[0] = len as u32;
    // The match that reaches furthest: it starts at `left` and ends before `right`.
    let (mut left, mut right) = (0, 0);
    for i in 1..len {
        let mut n = if i < right {
            (z[i - left] as usize).min(right - i)
        } else {
            0
        };
        while i + n < len && at(n) == at(i + n) {
            n += 1;
        }
        if i + n > right {
            (left, right) = (i, i + n);
        }
        z[i] = n as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidates::tests::{candidates, logits};
    use proptest::prelude::*;

    fn after(step: &Dry, tokens: &[u32]) -> Vec<f32> {
        let mut h = History::new(8);
        h.push_prompt(tokens).unwrap();
        let mut c = candidates(&[0.0; 8]);
        step.apply(&mut c, &Context::new(&h, 0, 0)).unwrap();
        assert!(c.per_id.iter().all(|n| *n == 0));
        logits(&c)
    }

    fn dry(breakers: &[Vec<u32>]) -> Dry {
        Dry::new(0.5, 2.0, 2, None, breakers)
    }

    /// Logits of eight tokens, zero but for these.
    fn only(changed: &[(usize, f32)]) -> Vec<f32> {
        let mut row = vec![0.0; 8];
        for (id, l) in changed {
            row[*id] = *l;
        }
        row
    }

    #[test]
    fn the_penalty_grows_with_the_repetition() {
        assert_eq!(after(&dry(&[]), &[1, 2, 3, 0, 2]), only(&[]));
        assert_eq!(after(&dry(&[]), &[1, 2, 3, 0, 1, 2]), only(&[(3, -0.5)]));
        assert_eq!(
            after(&dry(&[]), &[5, 1, 2, 3, 0, 5, 1, 2]),
            only(&[(3, -1.0)])
        );
        assert_eq!(
            after(&dry(&[]), &[4, 5, 1, 2, 3, 0, 4, 5, 1, 2]),
            only(&[(3, -2.0)])
        );
        // Two continuations of different lengths: 3 after the match of three, 6 after that of two.
        assert_eq!(
            after(&dry(&[]), &[5, 1, 2, 3, 1, 2, 6, 5, 1, 2]),
            only(&[(3, -1.0), (6, -0.5)])
        );
        // A loop of one token matches itself with overlap.
        assert_eq!(after(&dry(&[]), &[7, 7, 7, 7]), only(&[(7, -1.0)]));
        assert_eq!(after(&dry(&[]), &[]), only(&[]));
    }

    #[test]
    fn breakers_end_a_repetition() {
        let text = [4, 5, 1, 2, 3, 0, 4, 5, 1, 2];
        assert_eq!(after(&dry(&[vec![5]]), &text), only(&[(3, -0.5)]));
        assert_eq!(after(&dry(&[vec![4, 5]]), &text), only(&[(3, -0.5)]));
        assert_eq!(after(&dry(&[vec![3, 5]]), &text), only(&[(3, -2.0)]));
        assert_eq!(after(&dry(&[vec![1]]), &text), only(&[]));
        assert_eq!(
            after(&dry(&[vec![3]]), &[4, 1, 2, 3, 0, 4, 1, 2]),
            only(&[])
        );
    }

    #[test]
    fn the_window_limits_what_is_seen() {
        let text = [5, 1, 2, 3, 0, 5, 1, 2];
        assert_eq!(
            after(&Dry::new(0.5, 2.0, 2, Some(7), &[]), &text),
            only(&[(3, -0.5)])
        );
        assert_eq!(
            after(&Dry::new(0.5, 2.0, 2, Some(5), &[]), &text),
            only(&[])
        );
    }

    #[test]
    fn a_long_loop_stays_finite() {
        assert_eq!(
            after(&Dry::new(100.0, 100.0, 1, None, &[]), &[6; 5000]),
            only(&[(6, f32::MIN)])
        );
    }

    proptest! {
        #[test]
        fn z_equals_its_definition(tokens in prop::collection::vec(0u32..3, 0..60)) {
            let mut z = Vec::new();
            z_of_reversed(&tokens, &mut z);
            let reversed: Vec<u32> = tokens.iter().rev().copied().collect();
            for i in 0..tokens.len() {
                let n = reversed.iter().zip(&reversed[i..]).take_while(|(a, b)| a == b).count();
                prop_assert_eq!(z[i] as usize, n);
            }
        }
    }
}
