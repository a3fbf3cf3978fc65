//! What values a request may ask for. A request is untrusted: every bound is checked here, once, before anything is
//! allocated.

use crate::error::Range;
use crate::{SamplingError, SamplingParams};

/// The most alternatives that log-probabilities are reported of.
pub const MAX_LOGPROBS: u32 = 20;
/// The most sequence breakers of DRY.
pub const MAX_BREAKERS: usize = 1024;
/// The most tokens of one sequence breaker.
pub const MAX_BREAKER_LEN: usize = 64;

const BIAS: Range = Range::closed(-100.0, 100.0);

impl SamplingParams {
    /// Checks every field against its range, and every token id against the vocabulary.
    ///
    /// # Errors
    /// The first field that is out of range, with its value and the range.
    pub fn validate(&self, vocab: usize) -> Result<(), SamplingError> {
        if vocab == 0 || u32::try_from(vocab).is_err() {
            return Err(SamplingError::Vocabulary { got: vocab });
        }
        let numbers = [
            ("temperature", self.temperature, Range::closed(0.0, 100.0)),
            ("top_p", self.top_p, Range::above(0.0, 1.0)),
            ("min_p", self.min_p, Range::closed(0.0, 1.0)),
            ("typical_p", self.typical_p, Range::above(0.0, 1.0)),
            (
                "repetition_penalty",
                self.repetition_penalty,
                Range::above(0.0, 100.0),
            ),
            (
                "presence_penalty",
                self.presence_penalty,
                Range::closed(-2.0, 2.0),
            ),
            (
                "frequency_penalty",
                self.frequency_penalty,
                Range::closed(-2.0, 2.0),
            ),
            (
                "dry_multiplier",
                self.dry_multiplier,
                Range::closed(0.0, 100.0),
            ),
            ("dry_base", self.dry_base, Range::closed(1.0, 100.0)),
            (
                "dry_allowed_length",
                f64::from(self.dry_allowed_length),
                Range::closed(1.0, u32::MAX as f64),
            ),
            (
                "xtc_probability",
                self.xtc_probability,
                Range::closed(0.0, 1.0),
            ),
            ("xtc_threshold", self.xtc_threshold, Range::above(0.0, 0.5)),
        ];
        for (field, got, allowed) in numbers {
            if !allowed.contains(got) {
                return Err(SamplingError::OutOfRange {
                    field,
                    got,
                    allowed,
                });
            }
        }
        at_most(
            "logprobs",
            self.logprobs.unwrap_or(0) as usize,
            MAX_LOGPROBS as usize,
        )?;
        self.validate_bias(vocab)?;
        self.validate_breakers(vocab)
    }

    fn validate_bias(&self, vocab: usize) -> Result<(), SamplingError> {
        for (id, bias) in &self.logit_bias {
            known("logit_bias", *id, vocab)?;
            if !BIAS.contains(*bias) && *bias != f64::NEG_INFINITY {
                return Err(SamplingError::Bias {
                    id: *id,
                    got: *bias,
                    allowed: BIAS,
                });
            }
        }
        Ok(())
    }

    fn validate_breakers(&self, vocab: usize) -> Result<(), SamplingError> {
        at_most(
            "dry_sequence_breakers",
            self.dry_sequence_breakers.len(),
            MAX_BREAKERS,
        )?;
        for (index, breaker) in self.dry_sequence_breakers.iter().enumerate() {
            if breaker.is_empty() {
                return Err(SamplingError::EmptyBreaker { index });
            }
            at_most(
                "a sequence breaker's length",
                breaker.len(),
                MAX_BREAKER_LEN,
            )?;
            for id in breaker {
                known("dry_sequence_breakers", *id, vocab)?;
            }
        }
        Ok(())
    }
}

fn at_most(field: &'static str, got: usize, max: usize) -> Result<(), SamplingError> {
    if got <= max {
        Ok(())
    } else {
        Err(SamplingError::TooLarge { field, got, max })
    }
}

fn known(field: &'static str, id: u32, vocab: usize) -> Result<(), SamplingError> {
    if (id as usize) < vocab {
        Ok(())
    } else {
        Err(SamplingError::UnknownToken { field, id, vocab })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut SamplingParams);

    fn message(change: Change) -> String {
        let mut p = SamplingParams::default();
        change(&mut p);
        p.validate(100)
            .map_or_else(|e| e.to_string(), |()| String::from("valid"))
    }

    /// Rows 35 to 37 of the project's list of bad inputs, and their kin.
    #[test]
    fn bad_values_are_named_with_what_is_allowed() {
        let cases: [(Change, &str); 22] = [
            (
                |p| p.temperature = f64::NAN,
                "temperature is NaN, expected a number from 0 to 100",
            ),
            (
                |p| p.temperature = -1.0,
                "temperature is -1, expected a number from 0 to 100",
            ),
            (
                |p| p.temperature = 101.0,
                "temperature is 101, expected a number from 0 to 100",
            ),
            (
                |p| p.top_p = 0.0,
                "top_p is 0, expected a number above 0 and at most 1",
            ),
            (
                |p| p.top_p = -1.0,
                "top_p is -1, expected a number above 0 and at most 1",
            ),
            (
                |p| p.top_p = f64::NAN,
                "top_p is NaN, expected a number above 0 and at most 1",
            ),
            (
                |p| p.min_p = 1.5,
                "min_p is 1.5, expected a number from 0 to 1",
            ),
            (
                |p| p.typical_p = 0.0,
                "typical_p is 0, expected a number above 0 and at most 1",
            ),
            (
                |p| p.repetition_penalty = 0.0,
                "repetition_penalty is 0, expected a number above 0 and at most 100",
            ),
            (
                |p| p.presence_penalty = 2.5,
                "presence_penalty is 2.5, expected a number from -2 to 2",
            ),
            (
                |p| p.frequency_penalty = f64::INFINITY,
                "frequency_penalty is inf, expected a number from -2 to 2",
            ),
            (
                |p| p.dry_multiplier = -0.1,
                "dry_multiplier is -0.1, expected a number from 0 to 100",
            ),
            (
                |p| p.dry_base = 0.5,
                "dry_base is 0.5, expected a number from 1 to 100",
            ),
            (
                |p| p.dry_allowed_length = 0,
                "dry_allowed_length is 0, expected a number from 1 to 4294967295",
            ),
            (
                |p| p.dry_sequence_breakers = vec![vec![1], vec![]],
                "dry_sequence_breakers[1] is empty, expected at least one token id",
            ),
            (
                |p| p.dry_sequence_breakers = vec![vec![1, 100]],
                "dry_sequence_breakers: token id 100 is not below the vocabulary's size 100",
            ),
            (
                |p| p.dry_sequence_breakers = vec![vec![1]; 10_000],
                "dry_sequence_breakers is 10000, expected at most 1024",
            ),
            (
                |p| p.xtc_probability = 2.0,
                "xtc_probability is 2, expected a number from 0 to 1",
            ),
            (
                |p| p.xtc_threshold = 0.6,
                "xtc_threshold is 0.6, expected a number above 0 and at most 0.5",
            ),
            (
                |p| p.logprobs = Some(1_000_000_000),
                "logprobs is 1000000000, expected at most 20",
            ),
            (
                |p| p.logit_bias = [(100, 1.0)].into(),
                "logit_bias: token id 100 is not below the vocabulary's size 100",
            ),
            (
                |p| p.logit_bias = [(3, 101.0)].into(),
                "logit_bias of token 3 is 101, expected a number from -100 to 100, or -inf to forbid the token",
            ),
        ];
        for (change, expected) in cases {
            assert_eq!(message(change), expected);
        }
        assert!(message(|p| p.temperature = 1e300).starts_with("temperature is 1000000"));
    }

    #[test]
    fn the_ends_of_the_ranges_are_valid() {
        let cases: [Change; 8] = [
            |_| (),
            |p| *p = SamplingParams::greedy(),
            |p| *p = SamplingParams::unfiltered(),
            |p| p.temperature = 5e-324,
            |p| p.top_p = f64::MIN_POSITIVE,
            |p| p.logprobs = Some(20),
            |p| p.logit_bias = [(99, f64::NEG_INFINITY), (0, -100.0)].into(),
            |p| p.dry_sequence_breakers = vec![vec![99; 64]; 1024],
        ];
        for change in cases {
            assert_eq!(message(change), "valid");
        }
    }

    #[test]
    fn vocabularies_have_tokens() {
        let p = SamplingParams::default();
        assert!(matches!(
            p.validate(0),
            Err(SamplingError::Vocabulary { got: 0 })
        ));
        assert!(p.validate(1).is_ok());
    }
}
