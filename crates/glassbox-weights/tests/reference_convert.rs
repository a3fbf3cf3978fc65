//! Hugging Face folders against what llama.cpp's conversion script makes of them; see
//! `tools/fixtures/weights/convert.py`.

mod common;

use common::fixture;
use glassbox_weights::gguf::Value;
use glassbox_weights::quantize::quantize;
use glassbox_weights::{Checkpoint, OpenOptions, Target};
use serde_json::Value as Json;
use std::path::Path;

/// FNV-1a, 64 bits.
fn fnv(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xCBF2_9CE4_8422_2325u64, |h, &b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3)
    });
    format!("{hash:016x}")
}

/// A metadata value as the script's JSON has it: type names as `gguf` spells them.
fn json(value: &Value) -> (Vec<String>, Json) {
    let number = |v: &Value| match v {
        Value::F32(x) => Json::from(*x),
        Value::Bool(b) => Json::from(*b),
        other => serde_json::from_str(&other.as_integer().unwrap().to_string()).unwrap(),
    };
    let kind = |name: &str| match name {
        "u32" => "UINT32".to_owned(),
        "i32" => "INT32".to_owned(),
        "f32" => "FLOAT32".to_owned(),
        other => other.to_uppercase(),
    };
    match value {
        Value::String(s) => (vec![kind("string")], Json::from(s.as_str())),
        Value::Array(array) => {
            let items = match array.strings() {
                Some(strings) => strings.map(Json::from).collect(),
                None => array.scalars().unwrap().map(|v| number(&v)).collect(),
            };
            let types = vec![kind("array"), kind(array.element_type().name())];
            (types, Json::Array(items))
        }
        scalar => (vec![kind(scalar.value_type().name())], number(scalar)),
    }
}

/// What describes the folder rather than the model, and a separator that BPE never uses, which the
/// script derives from the template for pairs.
const ABOUT_THE_FILE: [&str; 4] = [
    "general.name",
    "general.size_label",
    "general.quantization_version",
    "tokenizer.ggml.add_sep_token",
];

fn check(case: &str) {
    let folder = fixture("convert").join(case);
    let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: Json = serde_json::from_str(&text).unwrap();
    let source = Checkpoint::open(&folder, &OpenOptions::default()).unwrap();
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("out.gguf");
    quantize(&source, &path, Target::F32, &mut |_| true).unwrap();
    let written = Checkpoint::open(&path, &OpenOptions::default()).unwrap();

    let metadata = written.gguf().unwrap();
    for (key, entry) in expected["metadata"].as_object().unwrap() {
        if ABOUT_THE_FILE.contains(&key.as_str()) {
            continue;
        }
        let value = metadata
            .get(key)
            .unwrap_or_else(|| panic!("{case}: no {key}"));
        let (types, value) = json(value);
        assert_eq!(Json::from(types), entry["type"], "{case}: type of {key}");
        if types_are_f32(&entry["type"]) {
            let (a, b) = (value.as_f64().unwrap(), entry["value"].as_f64().unwrap());
            assert_eq!(a as f32, b as f32, "{case}: {key}");
        } else {
            assert_eq!(value, entry["value"], "{case}: {key}");
        }
    }
    for (key, _) in metadata.iter() {
        // The script has the size of a Llama head from `transformers`, where it looks there.
        let head_dim = key.ends_with(".key_length") || key.ends_with(".value_length");
        let known = expected["metadata"].get(key).is_some()
            || ABOUT_THE_FILE.contains(&key)
            || (case == "llama" && head_dim && metadata.u32(key).unwrap() == Some(8));
        assert!(known, "{case}: {key} is not in the script's file");
    }

    let tensors = expected["tensors"].as_object().unwrap();
    assert_eq!(written.tensors().len(), tensors.len(), "{case}");
    for (name, entry) in tensors {
        let info = written
            .info(name)
            .unwrap_or_else(|| panic!("{case}: no {name}"));
        assert_eq!(
            Json::from(info.dtype().name()),
            entry["type"],
            "{case}: type of {name}"
        );
        assert_eq!(
            Json::from(info.shape()),
            entry["shape"],
            "{case}: shape of {name}"
        );
        let data = written.tensor(name).unwrap().unwrap();
        if name == "rope_freqs.weight" {
            // The script computes in f32; ours are its factors but for the last bits.
            let mut row = vec![0.0; data.cols()];
            data.dequantize_row(0, &mut row);
            assert_eq!((row[0], row[row.len() - 1]), (1.0, 8.0), "{row:?}");
            continue;
        }
        assert_eq!(
            Json::from(fnv(data.data())),
            entry["fnv"],
            "{case}: bytes of {name}"
        );
    }
}

fn types_are_f32(types: &Json) -> bool {
    types.as_array().unwrap().last() == Some(&Json::from("FLOAT32"))
}

#[test]
fn llama_is_converted_as_llama_cpp_does() {
    check("llama");
}

#[test]
fn qwen2_is_converted_as_llama_cpp_does() {
    check("qwen2");
}

/// A copy of a case with one file changed, converted: the error, or that there was none.
fn changed(case: &str, file: &str, change: impl Fn(String) -> String) -> String {
    let folder = tempfile::tempdir().unwrap();
    convert_changed(folder.path(), case, file, change)
}

fn convert_changed(
    folder: &Path,
    case: &str,
    file: &str,
    change: impl Fn(String) -> String,
) -> String {
    for name in [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ] {
        std::fs::copy(fixture("convert").join(case).join(name), folder.join(name)).unwrap();
    }
    let path = folder.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let new = change(text.clone());
    assert_ne!(text, new, "the change changed nothing");
    std::fs::write(path, new).unwrap();
    let source = match Checkpoint::open(folder, &OpenOptions::default()) {
        Ok(source) => source,
        Err(e) => return e.to_string(),
    };
    convert(&source, folder)
}

fn convert(source: &Checkpoint, folder: &Path) -> String {
    match quantize(source, &folder.join("out.gguf"), Target::F16, &mut |_| true) {
        Ok(_) => "converted".into(),
        Err(e) => e.to_string(),
    }
}

#[test]
fn what_does_not_convert_is_named() {
    let tokenizer = "tokenizer.json";
    let replaced = |from: &'static str, to: &'static str| move |s: String| s.replace(from, to);
    for (error, pieces) in [
        (
            changed(
                "llama",
                tokenizer,
                replaced(
                    "\"normalizer\":null",
                    "\"normalizer\":{\"type\":\"Lowercase\"}",
                ),
            ),
            &["normalizer", "Lowercase", "NFC"][..],
        ),
        (
            changed("llama", tokenizer, replaced(r"\\p{N}{1,3}", r"\\p{N}{1,4}")),
            &["pre_tokenizer", "{1,4}", "Llama 3"][..],
        ),
        (
            changed("llama", tokenizer, replaced("\"BPE\"", "\"Unigram\"")),
            &["model.type", "Unigram", "BPE"],
        ),
        (
            changed(
                "llama",
                tokenizer,
                replaced("\"byte_fallback\":false", "\"byte_fallback\":true"),
            ),
            &["byte_fallback"],
        ),
        (
            changed("llama", tokenizer, replaced("\"A\":", "\"B\":")),
            &["duplicate key", "vocab.B"],
        ),
        (
            changed("llama", tokenizer, replaced("\"he\":", "\"he\":1")),
            &["\"he\"", "the model has"],
        ),
        (
            changed("llama", tokenizer, |s| s[..s.len() / 2].into()),
            &["tokenizer.json", "not valid JSON"],
        ),
        (
            changed(
                "llama",
                "config.json",
                replaced(
                    "\"tie_word_embeddings\": true",
                    "\"tie_word_embeddings\": false",
                ),
            ),
            &["lm_head.weight", "missing"],
        ),
        (
            changed(
                "llama",
                "config.json",
                replaced("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1"),
            ),
            &["model.layers.1.", "llama"],
        ),
        (
            changed(
                "llama",
                "config.json",
                replaced("\"intermediate_size\": 24", "\"intermediate_size\": 48"),
            ),
            &["mlp.gate_proj.weight", "[48, 16]", "[24, 16]"],
        ),
        (
            changed(
                "qwen2",
                "config.json",
                replaced(
                    "\"use_mrope\": false",
                    "\"rope_scaling\": {\"type\": \"yarn\", \"factor\": 4.0, \"truncate\": false}",
                ),
            ),
            &["rope_scaling.truncate", "GGUF"],
        ),
    ] {
        for piece in pieces {
            assert!(error.contains(piece), "{piece:?} is not in {error:?}");
        }
    }
    // An added token may stand in the vocabulary too, under its own id only.
    let both = replaced("\"Ġthe\":260", "\"Ġthe\":260,\"<think>\":264");
    assert_eq!(changed("llama", tokenizer, both), "converted");
    let other = replaced("\"Ġthe\":260", "\"Ġthe\":260,\"<thought>\":264");
    let error = changed("llama", tokenizer, other);
    for piece in ["\"<thought>\"", "\"<think>\"", "share id 264"] {
        assert!(error.contains(piece), "{piece:?} is not in {error:?}");
    }
    let same = changed("llama", "tokenizer_config.json", replaced("16384", "16385"));
    assert_eq!(same, "converted");
}

/// Newer files write a merge as a pair, whose parts may hold spaces; GGUF has a line for it.
#[test]
fn a_space_in_a_merge_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let spaced = |s: String| s.replace(r#"["l","l"]"#, r#"["l "," l"]"#);
    let result = convert_changed(folder.path(), "llama", "tokenizer.json", spaced);
    assert_eq!(result, "converted");
    let path = folder.path().join("out.gguf");
    let written = Checkpoint::open(path, &OpenOptions::default()).unwrap();
    let mut merges = written
        .gguf()
        .unwrap()
        .strings("tokenizer.ggml.merges")
        .unwrap()
        .unwrap();
    assert_eq!(merges.nth(1), Some("lĠ Ġl"));
}
