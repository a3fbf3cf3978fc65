use std::fmt;

/// A command line that no chore understands; it ends with exit code 2 and the usage text.
#[derive(Debug)]
pub(crate) struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// A usage error with this message.
pub(crate) fn error(message: impl Into<String>) -> anyhow::Error {
    UsageError(message.into()).into()
}
