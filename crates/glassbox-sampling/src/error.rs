//! What can go wrong, each case with its facts.

use std::error::Error;
use std::fmt;

/// The values that a number may take, for an error message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// The lower end.
    pub min: f64,
    /// The upper end, which is always allowed itself.
    pub max: f64,
    /// True if the lower end itself is refused.
    pub min_open: bool,
}

impl Range {
    pub(crate) const fn closed(min: f64, max: f64) -> Self {
        Self {
            min,
            max,
            min_open: false,
        }
    }

    pub(crate) const fn above(min: f64, max: f64) -> Self {
        Self {
            min,
            max,
            min_open: true,
        }
    }

    /// True if `value` lies in the range; never true of NaN.
    pub fn contains(&self, value: f64) -> bool {
        let above = if self.min_open {
            value > self.min
        } else {
            value >= self.min
        };
        above && value <= self.max
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { min, max, min_open } = self;
        if *min_open {
            write!(f, "above {min} and at most {max}")
        } else {
            write!(f, "from {min} to {max}")
        }
    }
}

/// Every failure of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SamplingError {
    /// A number of [`SamplingParams`](crate::SamplingParams) lies outside its range.
    #[error("{field} is {got}, expected a number {allowed}")]
    OutOfRange {
        /// The field's name.
        field: &'static str,
        /// What it holds.
        got: f64,
        /// What it may hold.
        allowed: Range,
    },
    /// A count or a list of [`SamplingParams`](crate::SamplingParams) is larger than allowed.
    #[error("{field} is {got}, expected at most {max}")]
    TooLarge {
        /// The field's name, or what is counted.
        field: &'static str,
        /// The count found.
        got: usize,
        /// The largest allowed.
        max: usize,
    },
    /// A sequence breaker of DRY holds no token.
    #[error("dry_sequence_breakers[{index}] is empty, expected at least one token id")]
    EmptyBreaker {
        /// Which breaker.
        index: usize,
    },
    /// A token id is not in the vocabulary.
    #[error("{field}: token id {id} is not below the vocabulary's size {vocab}")]
    UnknownToken {
        /// Where the id stands.
        field: &'static str,
        /// The id.
        id: u32,
        /// The size of the vocabulary.
        vocab: usize,
    },
    /// The weight of one entry of `logit_bias` is out of range.
    #[error(
        "logit_bias of token {id} is {got}, expected a number {allowed}, or -inf to forbid the token"
    )]
    Bias {
        /// The token that it is for.
        id: u32,
        /// What it holds.
        got: f64,
        /// What it may hold.
        allowed: Range,
    },
    /// The vocabulary is empty, or too large for 32-bit ids.
    #[error("the vocabulary has {got} tokens, expected 1 to 4294967295")]
    Vocabulary {
        /// The size given.
        got: usize,
    },
    /// A row of logits is not as long as the vocabulary.
    #[error("got {got} logits, expected {expected}, one a token of the vocabulary")]
    LogitsLength {
        /// The size of the vocabulary.
        expected: usize,
        /// The length of the row.
        got: usize,
    },
    /// The model gave NaN or +inf.
    #[error(
        "logit {index} is {value}, expected a finite number or -inf: the forward pass overflowed or read bad weights"
    )]
    InvalidLogit {
        /// The first such token id.
        index: usize,
        /// NaN or +inf.
        value: f32,
    },
    /// The model gave −inf for every token.
    #[error("all {vocab} logits are -inf, expected at least one finite")]
    AllExcluded {
        /// The size of the vocabulary.
        vocab: usize,
    },
    /// A step of the chain gave NaN or +inf.
    #[error("step `{step}` gave token {id} the logit {value}, expected a finite number or -inf")]
    InvalidStepLogit {
        /// The step's name.
        step: String,
        /// The token.
        id: u32,
        /// NaN or +inf.
        value: f32,
    },
    /// A step of the chain left no token to choose from.
    #[error("step `{step}` excluded every token, expected it to leave at least one")]
    NoCandidates {
        /// The step's name.
        step: String,
    },
    /// A step of the chain failed.
    #[error("step `{step}` failed")]
    Step {
        /// The step's name.
        step: String,
        /// Its own error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The chain has no step of that name.
    #[error("the chain has no step `{name}`; it has {known:?}")]
    UnknownStep {
        /// The name asked for.
        name: String,
        /// The names that it has.
        known: Vec<String>,
    },
    /// The chain already has a step of that name.
    #[error("the chain already has a step `{name}`; remove it first")]
    DuplicateStep {
        /// The name.
        name: String,
    },
    /// A history was to be cut to more tokens than it holds.
    #[error("history holds {len} tokens, cannot be cut to {asked}")]
    HistoryShorter {
        /// The tokens that it holds.
        len: usize,
        /// The length asked for.
        asked: usize,
    },
}
