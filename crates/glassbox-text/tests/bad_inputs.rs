//! Every bad input gets a typed error that names it; the numbers are the rows of the project's table of bad inputs.

mod common;

use common::{alphabet, from_json, small, tiny, tokenizer, tokenizer_json};
use glassbox_text::{
    Chat, GgufVocab, HfSide, Message, PromptOptions, Special, TextError, Tokenizer,
    chat_template_of, messages_from_json,
};
use serde_json::{Value, json};

fn gguf(change: impl FnOnce(&mut GgufVocab)) -> Result<Tokenizer, TextError> {
    let mut vocab = tiny();
    change(&mut vocab);
    Tokenizer::from_gguf(vocab)
}

fn small_with(pointer: &str, value: Value) -> TextError {
    let mut file = small();
    match file.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            file.pointer_mut(parent).unwrap()[key] = value;
        }
    }
    from_json(&file).expect_err(pointer)
}

/// The message names what is wrong.
fn says(error: &TextError, words: &[&str]) {
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "`{text}` does not name `{word}`");
    }
}

#[test]
fn row_25_damaged_tokenizer_json() {
    assert_eq!(
        from_json(&small())
            .unwrap()
            .encode_document("he", Special::Parse)
            .unwrap(),
        [257, 256]
    );
    let precompiled = json!({"type": "Precompiled", "precompiled_charsmap": "AAAA"});
    let missing = json!([{"SpecialToken": {"id": "<x>"}}, {"Sequence": {"id": "A"}}]);
    let wrong_id = json!({"<s>": {"id": "<s>", "ids": [3], "tokens": ["<s>"]}});
    let sequence = |member: Value| json!({"type": "Sequence", "pretokenizers": [member, {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]});
    let split = |regex: &str| {
        sequence(
            json!({"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": false}),
        )
    };
    let table: &[(&str, Value, &[&str])] = &[
        ("/normalizer", precompiled, &["normalizer", "Precompiled"]),
        (
            "/normalizer",
            json!({"type": "Lowercase"}),
            &["normalizer", "Lowercase"],
        ),
        ("/normalizer", json!("NFC"), &["normalizer", "type"]),
        (
            "/normalizer",
            json!({"type": "Sequence", "normalizers": 3}),
            &["normalizer", "list"],
        ),
        ("/pre_tokenizer", json!(null), &["pre_tokenizer", "null"]),
        (
            "/pre_tokenizer",
            sequence(json!({"type": "FixedLength", "length": 0})),
            &["pre_tokenizer", "FixedLength"],
        ),
        (
            "/pre_tokenizer",
            json!({"type": "Metaspace", "replacement": "▁"}),
            &["pre_tokenizer", "Metaspace"],
        ),
        (
            "/pre_tokenizer",
            json!({"type": "ByteLevel"}),
            &["add_prefix_space"],
        ),
        (
            "/pre_tokenizer",
            json!({"type": "Sequence", "pretokenizers": []}),
            &["ByteLevel at its end"],
        ),
        ("/pre_tokenizer", split("foo**"), &["regex", "foo**"]),
        ("/pre_tokenizer", split("("), &["regex"]),
        (
            "/pre_tokenizer",
            split("(?<=a)b"),
            &["regex", "look-around"],
        ),
        ("/pre_tokenizer", split(&"(".repeat(5_000)), &["regex"]),
        ("/pre_tokenizer", split("((a{999}){999}){999}"), &["regex"]),
        (
            "/decoder",
            json!({"type": "Strip", "content": "▁", "start": 9, "stop": 9}),
            &["decoder", "Strip"],
        ),
        ("/decoder", json!(null), &["decoder"]),
        (
            "/truncation",
            json!({"max_length": 4, "stride": 4, "strategy": "LongestFirst"}),
            &["truncation", "stride"],
        ),
        ("/truncation", json!({"max_length": 0}), &["truncation"]),
        (
            "/post_processor/single",
            missing,
            &["TemplateProcessing", "<x>"],
        ),
        ("/post_processor/single", json!([]), &["TemplateProcessing"]),
        (
            "/post_processor/special_tokens",
            wrong_id,
            &["TemplateProcessing", "belong"],
        ),
        (
            "/post_processor",
            json!({"type": "RobertaProcessing"}),
            &["post_processor", "RobertaProcessing"],
        ),
        (
            "/model/merges",
            json!(["h hhhhhhhhhhhhhhhh"]),
            &["merge 0", "hhhhhhhhhhhhhhhh"],
        ),
        ("/model/merges", json!([["h", "h"]]), &["merge 0", "hh"]),
        ("/model/merges", json!(["he"]), &["merge 0", "he"]),
        ("/model/merges", json!([["", "h"]]), &["merge 0"]),
        (
            "/model/type",
            json!("Unigram"),
            &["model", "Unigram", "BPE"],
        ),
        ("/model/dropout", json!(0.1), &["dropout"]),
        ("/model/byte_fallback", json!(true), &["byte_fallback"]),
        (
            "/model/continuing_subword_prefix",
            json!("##"),
            &["continuing_subword_prefix"],
        ),
        ("/model/unk_token", json!("<unk>"), &["unk_token", "<unk>"]),
        ("/model/surprise", json!(1), &["surprise"]),
        ("/surprise", json!(1), &["surprise"]),
        ("/version", json!("2.0"), &["version", "2.0"]),
        ("/added_tokens/0/lstrip", json!(true), &["lstrip", "<s>"]),
        (
            "/added_tokens/0/content",
            json!(""),
            &["added_tokens", "empty"],
        ),
    ];
    for (pointer, value, words) in table {
        says(&small_with(pointer, value.clone()), words);
    }
}

#[test]
fn row_26_gaps_and_duplicates() {
    assert!(matches!(
        small_with("/model/vocab/he", json!(300)),
        TextError::VocabularyGap {
            id: 256,
            next_id: 257,
            ..
        }
    ));
    assert!(matches!(
        small_with("/model/vocab/he", json!(5)),
        TextError::DuplicateId { id: 5, .. }
    ));
    assert!(matches!(
        small_with("/added_tokens/0/content", json!("he")),
        TextError::DuplicateToken { .. }
    ));
    assert!(matches!(
        small_with("/model/vocab/he", json!(-1)),
        TextError::Json { .. }
    ));
    assert!(matches!(
        small_with("/model/vocab/he", json!(1u64 << 40)),
        TextError::Json { .. }
    ));
    let twice = small()
        .to_string()
        .replacen("\"he\":256", "\"he\":256,\"he\":258", 1);
    let twice = Tokenizer::from_json(twice.as_bytes(), HfSide::default());
    assert!(
        matches!(
            twice,
            Err(TextError::DuplicateToken {
                first: 256,
                second: 258,
                ..
            })
        ),
        "{twice:?}"
    );
    assert!(matches!(
        gguf(|v| v.tokens[256] = "a".to_owned()),
        Err(TextError::DuplicateToken { .. })
    ));
    assert!(matches!(
        gguf(|v| v.tokens.clear()),
        Err(TextError::LengthMismatch { .. })
    ));
    assert!(matches!(
        gguf(|v| v.token_types[3] = 9),
        Err(TextError::TokenType { id: 3, kind: 9, .. })
    ));
    assert!(matches!(
        gguf(|v| v.eos = Some(999)),
        Err(TextError::SpecialMissing { .. })
    ));
    assert!(matches!(
        gguf(|v| v.add_bos = Some(true)),
        Err(TextError::SpecialMissing { .. })
    ));
    let empty = Tokenizer::from_gguf(GgufVocab {
        model: "gpt2".to_owned(),
        ..GgufVocab::default()
    });
    assert!(matches!(
        empty,
        Err(TextError::Invalid {
            component: "vocabulary",
            ..
        })
    ));

    let error = tokenizer("qwen2").check_rows(100).unwrap_err();
    assert!(matches!(error, TextError::IdBeyondRows { rows: 100, .. }));
    says(&error, &["<|file_sep|>", "100"]);
}

#[test]
fn row_27_another_models_tokenizer() {
    let tokenizer = Tokenizer::from_gguf(tiny()).unwrap();
    assert_eq!(tokenizer.check_rows(263).unwrap(), 0);
    assert_eq!(tokenizer.check_rows(1_000).unwrap(), 737);
    // The last token is unused padding: it needs no row.
    assert_eq!(tokenizer.check_rows(262).unwrap(), 0);
    assert!(matches!(
        tokenizer.check_rows(261),
        Err(TextError::IdBeyondRows {
            id: 261,
            rows: 261,
            ..
        })
    ));
    assert!(matches!(
        tokenizer.check_rows(152_064),
        Err(TextError::VocabularyMismatch {
            rows: 152_064,
            tokens: 263
        })
    ));
}

#[test]
fn row_31_a_prompt_longer_than_the_context() {
    let chat = Chat::new(tokenizer("qwen2"), None).unwrap();
    let prompt = chat
        .prompt(&[Message::user("a b c")], &PromptOptions::default())
        .unwrap();
    let error = prompt.check_context(3).unwrap_err();
    says(&error, &[&prompt.ids.len().to_string(), "3"]);
}

#[test]
fn row_32_damaged_conversations() {
    let table = [
        (json!([]), "messages"),
        (json!({}), "messages"),
        (json!([3]), "messages[0]"),
        (json!([{"role": "user"}]), "messages[0].content"),
        (
            json!([{"role": "user", "content": "x"}, {"role": "assistant", "content": null}]),
            "messages[1].content",
        ),
        (
            json!([{"role": "robot", "content": "x"}]),
            "messages[0].role",
        ),
        (json!([{"role": 1, "content": "x"}]), "messages[0].role"),
        (json!([{"content": "x"}]), "messages[0].role"),
        (
            json!([{"role": "user", "content": [{"type": "image"}]}]),
            "messages[0].content",
        ),
        (
            json!([{"role": "assistant", "content": "x", "tool_calls": []}]),
            "messages[0].tool_calls",
        ),
    ];
    for (messages, path) in table {
        let error = messages_from_json(messages.to_string().as_bytes()).expect_err(path);
        says(&error, &[path]);
    }
    let chat = Chat::new(tokenizer("qwen2"), None).unwrap();
    assert!(matches!(
        chat.prompt(&[], &PromptOptions::default()),
        Err(TextError::NoMessages)
    ));
}

#[test]
fn row_33_odd_characters() {
    let messages =
        messages_from_json(br#"[{"role": "user", "content": "a\u0000b\u202ec\u2066"}]"#).unwrap();
    let chat = Chat::new(tokenizer("qwen2"), None).unwrap();
    let prompt = chat.prompt(&messages, &PromptOptions::default()).unwrap();
    assert!(prompt.text.contains("a\0b\u{202e}c\u{2066}"));
    let lone = messages_from_json(br#"[{"role": "user", "content": "\ud800"}]"#);
    assert!(matches!(
        lone,
        Err(TextError::Json {
            what: "messages",
            ..
        })
    ));
    // In an error message they are escaped.
    let error = messages_from_json(br#"[{"role": "ro\u202ebot", "content": ""}]"#).unwrap_err();
    says(&error, &["\\u{202e}"]);
    assert!(!error.to_string().contains('\u{202e}'));
}

#[test]
fn row_34_deep_and_large_json() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(matches!(
        Tokenizer::from_json(deep.as_bytes(), HfSide::default()),
        Err(TextError::Json { .. })
    ));
    let inside = format!("{{\"model\":{{\"type\":\"BPE\"}},\"normalizer\":{deep}}}");
    assert!(matches!(
        Tokenizer::from_json(inside.as_bytes(), HfSide::default()),
        Err(TextError::Json { .. })
    ));
    assert!(matches!(
        messages_from_json(deep.as_bytes()),
        Err(TextError::Json { .. })
    ));
    assert!(matches!(
        chat_template_of(deep.as_bytes()),
        Err(TextError::Json { .. })
    ));
    let large = vec![b' '; (16 << 20) + 1];
    assert!(matches!(
        messages_from_json(&large),
        Err(TextError::TooLarge { .. })
    ));
}

#[test]
fn row_41_byte_tokens() {
    for bad in ["<0x-1>", "<0xGG>", "<0x1>", "a"] {
        let error = gguf(|v| {
            v.tokens[262] = bad.to_owned();
            v.token_types[262] = 6;
        });
        assert!(
            matches!(
                error,
                Err(TextError::ByteToken { id: 262, .. }) | Err(TextError::DuplicateToken { .. })
            ),
            "{bad}"
        );
    }
    let good = gguf(|v| {
        v.tokens[262] = "<0x0A>".to_owned();
        v.token_types[262] = 6;
    });
    assert_eq!(good.unwrap().bytes_of(262), b"\n");
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    says(
        &gguf(|v| v.model = "llama".to_owned()).unwrap_err(),
        &["tokenizer.ggml.model", "llama", "gpt2"],
    );
    let pre = gguf(|v| v.pre = Some("tekken".to_owned())).unwrap_err();
    says(
        &pre,
        &[
            "tekken",
            "qwen2",
            "deepseek-r1-qwen",
            "llama-bpe",
            "smollm",
            "deepseek-llm",
            "default",
        ],
    );
    says(
        &gguf(|v| v.add_space_prefix = Some(true)).unwrap_err(),
        &["add_space_prefix"],
    );
    assert!(matches!(
        gguf(|v| v.merges[0] = "h  e".to_owned()),
        Err(TextError::BadMerge { index: 0, .. })
    ));
    assert!(matches!(
        gguf(|v| v.merges[1] = "he x".to_owned()),
        Err(TextError::MergeOutOfVocabulary { index: 1, .. })
    ));
}

#[test]
fn roles_come_from_the_files_beside_tokenizer_json() {
    let file = tokenizer_json().to_string();
    let config = json!({
        "bos_token": {"content": "<｜begin▁of▁sentence｜>"}, "eos_token": "<｜end▁of▁sentence｜>",
        "add_bos_token": true, "pad_token": "<nothing>",
        "chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}],
    });
    let config = config.to_string();
    let generation = br#"{"eos_token_id": [3, 7]}"#;
    let side = HfSide {
        tokenizer_config: Some(config.as_bytes()),
        generation_config: Some(generation),
        config: Some(br#"{"eos_token_id": 5}"#),
    };
    let tokenizer = Tokenizer::from_json(file.as_bytes(), side).unwrap();
    let roles = tokenizer.roles();
    assert_eq!(roles.bos, tokenizer.markup_id("<｜begin▁of▁sentence｜>"));
    assert_eq!(roles.stops, [3, 7, roles.eos.unwrap()]);
    assert!(roles.is_stop(7) && !roles.is_stop(8));
    assert_eq!(
        (roles.think_open, roles.pad),
        (tokenizer.markup_id("<think>"), None)
    );
    assert_eq!(
        tokenizer.encode_document("", Special::Parse).unwrap(),
        [roles.bos.unwrap()]
    );
    assert_eq!(
        chat_template_of(config.as_bytes()).unwrap().as_deref(),
        Some("d")
    );
    assert_eq!(
        chat_template_of(br#"{"chat_template": "s"}"#)
            .unwrap()
            .as_deref(),
        Some("s")
    );
    assert_eq!(chat_template_of(b"{}").unwrap(), None);
    assert!(chat_template_of(br#"{"chat_template": 3}"#).is_err());

    for (config, word) in [
        (r#"{"bos_token": "<nothing>"}"#, "<nothing>"),
        (r#"{"eos_token": 3}"#, "eos_token"),
        ("[", "tokenizer_config.json"),
    ] {
        let side = HfSide {
            tokenizer_config: Some(config.as_bytes()),
            generation_config: None,
            config: None,
        };
        says(
            &Tokenizer::from_json(file.as_bytes(), side).unwrap_err(),
            &[word],
        );
    }
    for generation in [
        r#"{"eos_token_id": -1}"#,
        r#"{"eos_token_id": [99999999]}"#,
        r#"{"eos_token_id": "x"}"#,
    ] {
        let side = HfSide {
            tokenizer_config: None,
            generation_config: Some(generation.as_bytes()),
            config: None,
        };
        says(
            &Tokenizer::from_json(file.as_bytes(), side).unwrap_err(),
            &["eos_token_id"],
        );
    }
    // The model's own config counts where the other is silent.
    for (generation, config, stops) in [
        (None, r#"{"eos_token_id": 5}"#, &[5][..]),
        (Some(&b"{}"[..]), r#"{"eos_token_id": [5, 6]}"#, &[5, 6]),
        (
            Some(br#"{"eos_token_id": 4}"#),
            r#"{"eos_token_id": 5}"#,
            &[4],
        ),
    ] {
        let side = HfSide {
            tokenizer_config: None,
            generation_config: generation,
            config: Some(config.as_bytes()),
        };
        let tokenizer = Tokenizer::from_json(file.as_bytes(), side).unwrap();
        assert!(tokenizer.roles().stops.starts_with(stops), "{config}");
    }
    let side = HfSide {
        config: Some(br#"{"eos_token_id": 99999999}"#),
        ..HfSide::default()
    };
    says(
        &Tokenizer::from_json(file.as_bytes(), side).unwrap_err(),
        &["99999999"],
    );
}

#[test]
fn bytes_without_a_token_give_what_the_library_gives() {
    let mut file = small();
    let vocab = file
        .pointer_mut("/model/vocab")
        .unwrap()
        .as_object_mut()
        .unwrap();
    // Byte 0x13 gives its place to another token.
    let letter = alphabet()[0x13].to_string();
    let id = vocab.remove(&letter).unwrap();
    vocab.insert("zz".to_owned(), id);
    let tokenizer = from_json(&file).unwrap();
    assert_eq!(tokenizer.missing_bytes(), [0x13]);
    assert_eq!(
        tokenizer.encode("h\u{13}e", Special::AsText).unwrap(),
        [u32::from(b'h'), u32::from(b'e')]
    );
    assert!(
        tokenizer
            .encode("\u{13}", Special::AsText)
            .unwrap()
            .is_empty()
    );
    file["model"]["unk_token"] = json!("<s>");
    assert_eq!(
        from_json(&file)
            .unwrap()
            .encode("\u{13}", Special::AsText)
            .unwrap(),
        [257]
    );
}
