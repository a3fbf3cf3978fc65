//! The one place where `tokenizers` is called, so that a panic inside it becomes an error.

use crate::error::{TextError, excerpt};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a call into `tokenizers`. Inputs are validated first; this contains what validation did not foresee.
///
/// The closures own or only read what they touch, so no half-changed state outlives a panic.
pub(crate) fn contain<T, E: std::fmt::Display>(
    during: &'static str,
    call: impl FnOnce() -> Result<T, E>,
) -> Result<T, TextError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(TextError::Library {
            during,
            reason: excerpt(&error.to_string()),
        }),
        Err(_) => Err(TextError::Library {
            during,
            reason: "it panicked".to_owned(),
        }),
    }
}
