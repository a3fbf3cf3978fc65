//! A vocabulary as plain data, checked: what `tokenizer.json` and GGUF metadata both become before anything is built.

use super::alphabet;
use crate::error::{TextError, excerpt};
use std::collections::{HashMap, HashSet};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Made by merges.
    Normal,
    /// Markup that the decoder hides: BOS, turn markers.
    Special,
    /// Matched whole like markup, but part of the text: `<think>`.
    UserDefined,
    /// A single byte, written `<0x0A>`.
    Byte(u8),
    /// A row that pads the embedding matrix.
    Unused,
}

/// A token as both sources describe it.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) kind: Kind,
    /// Matched against text after normalization instead of before.
    pub(crate) normalized: bool,
}

/// All that the two sources say about text → pieces → ids.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// By id.
    pub(crate) tokens: Vec<Token>,
    pub(crate) merges: Vec<(String, String)>,
    /// A piece that is a token is taken whole, without merging.
    pub(crate) ignore_merges: bool,
}

impl Vocabulary {
    /// Orders `(id, token)` pairs and checks that the ids are the numbers from 0 up and that no text occurs twice.
    pub(crate) fn new(
        mut entries: Vec<(u32, Token)>,
        merges: Vec<(String, String)>,
        ignore_merges: bool,
    ) -> Result<Self, TextError> {
        entries.sort_by_key(|(id, _)| *id);
        for (place, pair) in entries.windows(2).enumerate() {
            if pair[0].0 == pair[1].0 {
                return Err(TextError::DuplicateId {
                    id: pair[0].0,
                    first: excerpt(&pair[0].1.text),
                    second: excerpt(&pair[1].1.text),
                });
            }
            gap(place, &pair[0])?;
        }
        if let Some(last) = entries.last() {
            gap(entries.len() - 1, last)?;
        }
        let vocabulary = Self {
            tokens: entries.into_iter().map(|(_, token)| token).collect(),
            merges,
            ignore_merges,
        };
        vocabulary.check_texts()?;
        vocabulary.check_merges()?;
        Ok(vocabulary)
    }

    fn check_texts(&self) -> Result<(), TextError> {
        let mut seen: HashMap<&str, usize> = HashMap::with_capacity(self.tokens.len());
        for (id, token) in self
            .tokens
            .iter()
            .enumerate()
            .filter(|(_, t)| t.kind != Kind::Unused && !t.text.is_empty())
        {
            if let Some(first) = seen.insert(&token.text, id) {
                return Err(TextError::DuplicateToken {
                    token: excerpt(&token.text),
                    first: first as u32,
                    second: id as u32,
                });
            }
        }
        Ok(())
    }

    /// Every merge joins two tokens to a third: `tokenizers` indexes by this without asking.
    fn check_merges(&self) -> Result<(), TextError> {
        let known: HashSet<&str> = self
            .tokens
            .iter()
            .filter(|t| t.kind != Kind::Unused)
            .map(|t| t.text.as_str())
            .collect();
        let mut joined = String::new();
        for (index, (left, right)) in self.merges.iter().enumerate() {
            joined.clear();
            joined.push_str(left);
            joined.push_str(right);
            for part in [left.as_str(), right.as_str(), joined.as_str()] {
                if !known.contains(part) {
                    return Err(TextError::MergeOutOfVocabulary {
                        index,
                        token: excerpt(part),
                    });
                }
            }
        }
        Ok(())
    }

    /// The tokens that byte-pair encoding may produce. Markup is left out unless a merge makes it or it is one letter
    /// of the alphabet, so that text can never become markup by being a piece that is spelled like it.
    pub(crate) fn mergeable(&self) -> impl Iterator<Item = (&str, u32)> {
        let made: HashSet<String> = self.merges.iter().map(|(l, r)| format!("{l}{r}")).collect();
        let used: HashSet<&str> = self
            .merges
            .iter()
            .flat_map(|(l, r)| [l.as_str(), r.as_str()])
            .collect();
        let used: HashSet<String> = used.into_iter().map(str::to_owned).collect();
        self.tokens
            .iter()
            .enumerate()
            .filter_map(move |(id, token)| {
                let merged = || {
                    made.contains(&token.text)
                        || used.contains(&token.text)
                        || (token.text.chars().count() == 1
                            && token.text.chars().all(|c| alphabet::byte_of(c).is_some()))
                };
                let keep = match token.kind {
                    Kind::Normal => !token.text.is_empty(),
                    Kind::Special | Kind::UserDefined => merged(),
                    Kind::Byte(_) | Kind::Unused => false,
                };
                keep.then_some((token.text.as_str(), id as u32))
            })
    }
}

fn gap(place: usize, entry: &(u32, Token)) -> Result<(), TextError> {
    if entry.0 as usize == place {
        return Ok(());
    }
    Err(TextError::VocabularyGap {
        id: place as u32,
        next: excerpt(&entry.1.text),
        next_id: entry.0,
    })
}

/// Reads `left right`, the form in which both sources may write a merge.
pub(crate) fn parse_merge(index: usize, text: &str) -> Result<(String, String), TextError> {
    match text.split_once(' ') {
        Some((l, r)) if !l.is_empty() && !r.is_empty() && !r.contains(' ') => {
            Ok((l.to_owned(), r.to_owned()))
        }
        _ => Err(TextError::BadMerge {
            index,
            text: excerpt(text),
        }),
    }
}
