//! The fixtures, written by `tools/fixtures/text/make_fixtures.py`.
#![allow(dead_code, reason = "each test uses a part")]

use glassbox_text::{GgufVocab, HfSide, Tokenizer};
use serde_json::{Value, json};

pub(crate) fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(&path).expect(&path)).expect(&path)
}

pub(crate) fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap().to_owned())
        .collect()
}

pub(crate) fn ids(value: &Value) -> Vec<u32> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_u64().unwrap() as u32)
        .collect()
}

/// The cut-down vocabulary of R1-Distill-Qwen.
pub(crate) fn vocab(pre: &str) -> GgufVocab {
    let v = fixture("vocab.json");
    GgufVocab {
        model: "gpt2".to_owned(),
        pre: Some(pre.to_owned()),
        tokens: strings(&v["tokens"]),
        token_types: v["token_types"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t.as_i64().unwrap() as i32)
            .collect(),
        merges: strings(&v["merges"]),
        bos: Some(v["bos"].as_u64().unwrap() as u32),
        eos: Some(v["eos"].as_u64().unwrap() as u32),
        add_bos: Some(true),
        ..GgufVocab::default()
    }
}

pub(crate) fn tokenizer(pre: &str) -> Tokenizer {
    Tokenizer::from_gguf(vocab(pre)).unwrap()
}

/// The same vocabulary as `tokenizer.json`, with NFC.
pub(crate) fn tokenizer_json() -> Value {
    let v = fixture("vocab.json");
    let mut file = fixture("tokenizer_parts.json");
    let types = v["token_types"].as_array().unwrap();
    let tokens = strings(&v["tokens"]);
    let normal = tokens.iter().enumerate().filter(|(i, _)| types[*i] == 1);
    let map: serde_json::Map<String, Value> = normal.map(|(i, t)| (t.clone(), json!(i))).collect();
    file["model"] = json!({"type": "BPE", "vocab": map, "merges": v["merges"]});
    file
}

pub(crate) fn from_json(file: &Value) -> Result<Tokenizer, glassbox_text::TextError> {
    Tokenizer::from_json(file.to_string().as_bytes(), HfSide::default())
}

/// A tiny vocabulary: all bytes, two merges, ChatML markers and thoughts.
pub(crate) fn tiny() -> GgufVocab {
    let mut tokens: Vec<String> = alphabet().iter().map(char::to_string).collect();
    tokens.extend(
        [
            "he",
            "hel",
            "<|im_start|>",
            "<|im_end|>",
            "<think>",
            "</think>",
            "[PAD262]",
        ]
        .map(str::to_owned),
    );
    let mut token_types = vec![1; 258];
    token_types.extend([3, 3, 4, 4, 5]);
    GgufVocab {
        model: "gpt2".to_owned(),
        pre: Some("qwen2".to_owned()),
        tokens,
        token_types,
        merges: vec!["h e".to_owned(), "he l".to_owned()],
        eos: Some(259),
        ..GgufVocab::default()
    }
}

/// The characters that stand for the bytes 0 to 255.
pub(crate) fn alphabet() -> Vec<char> {
    let mut moved = 255u32;
    (0..=255u8)
        .map(|b| match b {
            b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF => char::from(b),
            _ => {
                moved += 1;
                char::from_u32(moved).unwrap()
            }
        })
        .collect()
}

/// A small, valid `tokenizer.json`.
pub(crate) fn small() -> Value {
    let mut vocab: serde_json::Map<String, Value> = alphabet()
        .iter()
        .enumerate()
        .map(|(i, c)| (c.to_string(), json!(i)))
        .collect();
    vocab.insert("he".to_owned(), json!(256));
    json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": [{"id": 257, "content": "<s>", "special": true, "normalized": false}],
        "normalizer": null,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [257], "tokens": ["<s>"]}}
        },
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "vocab": vocab, "merges": ["h e"]}
    })
}

/// The small file as text.
pub(crate) fn small_corpus() -> String {
    small().to_string()
}
