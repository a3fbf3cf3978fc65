//! The tokenizer as GGUF metadata, from `tokenizer.json` and `tokenizer_config.json`.
//!
//! Byte-level BPE only, which is what Qwen2, Llama 3, SmolLM and the R1 distills have.

use super::{ConvertError, pre};
use crate::gguf::{Array, Value, Writer};
use crate::json::{Json, Object, parse_object};
use crate::{Checkpoint, ModelConfig, WeightsError};
use std::collections::BTreeMap;

const TOKENIZER: &str = "tokenizer.json";
const CONFIG: &str = "tokenizer_config.json";

/// Token types, from llama.cpp's `llama_token_type`.
const NORMAL: i32 = 1;
const CONTROL: i32 = 3;
const USER_DEFINED: i32 = 4;
const UNUSED: i32 = 5;

/// The value of `key`.
pub(super) fn get<'a>(object: &'a [(String, Json)], key: &str) -> Option<&'a Json> {
    object.iter().find(|(k, _)| k == key).map(|(_, v)| v)
}

pub(super) fn set(
    source: &Checkpoint,
    config: &ModelConfig,
    writer: &mut Writer,
) -> Result<(), WeightsError> {
    let tokenizer = read(source, TOKENIZER)?.ok_or(ConvertError::NoFile { file: TOKENIZER })?;
    let settings = read(source, CONFIG)?.unwrap_or_default();
    let vocab_size = match config {
        ModelConfig::Qwen2(c) => c.vocab_size,
        ModelConfig::Llama(c) => c.vocab_size,
    };
    check_normalizer(get(&tokenizer, "normalizer"))?;
    let added = added_tokens(&tokenizer)?;
    let vocab = Vocab::read(&tokenizer, &added, vocab_size)?;
    let is_deepseek = added.iter().any(|t| t.content == "<｜User｜>");
    let merges = merges(&tokenizer)?;

    let text = |s: &str| Value::String(s.into());
    writer.set("tokenizer.ggml.model", text("gpt2"));
    writer.set(
        "tokenizer.ggml.pre",
        text(pre::name(&tokenizer, is_deepseek)?),
    );
    writer.set(
        "tokenizer.ggml.tokens",
        Value::Array(Array::from_strings(&vocab.tokens)),
    );
    writer.set(
        "tokenizer.ggml.token_type",
        Value::Array(Array::from_i32s(&vocab.types)),
    );
    writer.set(
        "tokenizer.ggml.merges",
        Value::Array(Array::from_strings(&merges)),
    );
    special_tokens(&settings, &added, config, writer);
    let template = match source.directory_file("chat_template.jinja")? {
        Some(bytes) => Some(String::from_utf8(bytes).map_err(|_| ConvertError::Field {
            file: "chat_template.jinja",
            field: "the file".into(),
            expected: "UTF-8",
        })?),
        None => chat_template(&settings)?,
    };
    if let Some(template) = template {
        writer.set("tokenizer.chat_template", Value::String(template));
    }
    // What a leading or trailing special token of every text is, the post-processor says, and
    // where it is silent, the settings.
    let (first, last) = template_ends(&tokenizer);
    for (key, setting, processor) in [
        ("tokenizer.ggml.add_bos_token", "add_bos_token", first),
        ("tokenizer.ggml.add_eos_token", "add_eos_token", last),
    ] {
        match get(&settings, setting) {
            Some(Json::Bool(b)) => {
                writer.set(key, Value::Bool(*b));
            }
            _ => {
                if let Some(b) = processor {
                    writer.set(key, Value::Bool(b));
                }
            }
        }
    }
    Ok(())
}

fn read(source: &Checkpoint, file: &'static str) -> Result<Option<Object>, WeightsError> {
    let Some(bytes) = source.directory_file(file)? else {
        return Ok(None);
    };
    match parse_object(&bytes) {
        Ok(object) => Ok(Some(object)),
        Err(source) => Err(ConvertError::Json { file, source }.into()),
    }
}

/// GGUF has no normalizer. NFC is left out of every published Qwen2 file, and readers of GGUF know;
/// what else a normalizer does would be lost without a word.
fn check_normalizer(normalizer: Option<&Json>) -> Result<(), ConvertError> {
    let Some(Json::Object(object)) = normalizer else {
        return Ok(());
    };
    match (get(object, "type"), get(object, "normalizers")) {
        (Some(Json::String(kind)), _) if kind == "NFC" => Ok(()),
        (Some(Json::String(kind)), Some(Json::Array(items))) if kind == "Sequence" => items
            .iter()
            .try_for_each(|item| check_normalizer(Some(item))),
        (kind, _) => Err(ConvertError::Tokenizer {
            field: "normalizer",
            found: kind.map(Json::to_string).unwrap_or_default(),
            supported: "none, NFC",
        }),
    }
}

fn field(field: impl Into<String>, expected: &'static str) -> ConvertError {
    ConvertError::Field {
        file: TOKENIZER,
        field: field.into(),
        expected,
    }
}

struct Added {
    content: String,
    id: u64,
    special: bool,
}

fn added_tokens(tokenizer: &Object) -> Result<Vec<Added>, ConvertError> {
    let items = match get(tokenizer, "added_tokens") {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::Array(items)) => items,
        Some(_) => return Err(field("added_tokens", "an array")),
    };
    items
        .iter()
        .map(|item| match item {
            Json::Object(t) => match (get(t, "content"), get(t, "id"), get(t, "special")) {
                (Some(Json::String(content)), Some(Json::Unsigned(id)), special) => Ok(Added {
                    content: content.clone(),
                    id: *id,
                    special: matches!(special, Some(Json::Bool(true))),
                }),
                _ => Err(field("added_tokens[]", "content and id")),
            },
            _ => Err(field("added_tokens[]", "an object")),
        })
        .collect()
}

struct Vocab {
    tokens: Vec<String>,
    types: Vec<i32>,
}

impl Vocab {
    /// Tokens in the order of their ids, gaps filled, as many as the embedding has rows.
    fn read(tokenizer: &Object, added: &[Added], vocab_size: u64) -> Result<Vocab, ConvertError> {
        let Some(Json::Object(model)) = get(tokenizer, "model") else {
            return Err(field("model", "an object"));
        };
        // Before types were written down, BPE was the only one with merges.
        match get(model, "type") {
            Some(Json::String(kind)) if kind != "BPE" => {
                return Err(ConvertError::Tokenizer {
                    field: "model.type",
                    found: kind.clone(),
                    supported: "BPE",
                });
            }
            _ => {}
        }
        if let Some(Json::Bool(true)) = get(model, "byte_fallback") {
            return Err(ConvertError::Tokenizer {
                field: "model.byte_fallback",
                found: "true".into(),
                supported: "false: byte-level BPE",
            });
        }
        let Some(Json::Object(entries)) = get(model, "vocab") else {
            return Err(field("model.vocab", "an object"));
        };
        let mut by_id: BTreeMap<u64, (&str, i32)> = BTreeMap::new();
        for (token, id) in entries {
            let Json::Unsigned(id) = id else {
                return Err(field(format!("model.vocab[{token:?}]"), "an id"));
            };
            insert(&mut by_id, *id, token, NORMAL, vocab_size)?;
        }
        for token in added {
            let kind = if token.special || looks_special(&token.content) {
                CONTROL
            } else {
                USER_DEFINED
            };
            // An added token may also stand in the vocabulary; what it was added as counts.
            if by_id.get(&token.id).is_some_and(|t| t.0 == token.content) {
                by_id.remove(&token.id);
            }
            insert(&mut by_id, token.id, &token.content, kind, vocab_size)?;
        }
        let mut vocab = Vocab {
            tokens: Vec::new(),
            types: Vec::new(),
        };
        for id in 0..vocab_size {
            match by_id.get(&id) {
                Some(&(token, kind)) => {
                    vocab.tokens.push(token.to_owned());
                    vocab.types.push(kind);
                }
                None => {
                    vocab.tokens.push(format!("[PAD{id}]"));
                    vocab.types.push(UNUSED);
                }
            }
        }
        Ok(vocab)
    }
}

fn insert<'a>(
    by_id: &mut BTreeMap<u64, (&'a str, i32)>,
    id: u64,
    token: &'a str,
    kind: i32,
    vocab_size: u64,
) -> Result<(), ConvertError> {
    if id >= vocab_size {
        return Err(ConvertError::TokenId {
            token: token.into(),
            id,
            vocab_size,
        });
    }
    match by_id.insert(id, (token, kind)) {
        None => Ok(()),
        Some((first, _)) => Err(ConvertError::SharedId {
            id,
            first: first.into(),
            second: token.into(),
        }),
    }
}

/// Added tokens that are control tokens by their looks, whatever they are marked as.
fn looks_special(token: &str) -> bool {
    let within = |open, close| token.starts_with(open) && token.ends_with(close);
    token == "<pad>" || within("<|", "|>") || within("<｜", "｜>")
}

/// Merges as lines of two tokens, whichever of the two spellings the file has.
fn merges(tokenizer: &Object) -> Result<Vec<String>, ConvertError> {
    const EXPECTED: &str = "an array of merges, each \"a b\" or [\"a\", \"b\"]";
    let merges = match get(tokenizer, "model") {
        Some(Json::Object(model)) => get(model, "merges"),
        _ => None,
    };
    let Some(Json::Array(items)) = merges else {
        return Err(field("model.merges", EXPECTED));
    };
    items
        .iter()
        .enumerate()
        .map(|(i, item)| match item {
            Json::String(line) => Ok(line.clone()),
            Json::Array(pair) => match &pair[..] {
                // In byte-level text a space is Ġ, so a bare one would be lost between the two.
                [Json::String(a), Json::String(b)] => {
                    Ok(format!("{} {}", a.replace(' ', "Ġ"), b.replace(' ', "Ġ")))
                }
                _ => Err(field(format!("model.merges[{i}]"), EXPECTED)),
            },
            _ => Err(field(format!("model.merges[{i}]"), EXPECTED)),
        })
        .collect()
}

/// The ids of the special tokens that the settings name, and the config's where they are silent.
fn special_tokens(settings: &Object, added: &[Added], config: &ModelConfig, writer: &mut Writer) {
    let id_of = |key: &str| {
        let content = match get(settings, key)? {
            Json::String(content) => content,
            Json::Object(token) => match get(token, "content")? {
                Json::String(content) => content,
                _ => return None,
            },
            _ => return None,
        };
        let token = added.iter().find(|t| t.content == *content)?;
        u32::try_from(token.id).ok()
    };
    let (bos, eos) = match config {
        ModelConfig::Qwen2(c) => (c.bos_token_id, c.eos_token_id.first().copied()),
        ModelConfig::Llama(c) => (c.bos_token_id, c.eos_token_id.first().copied()),
    };
    for (key, id) in [
        ("tokenizer.ggml.bos_token_id", id_of("bos_token").or(bos)),
        ("tokenizer.ggml.eos_token_id", id_of("eos_token").or(eos)),
        ("tokenizer.ggml.unknown_token_id", id_of("unk_token")),
        ("tokenizer.ggml.padding_token_id", id_of("pad_token")),
    ] {
        if let Some(id) = id {
            writer.set(key, Value::U32(id));
        }
    }
}

/// The template of the settings; of several named ones, the one called `default`.
fn chat_template(settings: &Object) -> Result<Option<String>, ConvertError> {
    let wrong = || ConvertError::Field {
        file: CONFIG,
        field: "chat_template".into(),
        expected: "a string, or an array of named templates with a default",
    };
    match get(settings, "chat_template") {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(template)) => Ok(Some(template.clone())),
        Some(Json::Array(items)) => items
            .iter()
            .find_map(|item| match item {
                Json::Object(t) => match (get(t, "name"), get(t, "template")) {
                    (Some(Json::String(name)), Some(Json::String(text))) if name == "default" => {
                        Some(text.clone())
                    }
                    _ => None,
                },
                _ => None,
            })
            .map(Some)
            .ok_or_else(wrong),
        Some(_) => Err(wrong()),
    }
}

/// Whether the post-processor's template starts and ends with a special token.
fn template_ends(tokenizer: &Object) -> (Option<bool>, Option<bool>) {
    let Some(Json::Object(post)) = get(tokenizer, "post_processor") else {
        return (None, None);
    };
    let one = [Json::Object(post.clone())];
    let processors = match get(post, "processors") {
        Some(Json::Array(items)) => &items[..],
        _ => &one,
    };
    let is_special = |item: &Json| matches!(item, Json::Object(o) if matches!(get(o, "SpecialToken"), Some(Json::Object(_))));
    for processor in processors {
        let Json::Object(processor) = processor else {
            continue;
        };
        if let (Some(Json::String(kind)), Some(Json::Array(single))) =
            (get(processor, "type"), get(processor, "single"))
            && kind == "TemplateProcessing"
            && single.len() > 1
        {
            let ends = (single.first(), single.last());
            return (
                ends.0.filter(|i| is_special(i)).map(|_| true),
                ends.1.filter(|i| is_special(i)).map(|_| true),
            );
        }
    }
    (None, None)
}
