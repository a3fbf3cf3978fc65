use std::fmt;

/// Whether a finding fails the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// It fails the run.
    Error,
    /// It is told, and fails nothing.
    Note,
}

/// A place where a rule does not hold.
#[derive(Debug)]
pub(crate) struct Finding {
    path: String,
    /// From 1.
    line: usize,
    message: String,
    pub(crate) weight: Weight,
}

impl Finding {
    /// An error at `path:line`, with lines counted from 1.
    pub(crate) fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Finding {
            path: path.to_owned(),
            line,
            message: message.into(),
            weight: Weight::Error,
        }
    }

    /// The same finding as a note.
    pub(crate) fn into_note(self) -> Self {
        Finding {
            weight: Weight::Note,
            ..self
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// The findings as `path:line` and message, for tests.
#[cfg(test)]
pub(crate) fn shown(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(Finding::to_string).collect()
}
