//! A vocabulary as plain data, checked: what `tokenizer.json` and GGUF metadata both become before anything is built.

use super::alphabet;
use crate::error::{TextError, excerpt};
use tokenizers::models::bpe::Vocab;

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
    /// Best first.
    pub(crate) merges: Vec<(String, String)>,
    pub(crate) rules: Rules,
    pub(crate) ids: Ids,
}

/// The ids of all texts but those of rows that only pad.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    /// Of the tokens that byte-pair encoding may produce. Markup is left out unless a merge makes it or it is one letter
    /// of the alphabet, so that text can never become markup by being a piece that is spelled like it.
    pub(crate) mergeable: Vocab,
    /// Of all others.
    pub(crate) rest: Vocab,
}

/// The switches of byte-pair encoding.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    /// A piece that is a token is taken whole, without merging.
    pub(crate) ignore_merges: bool,
    /// Stands for a byte that has no token; without it such a byte gives nothing.
    pub(crate) unk: Option<String>,
    /// Whether several such bytes in a row give one token.
    pub(crate) fuse_unk: bool,
}

impl Vocabulary {
    /// Orders `(id, token)` pairs and checks that the ids are the numbers from 0 up and that no text occurs twice.
    pub(crate) fn new(
        mut entries: Vec<(u32, Token)>,
        merges: Vec<(String, String)>,
        rules: Rules,
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
        let tokens: Vec<Token> = entries.into_iter().map(|(_, token)| token).collect();
        let mut mergeable = unique(&tokens)?;
        let merged = check_merges(&merges, &mergeable, tokens.len())?;
        let rest = tokens
            .iter()
            .zip(&merged)
            .filter(|(token, merged)| token.is_named() && !rules.may_produce(token, **merged))
            .filter_map(|(token, _)| mergeable.remove_entry(&token.text))
            .collect();
        Ok(Self {
            tokens,
            merges,
            rules,
            ids: Ids { mergeable, rest },
        })
    }
}

impl Token {
    /// Whether the text stands for this token alone: rows that only pad may share one.
    fn is_named(&self) -> bool {
        self.kind != Kind::Unused && !self.text.is_empty()
    }
}

impl Rules {
    /// Whether byte-pair encoding may produce a token; `merged`: a merge makes or takes it.
    fn may_produce(&self, token: &Token, merged: bool) -> bool {
        let letter = || {
            let mut chars = token.text.chars();
            chars.next().is_some_and(|c| alphabet::byte_of(c).is_some()) && chars.next().is_none()
        };
        match token.kind {
            Kind::Normal => true,
            Kind::Special | Kind::UserDefined => {
                merged || letter() || self.unk.as_deref() == Some(&token.text)
            }
            Kind::Byte(_) | Kind::Unused => false,
        }
    }
}

/// The ids by text, or the first text that occurs twice.
fn unique(tokens: &[Token]) -> Result<Vocab, TextError> {
    let mut ids = Vocab::with_capacity(tokens.len());
    for (id, token) in tokens.iter().enumerate().filter(|(_, t)| t.is_named()) {
        if let Some(first) = ids.insert(token.text.clone(), id as u32) {
            return Err(TextError::DuplicateToken {
                token: excerpt(&token.text),
                first,
                second: id as u32,
            });
        }
    }
    Ok(ids)
}

/// Checks that every merge joins two tokens to a third, since `tokenizers` indexes by this without asking; says of each
/// token whether a merge makes or takes it.
fn check_merges(
    merges: &[(String, String)],
    ids: &Vocab,
    tokens: usize,
) -> Result<Vec<bool>, TextError> {
    let mut merged = vec![false; tokens];
    let mut joined = String::new();
    for (index, (left, right)) in merges.iter().enumerate() {
        joined.clear();
        joined.push_str(left);
        joined.push_str(right);
        for part in [left.as_str(), right.as_str(), joined.as_str()] {
            match ids.get(part) {
                Some(&id) => merged[id as usize] = true,
                None => {
                    return Err(TextError::MergeOutOfVocabulary {
                        index,
                        token: excerpt(part),
                    });
                }
            }
        }
    }
    Ok(merged)
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
pub(crate) fn parse_merge(index: usize, mut text: String) -> Result<(String, String), TextError> {
    match text.split_once(' ') {
        Some((left, right)) if !left.is_empty() && !right.is_empty() && !right.contains(' ') => {
            let right = right.to_owned();
            text.truncate(text.len() - right.len() - 1);
            Ok((text, right))
        }
        _ => Err(TextError::BadMerge {
            index,
            text: excerpt(&text),
        }),
    }
}
