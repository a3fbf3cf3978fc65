//! Which tokens begin and end a text, and which open and close the reasoning.

use super::vocabulary::{Kind, Vocabulary};
use crate::error::{TextError, excerpt};

/// Tokens that end a turn or a text in the supported families, whether or not the file lists them.
const END_MARKERS: [&str; 7] = [
    "<｜end▁of▁sentence｜>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "</s>",
];

/// The tokens with a role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Roles {
    /// Begins a text.
    pub bos: Option<u32>,
    /// The token that the file names as its end of text; templates print it as `eos_token`.
    pub eos: Option<u32>,
    /// Every token that ends generation: those of the file and the end markers of the known families; ascending.
    pub stops: Vec<u32>,
    /// Stands for the unknown.
    pub unk: Option<u32>,
    /// Fills up.
    pub pad: Option<u32>,
    /// `<think>`, where it is a single token.
    pub think_open: Option<u32>,
    /// `</think>`, where it is a single token.
    pub think_close: Option<u32>,
}

/// Roles as a file names them, before they are checked.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) bos: Option<u32>,
    pub(crate) eos: Option<u32>,
    pub(crate) stops: Vec<u32>,
    pub(crate) unk: Option<u32>,
    pub(crate) pad: Option<u32>,
}

impl Roles {
    pub(crate) fn new(named: Named, vocabulary: &Vocabulary) -> Result<Self, TextError> {
        let tokens = vocabulary.tokens.len();
        let check = |role: &'static str, id: Option<u32>| match id {
            Some(id) if id as usize >= tokens => Err(TextError::SpecialMissing {
                role,
                found: id.to_string(),
                tokens,
            }),
            other => Ok(other),
        };
        let added = |text: &str| {
            let place = vocabulary.tokens.iter().position(|t| {
                matches!(t.kind, Kind::Special | Kind::UserDefined) && t.text == text
            });
            place.map(|id| id as u32)
        };
        let mut stops = named.stops;
        stops.extend(named.eos);
        for id in &stops {
            check("eos_token_id", Some(*id))?;
        }
        stops.extend(END_MARKERS.iter().filter_map(|text| added(text)));
        stops.sort_unstable();
        stops.dedup();
        Ok(Self {
            bos: check("bos_token_id", named.bos)?,
            eos: named.eos,
            stops,
            unk: check("unknown_token_id", named.unk)?,
            pad: check("padding_token_id", named.pad)?,
            think_open: added("<think>"),
            think_close: added("</think>"),
        })
    }

    /// Whether this token ends generation.
    pub fn is_stop(&self, id: u32) -> bool {
        self.stops.binary_search(&id).is_ok()
    }
}

/// The id of a token that a file names by its text.
pub(crate) fn by_text(
    role: &'static str,
    text: &str,
    vocabulary: &Vocabulary,
) -> Result<u32, TextError> {
    match vocabulary
        .tokens
        .iter()
        .position(|t| t.text == text && t.kind != Kind::Unused)
    {
        Some(id) => Ok(id as u32),
        None => Err(TextError::SpecialMissing {
            role,
            found: excerpt(text),
            tokens: vocabulary.tokens.len(),
        }),
    }
}
