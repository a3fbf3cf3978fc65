//! The components of `tokenizer.json`: each is honoured exactly, or refused by name.

use super::roles::by_text;
use super::split::{GPT2, Step};
use super::vocabulary::Vocabulary;
use crate::error::{TextError, excerpt};
use serde_json::{Map, Value};

/// Steps of a pre-tokenizer: each holds a compiled expression, and published files have at most seven.
const MAX_STEPS: usize = 32;

/// Special tokens put around a document.
#[derive(Debug, Default)]
pub(crate) struct Affixes {
    pub(crate) prefix: Vec<u32>,
    pub(crate) suffix: Vec<u32>,
}

/// An object, and its `type`.
fn typed<'v>(
    component: &'static str,
    value: &'v Value,
) -> Result<(&'v str, &'v Map<String, Value>), TextError> {
    let object = value.as_object();
    match (
        object,
        object.and_then(|o| o.get("type")).and_then(Value::as_str),
    ) {
        (Some(object), Some(kind)) => Ok((kind, object)),
        _ => Err(invalid(
            component,
            "it is not an object with a `type`",
            value,
        )),
    }
}

fn invalid(component: &'static str, reason: &'static str, value: &Value) -> TextError {
    TextError::Invalid {
        component,
        reason,
        found: excerpt(&value.to_string()),
    }
}

fn unsupported(component: &'static str, found: &str, supported: &'static str) -> TextError {
    TextError::Unsupported {
        component,
        found: excerpt(found),
        supported,
    }
}

/// The members of a `Sequence`, which must not nest: no published file does, and so nothing here recurses.
fn members<'v>(
    component: &'static str,
    key: &str,
    object: &'v Map<String, Value>,
) -> Result<&'v [Value], TextError> {
    match object.get(key) {
        Some(Value::Array(list)) => Ok(list),
        other => Err(invalid(
            component,
            "a Sequence needs its list",
            other.unwrap_or(&Value::Null),
        )),
    }
}

fn flag(
    component: &'static str,
    object: &Map<String, Value>,
    key: &str,
    default: bool,
) -> Result<bool, TextError> {
    match object.get(key) {
        None => Ok(default),
        Some(Value::Bool(b)) => Ok(*b),
        Some(other) => Err(invalid(component, "a flag is true or false", other)),
    }
}

/// Truncation is not applied, but contradictory settings mark a damaged file.
pub(crate) fn truncation(value: &Value) -> Result<(), TextError> {
    if value.is_null() {
        return Ok(());
    }
    let number = |key: &str| value.get(key).and_then(Value::as_u64);
    match (number("max_length"), number("stride").unwrap_or(0)) {
        (Some(max), stride) if stride < max => Ok(()),
        _ => Err(invalid(
            "truncation",
            "`stride` must be smaller than `max_length`",
            value,
        )),
    }
}

/// Padding is not applied: a batch is never padded here.
pub(crate) fn padding(value: &Value) -> Result<(), TextError> {
    if value.is_null() || value.is_object() {
        Ok(())
    } else {
        Err(invalid("padding", "it is not an object", value))
    }
}

/// The decoder must be `ByteLevel`: bytes are what the detokenizer puts together.
pub(crate) fn decoder(value: &Value) -> Result<(), TextError> {
    const SUPPORTED: &str = "ByteLevel";
    if value.is_null() {
        return Err(unsupported("decoder", "null", SUPPORTED));
    }
    match typed("decoder", value)? {
        ("ByteLevel", _) => Ok(()),
        ("Sequence", object) => match members("decoder", "decoders", object)? {
            [only] if typed("decoder", only)?.0 == "ByteLevel" => Ok(()),
            _ => Err(unsupported("decoder", &value.to_string(), SUPPORTED)),
        },
        (other, _) => Err(unsupported("decoder", other, SUPPORTED)),
    }
}

/// Whether text is brought to normalization form C.
pub(crate) fn normalizer(value: &Value) -> Result<bool, TextError> {
    const SUPPORTED: &str = "null, NFC, a Sequence of them";
    if value.is_null() {
        return Ok(false);
    }
    match typed("normalizer", value)? {
        ("NFC", _) => Ok(true),
        ("Sequence", object) => {
            let mut nfc = false;
            for member in members("normalizer", "normalizers", object)? {
                match typed("normalizer", member)? {
                    ("NFC", _) => nfc = true,
                    (other, _) => return Err(unsupported("normalizer", other, SUPPORTED)),
                }
            }
            Ok(nfc)
        }
        (other, _) => Err(unsupported("normalizer", other, SUPPORTED)),
    }
}

/// The steps before `ByteLevel`, which must come last and add no space.
pub(crate) fn pre_tokenizer(value: &Value) -> Result<Vec<Step>, TextError> {
    const SUPPORTED: &str = "ByteLevel, or a Sequence of Split and Digits that ends in it";
    if value.is_null() {
        return Err(unsupported("pre_tokenizer", "null", SUPPORTED));
    }
    let list = match typed("pre_tokenizer", value)? {
        ("Sequence", object) => members("pre_tokenizer", "pretokenizers", object)?,
        _ => std::slice::from_ref(value),
    };
    if list.len() > MAX_STEPS {
        return Err(unsupported(
            "pre_tokenizer",
            "a Sequence of more than 32 steps",
            SUPPORTED,
        ));
    }
    let mut steps = Vec::new();
    for (place, member) in list.iter().enumerate() {
        match typed("pre_tokenizer", member)? {
            ("Split", object) => steps.push(split(member, object)?),
            ("Digits", object) => steps.push(Step::Digits(flag(
                "Digits",
                object,
                "individual_digits",
                false,
            )?)),
            ("ByteLevel", object) if place + 1 == list.len() => {
                if flag("ByteLevel", object, "add_prefix_space", true)? {
                    return Err(unsupported("ByteLevel.add_prefix_space", "true", "false"));
                }
                if flag("ByteLevel", object, "use_regex", true)? {
                    steps.push(Step::regex(GPT2)?);
                }
                return Ok(steps);
            }
            (other, _) => return Err(unsupported("pre_tokenizer", other, SUPPORTED)),
        }
    }
    Err(unsupported(
        "pre_tokenizer",
        "a Sequence without ByteLevel at its end",
        SUPPORTED,
    ))
}

fn split(value: &Value, object: &Map<String, Value>) -> Result<Step, TextError> {
    match object.get("behavior").and_then(Value::as_str) {
        Some("Isolated") => {}
        other => {
            return Err(unsupported(
                "Split.behavior",
                other.unwrap_or("null"),
                "Isolated",
            ));
        }
    }
    // An isolated split gives the same pieces whether the matches or the gaps count as delimiters.
    flag("Split", object, "invert", false)?;
    let pattern = object
        .get("pattern")
        .and_then(Value::as_object)
        .filter(|p| p.len() == 1);
    match pattern.and_then(|p| p.iter().next()) {
        Some((kind, Value::String(text))) if kind == "Regex" => Step::regex(text),
        Some((kind, Value::String(text))) if kind == "String" => Step::literal(text),
        _ => Err(invalid(
            "Split.pattern",
            "it is not {\"Regex\": …} or {\"String\": …}",
            value,
        )),
    }
}

/// The special tokens around a document. `ByteLevel` only moves offsets, which nobody asks for here.
pub(crate) fn post_processor(value: &Value, vocabulary: &Vocabulary) -> Result<Affixes, TextError> {
    const SUPPORTED: &str = "null, ByteLevel, TemplateProcessing, a Sequence of them";
    let mut affixes = Affixes::default();
    if value.is_null() {
        return Ok(affixes);
    }
    let list = match typed("post_processor", value)? {
        ("Sequence", object) => members("post_processor", "processors", object)?,
        _ => std::slice::from_ref(value),
    };
    let mut templates = 0;
    for member in list {
        match typed("post_processor", member)? {
            ("ByteLevel", _) => {}
            ("TemplateProcessing", object) => {
                templates += 1;
                if templates > 1 {
                    return Err(invalid(
                        "post_processor",
                        "more than one TemplateProcessing",
                        value,
                    ));
                }
                affixes = template(member, object, vocabulary)?;
            }
            (other, _) => return Err(unsupported("post_processor", other, SUPPORTED)),
        }
    }
    Ok(affixes)
}

/// Reads the template for a single text: special tokens, the text once, special tokens.
fn template(
    value: &Value,
    object: &Map<String, Value>,
    vocabulary: &Vocabulary,
) -> Result<Affixes, TextError> {
    let wrong = || {
        invalid(
            "TemplateProcessing",
            "`single` is not special tokens around one Sequence A",
            value,
        )
    };
    let single = object
        .get("single")
        .and_then(Value::as_array)
        .ok_or_else(wrong)?;
    let mut affixes = Affixes::default();
    let mut text_seen = false;
    for piece in single {
        if let Some(id) = piece.pointer("/SpecialToken/id").and_then(Value::as_str) {
            let ids = special_ids(id, object, vocabulary)?;
            if text_seen {
                affixes.suffix.extend(ids)
            } else {
                affixes.prefix.extend(ids)
            }
        } else if piece.pointer("/Sequence/id").and_then(Value::as_str) == Some("A") && !text_seen {
            text_seen = true;
        } else {
            return Err(wrong());
        }
    }
    if text_seen { Ok(affixes) } else { Err(wrong()) }
}

/// The ids that the template's own table gives for a name: it must agree with the vocabulary.
fn special_ids(
    name: &str,
    object: &Map<String, Value>,
    vocabulary: &Vocabulary,
) -> Result<Vec<u32>, TextError> {
    const COMPONENT: &str = "TemplateProcessing.special_tokens";
    let Some(entry) = object.get("special_tokens").and_then(|t| t.get(name)) else {
        return Err(TextError::Invalid {
            component: COMPONENT,
            reason: "the template names a token that it does not define",
            found: excerpt(name),
        });
    };
    let list = |key: &str| {
        entry
            .get(key)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let (ids, tokens) = (list("ids"), list("tokens"));
    let mut out = Vec::new();
    for (id, token) in ids.iter().zip(&tokens) {
        match (id.as_u64(), token.as_str()) {
            (Some(id), Some(token)) if u64::from(by_text(COMPONENT, token, vocabulary)?) == id => {
                out.push(id as u32)
            }
            _ => {
                return Err(invalid(
                    COMPONENT,
                    "an id and its token do not belong together",
                    entry,
                ));
            }
        }
    }
    if out.is_empty() || ids.len() != tokens.len() {
        return Err(invalid(
            COMPONENT,
            "`ids` and `tokens` must be lists of the same length, not empty",
            entry,
        ));
    }
    Ok(out)
}
