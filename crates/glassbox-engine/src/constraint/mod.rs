//! What binds an answer: a JSON schema, a regular expression, or a list of choices.
//!
//! [`Bound`] decides where in a reply the grammar starts; [`matching`] is the grammar itself, which
//! the crate `llguidance` computes, in builds with the feature `constrain`.

#[cfg_attr(not(feature = "constrain"), path = "absent.rs")]
mod matching;

pub(crate) use matching::Vocabulary;

use crate::{Engine, EngineError};
use glassbox_text::Tokenizer;
use matching::Matching;
use serde::{Deserialize, Serialize};

/// What the answer must be, from its first character to its last. The reasoning before it is free.
///
/// It takes a build with the feature `constrain`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Constraint {
    /// A JSON value of this schema, without spaces between its parts. What `llguidance` knows of
    /// JSON Schema is in its documentation; a schema with anything else is refused.
    JsonSchema(serde_json::Value),
    /// A text that this regular expression, in the syntax of the crate `regex`, matches as a whole.
    Regex(String),
    /// One of these texts.
    Choices(Vec<String>),
}

/// A constraint on one reply.
pub(crate) struct Bound {
    matching: Matching,
    /// Whether anything of the answer but whitespace is written.
    begun: bool,
    /// Whether there is whitespace before it already.
    gap: bool,
}

impl Bound {
    /// # Errors
    /// A schema or an expression that can't be had.
    pub(crate) fn new(engine: &Engine, constraint: &Constraint) -> Result<Self, EngineError> {
        Ok(Bound {
            matching: engine.vocabulary()?.matching(constraint).map_err(error)?,
            begun: false,
            gap: false,
        })
    }

    /// Which tokens may come next in the answer; a reasoning too where it `may_think`.
    pub(crate) fn allowed<'a>(
        &'a mut self,
        tokenizer: &'a Tokenizer,
        may_think: bool,
    ) -> Result<impl Fn(u32) -> bool + 'a, EngineError> {
        let (begun, gap) = (self.begun, self.gap);
        let mask = self.matching.allowed().map_err(error)?;
        Ok(move |id| {
            // Models put a line's end between their reasoning and the answer.
            let is_gap = !begun && !gap && is_blank(tokenizer, id);
            mask(id) || is_gap || may_think && is_think(tokenizer, id)
        })
    }

    /// Notes a token of the answer.
    ///
    /// # Errors
    /// One that the constraint does not allow, such as one that somebody put in.
    pub(crate) fn accept(&mut self, id: u32, tokenizer: &Tokenizer) -> Result<(), EngineError> {
        if !self.begun && (is_think(tokenizer, id) || is_blank(tokenizer, id)) {
            self.gap |= is_blank(tokenizer, id);
            return Ok(());
        }
        self.begun = true;
        let ends = tokenizer.roles().is_stop(id);
        self.matching.accept(id, ends).map_err(error)
    }
}

fn is_blank(tokenizer: &Tokenizer, id: u32) -> bool {
    let bytes = tokenizer.bytes_of(id);
    let blank = bytes.iter().all(|byte| byte.is_ascii_whitespace());
    blank && !bytes.is_empty() && !tokenizer.is_markup(id)
}

fn is_think(tokenizer: &Tokenizer, id: u32) -> bool {
    let roles = tokenizer.roles();
    [roles.think_open, roles.think_close].contains(&Some(id))
}

fn error(message: String) -> EngineError {
    EngineError::Constraint { message }
}
