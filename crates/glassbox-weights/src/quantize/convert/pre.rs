//! `tokenizer.ggml.pre`: llama.cpp's name for how text is cut before byte-pair merging.
//!
//! Its conversion script hashes the ids of a test text; here the pre-tokenizer itself is read,
//! which also covers vocabularies that nobody has hashed, and refuses what it does not know.

use super::ConvertError;
use crate::json::Json;

const SUPPORTED: &str = "the pre-tokenizers of Qwen2, Llama 3, SmolLM and GPT-2";

/// Cuts digits one by one.
const QWEN2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Cuts digits by threes.
const LLAMA3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

pub(super) fn name(
    tokenizer: &[(String, Json)],
    is_deepseek: bool,
) -> Result<&'static str, ConvertError> {
    let mut steps = Vec::new();
    collect(
        super::tokenizer::get(tokenizer, "pre_tokenizer"),
        &mut steps,
    );
    let unknown = || ConvertError::Tokenizer {
        field: "pre_tokenizer",
        found: steps
            .iter()
            .map(|step| step.describe())
            .collect::<Vec<_>>()
            .join(", "),
        supported: SUPPORTED,
    };
    match steps[..] {
        // Both names stand for the same rules; the second is the one in published files.
        [Step::Split(QWEN2), Step::ByteLevel { use_regex: false }] if is_deepseek => {
            Ok("deepseek-r1-qwen")
        }
        [Step::Split(QWEN2), Step::ByteLevel { use_regex: false }] => Ok("qwen2"),
        [Step::Split(LLAMA3), Step::ByteLevel { use_regex: false }] => Ok("llama-bpe"),
        [Step::Digits, Step::ByteLevel { use_regex: true }] => Ok("smollm"),
        [Step::ByteLevel { use_regex: true }] => Ok("gpt-2"),
        _ => Err(unknown()),
    }
}

enum Step<'a> {
    Split(&'a str),
    /// One digit a piece.
    Digits,
    ByteLevel {
        use_regex: bool,
    },
    Other(&'a str),
}

impl Step<'_> {
    fn describe(&self) -> String {
        match self {
            Step::Split(pattern) => format!("Split {pattern}"),
            Step::Digits => "Digits".into(),
            Step::ByteLevel { use_regex } => format!("ByteLevel (use_regex {use_regex})"),
            Step::Other(kind) => (*kind).into(),
        }
    }
}

/// The steps in order; a sequence may hold sequences, as deep as JSON may nest.
fn collect<'a>(value: Option<&'a Json>, steps: &mut Vec<Step<'a>>) {
    let Some(Json::Object(object)) = value else {
        return;
    };
    let get = |key| super::tokenizer::get(object, key);
    let is = |key, wanted| matches!(get(key), Some(Json::Bool(b)) if *b == wanted);
    let Some(Json::String(kind)) = get("type") else {
        return;
    };
    steps.push(match kind.as_str() {
        "Sequence" => {
            if let Some(Json::Array(items)) = get("pretokenizers") {
                for item in items {
                    collect(Some(item), steps);
                }
            }
            return;
        }
        // A prefix space would be written nowhere.
        "ByteLevel" if !is("add_prefix_space", true) => Step::ByteLevel {
            use_regex: !is("use_regex", false),
        },
        "Digits" if is("individual_digits", true) => Step::Digits,
        "Split" => match (get("behavior"), get("pattern")) {
            (Some(Json::String(behavior)), Some(Json::Object(pattern)))
                if behavior == "Isolated" && is("invert", false) =>
            {
                match super::tokenizer::get(pattern, "Regex") {
                    Some(Json::String(regex)) => Step::Split(regex),
                    _ => Step::Other(kind),
                }
            }
            _ => Step::Other(kind),
        },
        _ => Step::Other(kind),
    });
}
