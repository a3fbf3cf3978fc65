//! What binds an answer, on the command line.

use crate::input::read_text;
use anyhow::{Context as _, Result};
use clap::Args;
use glassbox::Constraint;

/// What the answer, which comes after the reasoning, must be.
#[derive(Args, Clone)]
#[group(multiple = false)]
pub(crate) struct ConstraintArgs {
    /// The answer is JSON of the schema in this file
    #[arg(long, value_name = "FILE")]
    json_schema: Option<String>,
    /// The answer is a text that this regular expression matches as a whole
    #[arg(long, value_name = "REGEX")]
    regex: Option<String>,
    /// The answer is one of the texts that are given so
    #[arg(long, value_name = "TEXT")]
    choice: Vec<String>,
}

impl ConstraintArgs {
    /// # Errors
    /// A file that is no JSON.
    pub(crate) fn get(&self) -> Result<Option<Constraint>> {
        if let Some(file) = &self.json_schema {
            let schema = serde_json::from_str(&read_text(file)?).with_context(|| file.clone())?;
            return Ok(Some(Constraint::JsonSchema(schema)));
        }
        let regex = self.regex.clone().map(Constraint::Regex);
        let choices = || match self.choice.is_empty() {
            true => None,
            false => Some(Constraint::Choices(self.choice.clone())),
        };
        Ok(regex.or_else(choices))
    }
}
