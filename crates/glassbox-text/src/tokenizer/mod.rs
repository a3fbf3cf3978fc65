//! The tokenizer: one struct, whatever file it came from.

mod alphabet;
mod bpe;
mod components;
mod gguf;
mod json;
mod library;
pub(crate) mod limits;
mod markup;
mod roles;
mod split;
mod vocabulary;

pub use gguf::GgufVocab;
pub use json::{HfSide, chat_template_of};
pub use roles::Roles;

use crate::error::{TextError, excerpt};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use vocabulary::{Kind, Vocabulary};

/// How the text of added tokens (`<｜User｜>`, `</think>`) inside a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// As the letters it is written with. For anything that a user typed.
    AsText,
    /// As the token. For templates, and for text whose author may write markup; this is what Hugging Face does.
    Parse,
}

/// Text to ids and back. Cloning is cheap, and a clone can be used in another thread.
#[derive(Clone)]
pub struct Tokenizer(Arc<Inner>);

struct Inner {
    encoder: bpe::Encoder,
    roles: Roles,
    prefix: Vec<u32>,
    suffix: Vec<u32>,
    /// The bytes of all tokens, one after the other; token `id` is `bytes[starts[id]..starts[id + 1]]`.
    bytes: Vec<u8>,
    starts: Vec<usize>,
    kinds: Vec<Kind>,
    /// Characters that begin or end an added token: the ones to guard in untrusted text.
    edges: BTreeSet<char>,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokenizer")
            .field("len", &self.len())
            .field("roles", self.roles())
            .finish_non_exhaustive()
    }
}

impl Tokenizer {
    fn build(
        mut vocabulary: Vocabulary,
        nfc: bool,
        steps: Vec<split::Step>,
        roles: Roles,
        prefix: Vec<u32>,
        suffix: Vec<u32>,
    ) -> Result<Self, TextError> {
        if vocabulary.tokens.is_empty() {
            return Err(TextError::Invalid {
                component: "vocabulary",
                reason: "it has no tokens",
                found: String::new(),
            });
        }
        let encoder = bpe::Encoder::new(&mut vocabulary, nfc, steps)?;
        let mut inner = Inner {
            encoder,
            roles,
            prefix,
            suffix,
            bytes: Vec::new(),
            starts: vec![0],
            kinds: vocabulary.tokens.iter().map(|t| t.kind).collect(),
            edges: BTreeSet::new(),
        };
        for token in &vocabulary.tokens {
            match token.kind {
                Kind::Byte(byte) => inner.bytes.push(byte),
                Kind::Unused => {}
                Kind::Normal | Kind::Special | Kind::UserDefined => {
                    inner.bytes.extend(alphabet::token_bytes(&token.text));
                }
            }
            inner.starts.push(inner.bytes.len());
            if matches!(token.kind, Kind::Special | Kind::UserDefined) {
                // Blanks stay as they are: a template may trim them, and they begin no markup of a supported family.
                let ends = token
                    .text
                    .chars()
                    .next()
                    .into_iter()
                    .chain(token.text.chars().next_back());
                inner.edges.extend(ends.filter(|c| !c.is_whitespace()));
            }
        }
        Ok(Self(Arc::new(inner)))
    }

    /// The number of tokens. Ids are `0..len`.
    #[allow(
        clippy::len_without_is_empty,
        reason = "a tokenizer without tokens can't be built"
    )]
    pub fn len(&self) -> usize {
        self.0.kinds.len()
    }

    /// The largest id.
    pub fn max_id(&self) -> u32 {
        (self.len() - 1) as u32
    }

    /// Checks that this tokenizer can belong to a model with `rows` embedding rows, and returns the rows that pad.
    ///
    /// # Errors
    /// A token without a row; or more padding than tokens, which means that the two do not belong together.
    pub fn check_rows(&self, rows: usize) -> Result<usize, TextError> {
        const MOST_PADDING: usize = 4096;
        let tokens = self.len();
        match rows.checked_sub(tokens) {
            None => {
                let used = (0..self.max_id() + 1)
                    .rev()
                    .find(|id| self.0.kinds[*id as usize] != Kind::Unused);
                match used {
                    // Rows that only pad the tokenizer's own list need no embedding.
                    Some(id) if (id as usize) < rows => Ok(0),
                    _ => {
                        let id = used.unwrap_or(0);
                        Err(TextError::IdBeyondRows {
                            id,
                            token: excerpt(&self.text_of(id)),
                            tokens,
                            rows,
                        })
                    }
                }
            }
            Some(padding) if padding > tokens.max(MOST_PADDING) => {
                Err(TextError::VocabularyMismatch { tokens, rows })
            }
            Some(padding) => Ok(padding),
        }
    }

    /// The tokens with a role: BOS, ends, `<think>`.
    pub fn roles(&self) -> &Roles {
        &self.0.roles
    }

    /// The id of a token, given as the vocabulary spells it (`Ġthe`, `<think>`).
    pub fn id_of(&self, token: &str) -> Option<u32> {
        self.0.encoder.id_of(token)
    }

    /// The id of an added token: one that is matched whole, such as `<think>` or `<|im_start|>`.
    pub fn markup_id(&self, token: &str) -> Option<u32> {
        self.id_of(token).filter(|id| self.is_markup(*id))
    }

    /// Whether the id is an added token.
    pub fn is_markup(&self, id: u32) -> bool {
        matches!(
            self.0.kinds.get(id as usize),
            Some(Kind::Special | Kind::UserDefined)
        )
    }

    /// Whether decoding hides the id unless told otherwise: BOS, EOS, turn markers, but not `<think>`.
    pub fn is_hidden(&self, id: u32) -> bool {
        let roles = self.roles();
        let thinks = roles.think_open == Some(id) || roles.think_close == Some(id);
        !thinks && self.0.kinds.get(id as usize) == Some(&Kind::Special)
    }

    /// The bytes that the id stands for; none for padding rows and ids that do not exist.
    pub fn bytes_of(&self, id: u32) -> &[u8] {
        let id = id as usize;
        match (self.0.starts.get(id), self.0.starts.get(id + 1)) {
            (Some(&start), Some(&end)) => &self.0.bytes[start..end],
            _ => &[],
        }
    }

    /// The bytes of an id as text, for people to read: parts of a character show as U+FFFD.
    pub fn text_of(&self, id: u32) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes_of(id))
    }

    /// Bytes that the vocabulary cannot write: a text that holds one loses it, unless the file names an unknown token.
    ///
    /// Empty for R1, Qwen2 and Llama 3. SmolLM2 lacks a few control characters; Hugging Face drops them silently too.
    pub fn missing_bytes(&self) -> &[u8] {
        &self.0.encoder.missing
    }

    /// Text to ids, without BOS.
    ///
    /// # Errors
    /// Only what the library fails at, which is not known to happen.
    pub fn encode(&self, text: &str, special: Special) -> Result<Vec<u32>, TextError> {
        let mut ids = Vec::new();
        match special {
            Special::AsText => self.0.encoder.encode_plain(text, &mut ids)?,
            Special::Parse => {
                for (stretch, id) in self.0.encoder.split_markup(text)? {
                    match id {
                        Some(id) => ids.push(id),
                        None => self.0.encoder.encode_plain(&stretch, &mut ids)?,
                    }
                }
            }
        }
        Ok(ids)
    }

    /// Text to ids as a whole document: with the BOS (and EOS) that the file asks for, as Hugging Face's `encode` does.
    ///
    /// # Errors
    /// See [`encode`](Self::encode).
    pub fn encode_document(&self, text: &str, special: Special) -> Result<Vec<u32>, TextError> {
        let body = self.encode(text, special)?;
        Ok(self
            .0
            .prefix
            .iter()
            .chain(&body)
            .chain(&self.0.suffix)
            .copied()
            .collect())
    }

    /// Whether a document begins with BOS.
    pub fn adds_bos(&self) -> bool {
        self.roles()
            .bos
            .is_some_and(|bos| self.0.prefix.contains(&bos))
    }

    /// Ids to text: bytes that are not UTF-8 become U+FFFD, ids that do not exist stand for nothing.
    ///
    /// Nothing is cleaned up: `clean_up_tokenization_spaces` would have to look ahead, and would change code and mathematics.
    pub fn decode(&self, ids: &[u32], show: crate::Show) -> String {
        let hide = |id: &u32| show == crate::Show::Text && self.is_hidden(*id);
        let bytes: Vec<u8> = ids
            .iter()
            .filter(|id| !hide(id))
            .flat_map(|id| self.bytes_of(*id))
            .copied()
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(crate) fn split_markup<'t>(
        &self,
        text: &'t str,
    ) -> Result<Vec<bpe::Stretch<'t>>, TextError> {
        self.0.encoder.split_markup(text)
    }

    pub(crate) fn encode_plain(&self, text: &str, ids: &mut Vec<u32>) -> Result<(), TextError> {
        self.0.encoder.encode_plain(text, ids)
    }

    pub(crate) fn edges(&self) -> &BTreeSet<char> {
        &self.0.edges
    }
}
