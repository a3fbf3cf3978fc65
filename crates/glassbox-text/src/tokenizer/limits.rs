//! Sizes beyond which an input is refused before it is parsed.

use crate::error::TextError;

/// The largest tokenizer accepted: the largest published ones are below 40 MB.
const TOKENIZER_BYTES: usize = 128 << 20;
/// The largest side file (`tokenizer_config.json`, `generation_config.json`) or conversation.
pub(crate) const SIDE_BYTES: usize = 16 << 20;

pub(crate) fn check(what: &'static str, bytes: usize) -> Result<(), TextError> {
    at_most(what, bytes, TOKENIZER_BYTES)
}

pub(crate) fn at_most(what: &'static str, bytes: usize, limit: usize) -> Result<(), TextError> {
    if bytes > limit {
        Err(TextError::TooLarge { what, bytes, limit })
    } else {
        Ok(())
    }
}
