//! The ids are the ones that Hugging Face `tokenizers` gives for the same vocabulary and pre-tokenizer.

mod common;

use common::{fixture, from_json, ids, strings, tokenizer, tokenizer_json};
use glassbox_text::{Detokenizer, Show, Special, Tokenizer};

const PRE: [&str; 6] = [
    "qwen2",
    "deepseek-r1-qwen",
    "llama-bpe",
    "smollm",
    "deepseek-llm",
    "default",
];

#[test]
fn every_pre_tokenizer_agrees_with_tokenizers() {
    let cases = fixture("ids.json");
    let texts = strings(&cases["texts"]);
    let mut markup_was_text = 0;
    for pre in PRE {
        let tokenizer = tokenizer(pre);
        for (i, text) in texts.iter().enumerate() {
            let case = &cases["pre"][pre];
            let parsed = ids(&case["parse"][i]);
            assert_eq!(
                tokenizer.encode(text, Special::Parse).unwrap(),
                parsed,
                "{pre}: {text:?}"
            );
            let plain = case["as_text_differs"]
                .get(i.to_string())
                .map(ids)
                .inspect(|_| markup_was_text += 1);
            let plain = plain.unwrap_or_else(|| parsed.clone());
            assert_eq!(
                tokenizer.encode(text, Special::AsText).unwrap(),
                plain,
                "{pre}, as text: {text:?}"
            );
            assert!(plain.iter().all(|id| !tokenizer.is_markup(*id)));
            round_trip(&tokenizer, text, &parsed);
            round_trip(&tokenizer, text, &plain);
        }
    }
    assert!(markup_was_text >= PRE.len());
}

fn round_trip(tokenizer: &Tokenizer, text: &str, ids: &[u32]) {
    assert_eq!(tokenizer.decode(ids, Show::Everything), text);
    let mut stream = Detokenizer::new(tokenizer.clone(), Show::Everything);
    let mut streamed = String::new();
    for id in ids {
        streamed += stream.push(*id);
        assert!(
            text.starts_with(&streamed),
            "a piece must not be taken back"
        );
    }
    streamed += stream.finish();
    assert_eq!(streamed, text);
}

#[test]
fn tokenizer_json_with_nfc_agrees_with_tokenizers() {
    let cases = fixture("ids.json");
    let tokenizer = from_json(&tokenizer_json()).unwrap();
    let mut composed = 0;
    for (text, want) in strings(&cases["texts"])
        .iter()
        .zip(cases["nfc"].as_array().unwrap())
    {
        let got = tokenizer.encode(text, Special::Parse).unwrap();
        assert_eq!(got, ids(want), "{text:?}");
        composed += usize::from(tokenizer.decode(&got, Show::Everything) != *text);
    }
    assert!(composed > 0, "no text was changed by NFC");
}

#[test]
fn a_file_without_a_pre_tokenizer_gets_the_default() {
    let mut vocab = common::vocab("default");
    vocab.pre = None;
    let tokenizer = Tokenizer::from_gguf(vocab).unwrap();
    let text = "x = -0.5e10; 1234 $++";
    assert_eq!(
        tokenizer.encode(text, Special::AsText).unwrap(),
        common::tokenizer("default")
            .encode(text, Special::AsText)
            .unwrap()
    );
}

#[test]
fn a_document_begins_with_bos() {
    let tokenizer = tokenizer("qwen2");
    let bos = tokenizer.roles().bos.unwrap();
    let ids = tokenizer.encode_document("Hello", Special::Parse).unwrap();
    assert_eq!(ids[0], bos);
    assert_eq!(ids[1..], tokenizer.encode("Hello", Special::Parse).unwrap());
    assert!(tokenizer.adds_bos());
    assert_eq!(tokenizer.decode(&ids, Show::Text), "Hello");
    assert_eq!(
        tokenizer.decode(&ids, Show::Everything),
        "<｜begin▁of▁sentence｜>Hello"
    );
}
