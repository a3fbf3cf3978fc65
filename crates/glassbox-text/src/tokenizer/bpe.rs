//! Text → ids: normalization, pieces, and the byte-pair merges of `tokenizers`.

use super::alphabet;
use super::library::contain;
use super::markup::Markup;
use super::split::{Step, pieces};
use super::vocabulary::{Ids, Kind, Vocabulary};
use crate::error::TextError;
use std::borrow::Cow;
use std::collections::HashMap;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::normalizers::NFC;
use tokenizers::tokenizer::{Model, NormalizedString, Normalizer};

/// A stretch of text: plain (`None`), or an added token.
pub(crate) type Stretch<'t> = (Cow<'t, str>, Option<u32>);

/// The encoder: everything from text to ids, but for BOS and templates.
pub(crate) struct Encoder {
    model: BPE,
    /// The ids of the texts that the model can't produce.
    rest: Vocab,
    nfc: bool,
    steps: Vec<Step>,
    /// Bytes for which the vocabulary has no token.
    pub(crate) missing: Vec<u8>,
    /// Added tokens matched before normalization, and after it.
    raw: Markup,
    normalized: Markup,
}

impl Encoder {
    /// Takes the merges and the ids out of the vocabulary.
    pub(crate) fn new(
        vocabulary: &mut Vocabulary,
        nfc: bool,
        steps: Vec<Step>,
    ) -> Result<Self, TextError> {
        let Ids { mergeable, rest } = std::mem::take(&mut vocabulary.ids);
        let known =
            |byte: &u8| mergeable.contains_key(alphabet::char_of(*byte).encode_utf8(&mut [0; 4]));
        let missing = (0..=255u8).filter(|byte| !known(byte)).collect();
        let (merges, rules) = (
            std::mem::take(&mut vocabulary.merges),
            vocabulary.rules.clone(),
        );
        let model = contain("building the model", || {
            // The library's cache lives in thread-local storage and outlives the tokenizer; `encode_plain` has its own.
            let mut builder = BPE::builder()
                .vocab_and_merges(mergeable, merges)
                .ignore_merges(rules.ignore_merges)
                .fuse_unk(rules.fuse_unk)
                .cache_capacity(0);
            if let Some(unk) = rules.unk {
                builder = builder.unk_token(unk);
            }
            builder.build()
        })?;
        let added = |normalized: bool| {
            vocabulary
                .tokens
                .iter()
                .enumerate()
                .filter_map(move |(id, t)| {
                    let matched = matches!(t.kind, Kind::Special | Kind::UserDefined)
                        && t.normalized == normalized;
                    matched.then_some((t, id as u32))
                })
        };
        let raw = Markup::new(added(false).map(|(t, id)| (t.text.as_str(), id)));
        let forms: Vec<(String, u32)> = added(true)
            .map(|(t, id)| Ok((normalize(nfc, &t.text)?.into_owned(), id)))
            .collect::<Result<_, TextError>>()?;
        let normalized = Markup::new(forms.iter().map(|(t, id)| (t.as_str(), *id)));
        Ok(Self {
            model,
            rest,
            nfc,
            steps,
            missing,
            raw,
            normalized,
        })
    }

    /// The id of a token, given as the vocabulary spells it.
    pub(crate) fn id_of(&self, token: &str) -> Option<u32> {
        let rest = || self.rest.get(token).copied();
        self.model.token_to_id(token).or_else(rest)
    }

    /// Encodes text in which nothing is markup.
    pub(crate) fn encode_plain(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TextError> {
        let text = normalize(self.nfc, text)?;
        // Words repeat: where a piece was encoded before, its ids are copied from the output.
        let mut seen: HashMap<&str, (usize, usize)> = HashMap::new();
        let mut letters = String::new();
        for range in contain("splitting", || {
            Ok::<_, TextError>(pieces(&self.steps, &text))
        })? {
            let piece = &text[range];
            if let Some(&(start, end)) = seen.get(piece) {
                ids.extend_from_within(start..end);
                continue;
            }
            letters.clear();
            letters.extend(piece.bytes().map(alphabet::char_of));
            let start = ids.len();
            let tokens = contain("merging", || self.model.tokenize(&letters))?;
            ids.extend(tokens.into_iter().map(|token| token.id));
            seen.insert(piece, (start, ids.len()));
        }
        Ok(())
    }

    /// Splits text at its markup: each stretch is plain text (`None`) or an added token.
    ///
    /// Plain stretches come normalized already; to normalize again changes nothing.
    pub(crate) fn split_markup<'t>(&self, text: &'t str) -> Result<Vec<Stretch<'t>>, TextError> {
        let mut stretches = Vec::new();
        self.raw
            .scan(text, |range, id| stretches.push((&text[range], id)));
        let mut out = Vec::with_capacity(stretches.len());
        for (stretch, id) in stretches {
            if id.is_some() || self.normalized.is_empty() {
                out.push((Cow::Borrowed(stretch), id));
                continue;
            }
            match normalize(self.nfc, stretch)? {
                Cow::Borrowed(plain) => {
                    self.normalized.scan(plain, |range, id| {
                        out.push((Cow::Borrowed(&plain[range]), id))
                    });
                }
                Cow::Owned(plain) => {
                    self.normalized.scan(&plain, |range, id| {
                        out.push((Cow::Owned(plain[range].to_owned()), id))
                    });
                }
            }
        }
        Ok(out)
    }
}

/// Unicode normalization form C, by the tables that `tokenizers` uses.
fn normalize(nfc: bool, text: &str) -> Result<Cow<'_, str>, TextError> {
    // Below U+0300 every character is its own composed form, and nothing there composes with a neighbour.
    if !nfc || text.chars().all(|c| c < '\u{300}') {
        return Ok(Cow::Borrowed(text));
    }
    contain("normalizing", || {
        let mut string = NormalizedString::from(text);
        NFC.normalize(&mut string)?;
        Ok::<_, tokenizers::Error>(Cow::Owned(string.get().to_owned()))
    })
}
