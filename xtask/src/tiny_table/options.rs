use crate::usage;

/// What the command line asks for.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    /// Problems of each kind.
    pub(crate) per_kind: usize,
}

impl Options {
    pub(crate) fn parse(args: &[&str]) -> anyhow::Result<Self> {
        let per_kind = match args {
            [] => Some(20),
            ["--per-kind", n] => n.parse().ok().filter(|n| (1..=50).contains(n)),
            _ => None,
        };
        let wrong = || usage::error("tiny-table takes --per-kind and a number from 1 to 50");
        Ok(Options {
            per_kind: per_kind.ok_or_else(wrong)?,
        })
    }
}
