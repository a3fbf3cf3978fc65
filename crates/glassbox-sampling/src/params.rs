//! The settings of one request.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The settings of one request, as plain data.
///
/// The default is what the usage notes of DeepSeek-R1 advise: temperature 0.6 and top-p 0.95, with everything else off.
/// Unknown keys are refused when it is deserialised, and missing ones take the default.
/// [`validate`](Self::validate) says which values are allowed, and every [`Sampler`](crate::Sampler) is built through it.
/// Each step's formula and source stand with the step, in [`steps`](crate::steps).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingParams {
    /// Divides the logits; 0 is greedy. From 0 to 100.
    pub temperature: f64,
    /// Keeps this many of the best tokens; 0 is off.
    pub top_k: u32,
    /// Keeps the fewest best tokens whose probabilities reach this sum; 1 is off. Above 0, at most 1.
    pub top_p: f64,
    /// Drops tokens below this fraction of the best one's probability; 0 is off. From 0 to 1.
    pub min_p: f64,
    /// Keeps the tokens of the most typical surprise that reach this sum; 1 is off. Above 0, at most 1.
    pub typical_p: f64,
    /// Divides positive and multiplies negative logits of tokens seen before; 1 is off. Above 0, at most 100.
    pub repetition_penalty: f64,
    /// Taken off the logit of a token generated before; 0 is off. From −2 to 2.
    pub presence_penalty: f64,
    /// Taken off the logit of a token for each time it was generated before; 0 is off. From −2 to 2.
    pub frequency_penalty: f64,
    /// How many of the last tokens the three penalties above look at; all if none.
    pub penalty_last_n: Option<u32>,
    /// Whether the repetition penalty counts tokens of the prompt too, as in Hugging Face and vLLM.
    pub penalize_prompt: bool,
    /// DRY: the penalty of the shortest repetition that is not allowed; 0 is off. From 0 to 100.
    pub dry_multiplier: f64,
    /// DRY: how the penalty grows with each further token of the repetition. From 1 to 100.
    pub dry_base: f64,
    /// DRY: the longest repetition that goes without a penalty, plus one. At least 1.
    pub dry_allowed_length: u32,
    /// DRY: how many of the last tokens it looks at; all if none.
    pub dry_last_n: Option<u32>,
    /// DRY: sequences of token ids that a repetition does not reach across, such as a line's end. At most 1024, of 1
    /// to 64 tokens.
    pub dry_sequence_breakers: Vec<Vec<u32>>,
    /// XTC: how often it acts; 0 is off. From 0 to 1.
    pub xtc_probability: f64,
    /// XTC: all tokens of at least this probability but the least likely of them are dropped. Above 0, at most 0.5:
    /// no two tokens can both exceed a half.
    pub xtc_threshold: f64,
    /// Added to the logits of single tokens. From −100 to 100, or −inf to forbid the token, which
    /// is `"-inf"` in JSON.
    #[serde(with = "crate::bias")]
    pub logit_bias: BTreeMap<u32, f64>,
    /// The generator's key. Nothing draws a random one here: who wants variety chooses a seed for each request and
    /// keeps it, so that the answer can be replayed. Seeds that differ by one are independent.
    pub seed: u64,
    /// Whether log-probabilities are reported: none, of the chosen token (0), or of the best ones as well. At most 20.
    pub logprobs: Option<u32>,
    /// Which distribution the log-probabilities are of.
    pub logprobs_of: LogprobsOf,
}

/// Which distribution log-probabilities are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogprobsOf {
    /// The model's: log-softmax of the logits before any step, at temperature 1, as OpenAI and vLLM report by default.
    #[default]
    Model,
    /// The one that the token is drawn from, after every step.
    Draw,
}

impl Default for SamplingParams {
    fn default() -> Self {
        Self {
            temperature: 0.6,
            top_k: 0,
            top_p: 0.95,
            min_p: 0.0,
            typical_p: 1.0,
            repetition_penalty: 1.0,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
            penalty_last_n: None,
            penalize_prompt: true,
            dry_multiplier: 0.0,
            dry_base: 1.75,
            dry_allowed_length: 2,
            dry_last_n: None,
            dry_sequence_breakers: Vec::new(),
            xtc_probability: 0.0,
            xtc_threshold: 0.1,
            logit_bias: BTreeMap::new(),
            seed: 0,
            logprobs: None,
            logprobs_of: LogprobsOf::Model,
        }
    }
}

impl SamplingParams {
    /// Always the most likely token: temperature 0, everything else off.
    pub fn greedy() -> Self {
        Self {
            temperature: 0.0,
            top_p: 1.0,
            ..Self::default()
        }
    }

    /// The model's distribution as it is: temperature 1, everything else off.
    pub fn unfiltered() -> Self {
        Self {
            temperature: 1.0,
            top_p: 1.0,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::value::{Error, MapDeserializer};

    fn parse(fields: &[(&str, f64)]) -> Result<SamplingParams, Error> {
        SamplingParams::deserialize(MapDeserializer::new(fields.iter().copied()))
    }

    #[test]
    fn missing_keys_are_defaults_and_unknown_ones_errors() {
        assert_eq!(parse(&[]).unwrap(), SamplingParams::default());
        let expected = SamplingParams {
            temperature: 0.7,
            min_p: 0.1,
            ..SamplingParams::default()
        };
        assert_eq!(
            parse(&[("temperature", 0.7), ("min_p", 0.1)]).unwrap(),
            expected
        );
        assert!(parse(&[("temprature", 0.7)]).is_err());
    }
}
