//! `config.json`: real ones are read, wrong ones are refused by field, value and what is expected.

mod common;

use common::CONFIG;
use glassbox_weights::{ModelConfig, RopeType};

fn parse(json: &str) -> Result<ModelConfig, String> {
    ModelConfig::parse(json.as_bytes()).map_err(|e| e.to_string())
}

/// The base config with some fields set, or removed when the value is empty.
fn with(changes: &[(&str, &str)]) -> String {
    let mut object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(CONFIG).unwrap();
    for (field, value) in changes {
        match *value {
            "" => object.remove(*field),
            json => object.insert((*field).into(), serde_json::from_str(json).unwrap()),
        };
    }
    serde_json::to_string(&object).unwrap()
}

/// Published configs, as they stand on the Hub.
const R1_QWEN_7B: &str = r#"{"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0,
"bos_token_id": 151643, "eos_token_id": 151643, "hidden_act": "silu", "hidden_size": 3584,
"initializer_range": 0.02, "intermediate_size": 18944, "max_position_embeddings": 131072,
"max_window_layers": 28, "model_type": "qwen2", "num_attention_heads": 28, "num_hidden_layers": 28,
"num_key_value_heads": 4, "rms_norm_eps": 1e-06, "rope_theta": 10000, "sliding_window": 4096,
"tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.44.0",
"use_cache": true, "use_mrope": false, "use_sliding_window": false, "vocab_size": 152064}"#;
const R1_LLAMA_8B: &str = r#"{"architectures": ["LlamaForCausalLM"], "attention_bias": false,
"attention_dropout": 0.0, "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009],
"head_dim": 128, "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
"intermediate_size": 14336, "max_position_embeddings": 131072, "mlp_bias": false,
"model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
"pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0,
"high_freq_factor": 4.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"},
"rope_theta": 500000.0, "tie_word_embeddings": false, "torch_dtype": "bfloat16",
"transformers_version": "4.43.0.dev0", "use_cache": true, "vocab_size": 128256}"#;
const SMOLLM2: &str = r#"{"architectures": ["LlamaForCausalLM"], "attention_bias": false,
"attention_dropout": 0.0, "bos_token_id": 1, "eos_token_id": 2, "hidden_act": "silu",
"hidden_size": 576, "initializer_range": 0.041666666666666664, "intermediate_size": 1536,
"is_llama_config": true, "max_position_embeddings": 8192, "mlp_bias": false, "model_type": "llama",
"num_attention_heads": 9, "num_hidden_layers": 30, "num_key_value_heads": 3, "pad_token_id": 2,
"pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_interleaved": false, "rope_scaling": null,
"rope_theta": 100000, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
"transformers.js_config": {"kv_cache_dtype": {"q4f16": "float16", "fp16": "float16"}},
"transformers_version": "4.42.3", "use_cache": true, "vocab_size": 49152}"#;
/// As transformers 5 writes one.
const NEWER: &str = r#"{"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0,
"bos_token_id": null, "dtype": "bfloat16", "eos_token_id": 2, "hidden_act": "silu",
"hidden_size": 64, "initializer_range": 0.02, "intermediate_size": 64, "layer_types":
["full_attention", "sliding_attention"], "max_position_embeddings": 64, "max_window_layers": 1,
"model_type": "qwen2", "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2,
"pad_token_id": null, "rms_norm_eps": 1e-06, "rope_parameters": {"factor": 4.0,
"original_max_position_embeddings": 16, "rope_theta": 1000000.0, "rope_type": "yarn",
"truncate": false}, "sliding_window": 8, "tie_word_embeddings": true, "transformers_version":
"5.23.0", "use_cache": true, "use_sliding_window": true, "vocab_size": 96}"#;

#[test]
fn published_configs_are_read() {
    let Ok(ModelConfig::Qwen2(c)) = parse(R1_QWEN_7B) else {
        panic!("{:?}", parse(R1_QWEN_7B));
    };
    assert_eq!(
        (c.hidden_size, c.num_key_value_heads, c.head_dim()),
        (3584, 4, 128)
    );
    assert_eq!((c.rope_theta, c.rms_norm_eps), (10000.0, 1e-6));
    assert_eq!((c.rope_scaling.as_ref(), c.sliding_layers()), (None, None));
    assert_eq!(c.eos_token_id, [151643]);

    let Ok(ModelConfig::Llama(c)) = parse(R1_LLAMA_8B) else {
        panic!("{:?}", parse(R1_LLAMA_8B));
    };
    let scaling = c.rope_scaling.clone().unwrap();
    assert_eq!((scaling.rope_type, scaling.factor), (RopeType::Llama3, 8.0));
    assert_eq!(scaling.original_max_position_embeddings, Some(8192));
    assert_eq!(c.eos_token_id, [128001, 128008, 128009]);

    let Ok(ModelConfig::Llama(c)) = parse(SMOLLM2) else {
        panic!("{:?}", parse(SMOLLM2));
    };
    assert!(c.tie_word_embeddings);

    let Ok(ModelConfig::Qwen2(c)) = parse(NEWER) else {
        panic!("{:?}", parse(NEWER));
    };
    assert_eq!(c.rope_theta, 1e6);
    let scaling = c.rope_scaling.clone().unwrap();
    assert_eq!(
        (scaling.rope_type, scaling.truncate),
        (RopeType::Yarn, Some(false))
    );
    assert_eq!(c.sliding_layers(), Some((8, vec![1])));
}

#[test]
fn silence_has_the_defaults_of_transformers() {
    let json = with(&[
        ("num_key_value_heads", ""),
        ("tie_word_embeddings", ""),
        ("rope_theta", ""),
        ("max_position_embeddings", ""),
        ("hidden_act", ""),
        ("architectures", ""),
    ]);
    let Ok(ModelConfig::Llama(c)) = parse(&json) else {
        panic!("{:?}", parse(&json));
    };
    assert_eq!(c.num_key_value_heads, 4);
    assert!(!c.tie_word_embeddings);
    assert_eq!((c.rope_theta, c.max_position_embeddings), (10000.0, 2048));
}

/// Fields and the values they are set to, and pieces of the message that follows.
type Case = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

/// BAD_INPUTS 21 to 24, and 34 for a config.
#[test]
fn wrong_configs_are_refused_by_name() {
    let cases: &[Case] = &[
        (&[("model_type", "")], &["model_type is missing"]),
        (
            &[("model_type", "\"mistral\"")],
            &["model_type", "\"mistral\"", "qwen2, llama"],
        ),
        (
            &[("architectures", "[\"LlamaForSequenceClassification\"]")],
            &["architectures", "LlamaForCausalLM"],
        ),
        (&[("hidden_size", "")], &["hidden_size is missing"]),
        (&[("rms_norm_eps", "")], &["rms_norm_eps is missing"]),
        (
            &[("rms_norm_eps", "\"1e-6\"")],
            &["rms_norm_eps", "\"1e-6\"", "a string", "a number"],
        ),
        (&[("rms_norm_eps", "0")], &["rms_norm_eps", "above 0"]),
        (&[("rms_norm_eps", "-1e-6")], &["rms_norm_eps", "-1e-6"]),
        (
            &[("hidden_size", "-16")],
            &["hidden_size", "-16", "non-negative integer"],
        ),
        (&[("hidden_size", "16.5")], &["hidden_size", "16.5"]),
        (&[("hidden_size", "true")], &["hidden_size", "a boolean"]),
        (
            &[("hidden_size", "1000000000000000000")],
            &["hidden_size", "1000000000000000000", "1048576"],
        ),
        (
            &[("vocab_size", "1000000000000")],
            &["vocab_size", "268435456"],
        ),
        (
            &[("num_hidden_layers", "0")],
            &["num_hidden_layers", "is 0", "from 1"],
        ),
        (
            &[("num_attention_heads", "0")],
            &["num_attention_heads", "is 0", "from 1"],
        ),
        (
            &[("num_key_value_heads", "0")],
            &["num_key_value_heads", "is 0"],
        ),
        (
            &[("num_attention_heads", "3"), ("num_key_value_heads", "3")],
            &["hidden_size 16", "num_attention_heads 3"],
        ),
        (
            &[("num_key_value_heads", "3")],
            &["num_attention_heads 4", "num_key_value_heads 3"],
        ),
        (
            &[("hidden_act", "\"gelu\"")],
            &["hidden_act", "\"gelu\"", "silu"],
        ),
        (
            &[("rope_scaling", "{\"type\": \"dynamic\", \"factor\": 2.0}")],
            &["rope_scaling.type", "\"dynamic\"", "linear, yarn, llama3"],
        ),
        (
            &[("rope_scaling", "{\"rope_type\": \"longrope\"}")],
            &["rope_scaling.rope_type", "\"longrope\""],
        ),
        (
            &[("rope_scaling", "{\"type\": \"linear\"}")],
            &["rope_scaling.factor is missing"],
        ),
        (
            &[("rope_scaling", "{\"factor\": 2.0}")],
            &["rope_scaling.rope_type is missing"],
        ),
        (
            &[(
                "rope_scaling",
                "{\"type\": \"linear\", \"factor\": 2.0, \"beta_fast\": 3}",
            )],
            &["unknown key rope_scaling.beta_fast", "3"],
        ),
        (
            &[(
                "rope_scaling",
                "{\"type\": \"linear\", \"rope_type\": \"yarn\", \"factor\": 2.0}",
            )],
            &["linear", "yarn"],
        ),
        (
            &[(
                "rope_scaling",
                "{\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 4, \"high_freq_factor\": 4, \"original_max_position_embeddings\": 64}",
            )],
            &["high_freq_factor"],
        ),
        (
            &[("rope_scaling", "[2.0]")],
            &["rope_scaling", "an array", "an object or null"],
        ),
        (
            &[(
                "rope_parameters",
                "{\"rope_theta\": 5.0, \"rope_type\": \"default\"}",
            )],
            &["rope_theta", "10000.0", "5.0"],
        ),
        (
            &[("partial_rotary_factor", "0.5")],
            &["partial_rotary_factor", "0.5", "1.0"],
        ),
        (
            &[("rope_interleaved", "true")],
            &["rope_interleaved", "true"],
        ),
        (&[("sliding_window", "4096")], &["sliding_window", "4096"]),
        (
            &[("quantization_config", "{\"quant_method\": \"gptq\"}")],
            &["quantization_config"],
        ),
        (
            &[("attention_multiplier", "0.1")],
            &["unknown key attention_multiplier", "0.1"],
        ),
        (&[("logit_scale", "16")], &["unknown key logit_scale", "16"]),
        (
            &[("layer_types", "[\"full_attention\", \"sliding_attention\"]")],
            &[
                "layer_types",
                "\"sliding_attention\"",
                "supported: full_attention",
            ],
        ),
        (
            &[("layer_types", "[\"full_attention\"]")],
            &["num_hidden_layers says 2", "layer_types says 1"],
        ),
        (
            &[("eos_token_id", "\"</s>\"")],
            &["eos_token_id", "token id"],
        ),
        (
            &[("eos_token_id", "4294967296")],
            &["eos_token_id", "4294967296"],
        ),
    ];
    for (changes, pieces) in cases {
        let json = with(changes);
        let error = parse(&json).expect_err(&json);
        for piece in *pieces {
            assert!(
                error.contains(piece),
                "{changes:?}: {piece:?} is not in {error:?}"
            );
        }
    }
}

/// Unknown keys that say that something is absent, and harmless ones that say anything, pass.
#[test]
fn idle_and_harmless_keys_pass() {
    let json = with(&[
        ("some_new_feature", "false"),
        ("another_scale", "null"),
        ("list_of_tricks", "[]"),
        ("quantization_config", "null"),
        ("use_cache", "true"),
        ("_name_or_path", "\"x\""),
        ("attention_dropout", "0.1"),
        ("pretraining_tp", "2"),
        ("layer_types", "[\"full_attention\", \"full_attention\"]"),
    ]);
    parse(&json).unwrap();
}

#[test]
fn text_that_is_not_a_config_is_refused() {
    let duplicate = CONFIG.replace("\"vocab_size\"", "\"hidden_size\": 8, \"vocab_size\"");
    let inner = with(&[]).replacen('{', "{\"rope_scaling\":{\"factor\":1,\"factor\":2},", 1);
    let deep = format!("{{\"a\":{}", "[".repeat(100_000));
    for (json, piece) in [
        (duplicate.as_str(), "duplicate key hidden_size"),
        (inner.as_str(), "duplicate key rope_scaling.factor"),
        ("", "not valid JSON"),
        ("[]", "expected an object, found an array"),
        (deep.as_str(), "not valid JSON: recursion limit"),
        ("{\"rms_norm_eps\": NaN}", "not valid JSON"),
    ] {
        let error = parse(json).expect_err(piece);
        assert!(error.contains(piece), "{piece:?} is not in {error:?}");
    }
}
