//! `tokenizer.json`, read strictly: the library builds only what was understood here.

use super::components::{self, Affixes};
use super::roles::{Named, Roles, by_text};
use super::vocabulary::{Kind, Rules, Token, Vocabulary, parse_merge};
use super::{Tokenizer, limits};
use crate::error::{TextError, excerpt};
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;
use std::collections::HashMap;

const FILE: &str = "tokenizer.json";

/// The files beside `tokenizer.json` in a Hugging Face directory, as bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct HfSide<'a> {
    /// `tokenizer_config.json`: names BOS, EOS and padding, and whether BOS is added.
    pub tokenizer_config: Option<&'a [u8]>,
    /// `generation_config.json`: may list several ids that end generation.
    pub generation_config: Option<&'a [u8]>,
    /// `config.json`: its `eos_token_id` ends generation where the file above is absent or has
    /// none, as in `transformers`.
    pub config: Option<&'a [u8]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    truncation: Value,
    #[serde(default)]
    padding: Value,
    #[serde(default)]
    added_tokens: Vec<Added>,
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    #[serde(default)]
    decoder: Value,
    model: Model,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Added {
    id: u32,
    content: String,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
    #[serde(default)]
    normalized: bool,
    #[serde(default)]
    special: bool,
}

#[derive(Deserialize)]
struct ModelType {
    model: Option<TypeTag>,
}

#[derive(Deserialize)]
struct TypeTag {
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    #[serde(default, rename = "type")]
    _kind: Option<String>,
    #[serde(default)]
    dropout: Option<f64>,
    #[serde(default)]
    unk_token: Option<String>,
    #[serde(default)]
    continuing_subword_prefix: Option<String>,
    #[serde(default)]
    end_of_word_suffix: Option<String>,
    #[serde(default)]
    fuse_unk: Option<bool>,
    #[serde(default)]
    byte_fallback: Option<bool>,
    #[serde(default)]
    ignore_merges: Option<bool>,
    vocab: Pairs,
    merges: Vec<Merge>,
}

/// The vocabulary as a list, so that a key that occurs twice is seen.
struct Pairs(Vec<(String, u32)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;
        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of token: id")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(PairsVisitor)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Merge {
    Text(String),
    Pair(String, String),
}

impl Tokenizer {
    /// Builds the tokenizer that a `tokenizer.json` describes, with the roles that the files beside it name.
    ///
    /// Supported is what the families of this project use, exactly: byte-level BPE, `Split` by expressions without
    /// look-around (but for the usual `\s+(?!\S)` at the end), `Digits`, `ByteLevel`, the normalizer NFC, and
    /// `TemplateProcessing` that puts special tokens before or after the text. Truncation and padding are checked
    /// and not applied: a prompt is never cut.
    ///
    /// # Errors
    /// Everything else, by name.
    pub fn from_json(tokenizer_json: &[u8], side: HfSide<'_>) -> Result<Self, TextError> {
        limits::check(FILE, tokenizer_json.len())?;
        let json = |source| TextError::Json { what: FILE, source };
        // The type first, so that another kind of model is refused by name rather than for the keys it lacks.
        let kind: ModelType = serde_json::from_slice(tokenizer_json).map_err(json)?;
        if let Some(kind) = kind.model.and_then(|m| m.kind).filter(|k| k != "BPE") {
            return Err(TextError::Unsupported {
                component: "model",
                found: excerpt(&kind),
                supported: "BPE",
            });
        }
        let file: File = serde_json::from_slice(tokenizer_json).map_err(json)?;
        if let Some(version) = file.version.filter(|v| v != "1.0") {
            return Err(TextError::Unsupported {
                component: "version",
                found: excerpt(&version),
                supported: "1.0",
            });
        }
        components::truncation(&file.truncation)?;
        components::padding(&file.padding)?;
        components::decoder(&file.decoder)?;
        let nfc = components::normalizer(&file.normalizer)?;
        let steps = components::pre_tokenizer(&file.pre_tokenizer)?;
        let vocabulary = vocabulary(file.model, file.added_tokens)?;
        let Affixes { mut prefix, suffix } =
            components::post_processor(&file.post_processor, &vocabulary)?;
        let config = Config::read(side, &vocabulary)?;
        let roles = Roles::new(config.named, &vocabulary)?;
        if let (true, true, Some(bos)) = (config.add_bos, prefix.is_empty(), roles.bos) {
            prefix.push(bos);
        }
        Self::build(vocabulary, nfc, steps, roles, prefix, suffix)
    }
}

fn vocabulary(model: Model, added: Vec<Added>) -> Result<Vocabulary, TextError> {
    let unsupported = |component, found: String, supported| {
        Err(TextError::Unsupported {
            component,
            found,
            supported,
        })
    };
    if let Some(dropout) = model.dropout.filter(|d| *d != 0.0) {
        return unsupported(
            "model.dropout",
            dropout.to_string(),
            "null: tokens must not depend on chance",
        );
    }
    for (component, value) in [
        (
            "model.continuing_subword_prefix",
            model.continuing_subword_prefix,
        ),
        ("model.end_of_word_suffix", model.end_of_word_suffix),
    ] {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            return unsupported(component, excerpt(&value), "null");
        }
    }
    if model.byte_fallback == Some(true) {
        return unsupported(
            "model.byte_fallback",
            "true".to_owned(),
            "false: byte-level BPE",
        );
    }
    let mut tokens: Vec<(u32, Token)> = Vec::with_capacity(model.vocab.0.len() + added.len());
    let mut place: HashMap<String, usize> = HashMap::with_capacity(model.vocab.0.len());
    for (text, id) in model.vocab.0 {
        if let Some(first) = place.insert(text.clone(), tokens.len()) {
            return Err(TextError::DuplicateToken {
                token: excerpt(&text),
                first: tokens[first].0,
                second: id,
            });
        }
        tokens.push((
            id,
            Token {
                text,
                kind: Kind::Normal,
                normalized: false,
            },
        ));
    }
    if let Some(unk) = model
        .unk_token
        .as_ref()
        .filter(|&t| !place.contains_key(t) && !added.iter().any(|a| a.content == *t))
    {
        return Err(TextError::SpecialMissing {
            role: "model.unk_token",
            found: excerpt(unk),
            tokens: tokens.len(),
        });
    }
    for token in added {
        let flags = [
            ("single_word", token.single_word),
            ("lstrip", token.lstrip),
            ("rstrip", token.rstrip),
        ];
        if let Some((flag, _)) = flags.iter().find(|(_, set)| *set) {
            let found = format!("{flag} of {}", excerpt(&token.content));
            return unsupported(
                "added_tokens",
                found,
                "tokens without single_word, lstrip and rstrip",
            );
        }
        if token.content.is_empty() {
            let found = token.id.to_string();
            return Err(TextError::Invalid {
                component: "added_tokens",
                reason: "a token is empty",
                found,
            });
        }
        let kind = if token.special {
            Kind::Special
        } else {
            Kind::UserDefined
        };
        let entry = Token {
            text: token.content,
            kind,
            normalized: token.normalized,
        };
        match place.get(&entry.text) {
            Some(&at) if tokens[at].0 == token.id => tokens[at].1 = entry,
            Some(&at) => {
                return Err(TextError::DuplicateToken {
                    token: excerpt(&entry.text),
                    first: tokens[at].0,
                    second: token.id,
                });
            }
            None => {
                place.insert(entry.text.clone(), tokens.len());
                tokens.push((token.id, entry));
            }
        }
    }
    let mut merges = Vec::with_capacity(model.merges.len());
    for (index, merge) in model.merges.into_iter().enumerate() {
        match merge {
            // Old files copied the first line of merges.txt; the library skips it too.
            Merge::Text(text) if text.starts_with("#version") => {}
            Merge::Text(text) => merges.push(parse_merge(index, text)?),
            Merge::Pair(left, right) => merges.push((left, right)),
        }
    }
    let rules = Rules {
        ignore_merges: model.ignore_merges == Some(true),
        unk: model.unk_token,
        fuse_unk: model.fuse_unk == Some(true),
    };
    Vocabulary::new(tokens, merges, rules)
}

#[derive(Default)]
struct Config {
    named: Named,
    add_bos: bool,
}

impl Config {
    fn read(side: HfSide<'_>, vocabulary: &Vocabulary) -> Result<Self, TextError> {
        let mut config = Self::default();
        if let Some(bytes) = side.tokenizer_config {
            let value = side_file("tokenizer_config.json", bytes)?;
            let id = |role: &'static str| match value.get(role) {
                None | Some(Value::Null) => Ok(None),
                Some(Value::String(text)) => by_text(role, text, vocabulary).map(Some),
                Some(other) => match other.get("content") {
                    Some(Value::String(text)) => by_text(role, text, vocabulary).map(Some),
                    _ => Err(TextError::Invalid {
                        component: role,
                        reason: "a token is a string, or an object with `content`",
                        found: excerpt(&other.to_string()),
                    }),
                },
            };
            config.named.bos = id("bos_token")?;
            config.named.eos = id("eos_token")?;
            // Padding and unknown play no part in generation: a name that does not exist is left out.
            config.named.pad = id("pad_token").unwrap_or_default();
            config.named.unk = id("unk_token").unwrap_or_default();
            config.add_bos = value.get("add_bos_token") == Some(&Value::Bool(true));
        }
        let files = [
            ("generation_config.json", side.generation_config),
            ("config.json", side.config),
        ];
        for (what, bytes) in files {
            if let Some(bytes) = bytes
                && config.named.stops.is_empty()
            {
                config.named.stops = eos_token_ids(what, bytes)?;
            }
        }
        Ok(config)
    }
}

/// The ids that a config names as ends of generation: one, several, or none.
fn eos_token_ids(what: &'static str, bytes: &[u8]) -> Result<Vec<u32>, TextError> {
    let value = side_file(what, bytes)?;
    let ids = match value.get("eos_token_id") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(ids)) => ids.clone(),
        Some(one) => vec![one.clone()],
    };
    let number = |id: &Value| id.as_u64().and_then(|n| u32::try_from(n).ok());
    ids.iter()
        .map(|id| {
            number(id).ok_or_else(|| TextError::Invalid {
                component: match what {
                    "config.json" => "config.json eos_token_id",
                    _ => "generation_config.json eos_token_id",
                },
                reason: "an id is a whole number from 0 up",
                found: excerpt(&id.to_string()),
            })
        })
        .collect()
}

fn side_file(what: &'static str, bytes: &[u8]) -> Result<Value, TextError> {
    limits::at_most(what, bytes.len(), limits::SIDE_BYTES)?;
    serde_json::from_slice(bytes).map_err(|source| TextError::Json { what, source })
}

/// The chat template in a `tokenizer_config.json`: a string, or the one named `default` of a list.
///
/// # Errors
/// JSON that cannot be read, or a `chat_template` of another shape.
pub fn chat_template_of(tokenizer_config: &[u8]) -> Result<Option<String>, TextError> {
    let value = side_file("tokenizer_config.json", tokenizer_config)?;
    let named = |entry: &Value| {
        (entry.get("name")?.as_str()? == "default").then(|| entry.get("template").cloned())?
    };
    match value.get("chat_template") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(source)) => Ok(Some(source.clone())),
        Some(Value::Array(list)) if list.iter().find_map(named).is_some_and(|t| t.is_string()) => {
            Ok(list
                .iter()
                .find_map(named)
                .and_then(|t| t.as_str().map(str::to_owned)))
        }
        Some(other) => Err(TextError::Invalid {
            component: "chat_template",
            reason: "it is a string, or a list with a template named `default`",
            found: excerpt(&other.to_string()),
        }),
    }
}
