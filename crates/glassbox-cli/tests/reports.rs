//! Commands that report, over the small models of the workspace and small texts.

mod support;

use serde_json::json;
use std::fs;
use std::path::Path;
use support::{fixture, run, run_with};

#[test]
fn trace_has_the_documented_shape() {
    for (args, input, expected) in [
        (
            &["trace", "-"][..],
            "B",
            json!({"reasoning": null, "content": "B", "closed": false, "steps": [], "answer": null,
                "notes": []}),
        ),
        (
            &["trace", "--primed", "-"],
            "A</think>\\boxed{7}",
            json!({"reasoning": "A", "content": "\\boxed{7}", "closed": true, "answer": "7",
                "steps": [{"index": 0, "kind": "derivation", "text": "A", "bytes": [0, 1]}],
                "notes": []}),
        ),
        (
            &["trace", "--json", "-"],
            "<think>\n\n</think>\n\nHi",
            json!({"reasoning": "", "content": "Hi", "closed": true, "steps": [], "answer": null,
                "notes": [{"kind": "bypassed", "at": 0}]}),
        ),
    ] {
        let run = run_with(args, input);
        assert_eq!(run.json(), expected, "{args:?}");
        assert_eq!(run.out.lines().count(), 1);
    }
    let md = run_with(&["trace", "--format", "md", "-"], "<think>A</think>B");
    assert!(md.ok().starts_with("## Reasoning\n"), "{}", md.out);
    let html = run_with(&["trace", "--format", "html", "-"], "<think>A</think>B<b>");
    assert!(html.ok().starts_with("<!DOCTYPE html>"), "{}", html.out);
    assert!(html.out.contains("B&lt;b&gt;"), "{}", html.out);
}

#[test]
fn trace_checks_on_demand() {
    let output = "<think>So 2 + 2 = 5.</think>\\boxed{5}";
    let json = run_with(&["trace", "--check", "-"], output).json();
    assert_eq!(json["answer"], "5");
    let arithmetic = &json["checks"][0];
    assert_eq!(arithmetic["checker"], "arithmetic");
    assert_eq!(arithmetic["n_checked"], 1);
    let finding = json!({"checker": "arithmetic", "severity": "error", "section": "reasoning",
        "step": 0, "bytes": [3, 12], "message": "2 + 2 is 4, not 5"});
    assert_eq!(arithmetic["findings"], json!([finding]));
    let md = run_with(&["trace", "--check", "--format", "md", "-"], output);
    let line = "  - step 1, error: `2 + 2 is 4, not 5`\n";
    assert!(md.ok().contains(line), "{}", md.out);
    let html = run_with(&["trace", "--check", "--format", "html", "-"], output);
    assert!(html.ok().contains(">2 + 2 = 5</mark>"), "{}", html.out);
}

#[test]
fn logits_are_those_that_the_fixture_expects() {
    for name in ["llama-odd", "qwen2-tied", "llama-tied-llama3"] {
        let model = fixture(name);
        let ids = "1,2,3";
        let args = [
            "logits", "--model", &model, "--ids", ids, "--kv", "f32", "--json",
        ];
        let all = run(&[&args[..], &["--all", "--top", "2"]].concat()).json();
        let logits: Vec<f64> = serde_json::from_value(all["logits"].clone()).unwrap();
        let best = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
        assert_eq!(all["argmax"], json!(best.unwrap()), "{name}");
        assert_eq!(all["top"].as_array().unwrap().len(), 2);
        assert_eq!(all["top"][0], json!([best.unwrap(), logits[best.unwrap()]]));
        let short = run(&args).json();
        assert_eq!(short["top"].as_array().unwrap().len(), 10);
        assert!(short.get("logits").is_none());
        let one_thread = run(&[&args[..], &["--all", "--top", "2", "-t", "1"]].concat()).json();
        assert_eq!(one_thread, all, "{name}");
    }
}

#[test]
fn inspect_says_what_the_files_say() {
    for (name, architecture, n_tensors, parameters) in [
        ("qwen2-tied.gguf", "qwen2", 26, 18_720),
        ("qwen2-yarn", "qwen2", 26, 18_720),
        ("llama-untied.gguf", "llama", 21, 21_664),
        ("llama-odd", "llama", 21, 21_810),
    ] {
        let model = fixture(name);
        let json = run(&["inspect", &model, "--json", "--verify", "--context", "64"]).json();
        assert_eq!(json["architecture"], architecture, "{name}");
        assert_eq!(json["tensors"]["count"], n_tensors, "{name}");
        assert_eq!(json["spec"]["parameters"], parameters, "{name}");
        assert_eq!(json["runs"], true, "{name}");
        assert_eq!(json["non_finite"], json!([]), "{name}");
        // Half as much, and a scale of four bytes for every head.
        let kv = |name: &str| json["memory"][name].as_u64().unwrap();
        let head_dim = json["spec"]["head_dim"].as_u64().unwrap();
        assert_eq!(kv("kv_half"), kv("kv_f32") / 2 + kv("kv_f32") / head_dim);
        assert_eq!(kv("kv_q8"), kv("kv_f32") / 4 + kv("kv_f32") / head_dim);
        assert!(json.get("tensor_list").is_none(), "{name}");
        let text = run(&["inspect", &model, "--tensors"]);
        assert!(text.ok().lines().count() > n_tensors, "{name}");
    }
}

#[test]
fn a_model_that_cannot_run_is_shown_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let copy = |changes: &[(&str, &str)]| {
        for name in ["config.json", "model.safetensors"] {
            fs::copy(
                Path::new(&fixture("llama-odd")).join(name),
                folder.path().join(name),
            )
            .unwrap();
        }
        let config = folder.path().join("config.json");
        let mut text = fs::read_to_string(&config).unwrap();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        fs::write(config, text).unwrap();
        run(&["inspect", folder.path().to_str().unwrap(), "--json"]).json()
    };
    let other = copy(&[("\"llama\"", "\"mamba\"")]);
    assert_eq!(
        (&other["runs"], &other["architecture"]),
        (&json!(false), &json!("mamba"))
    );
    assert!(
        other["problems"][0].as_str().unwrap().contains("mamba"),
        "{other}"
    );
    assert_eq!(other["says"]["hidden_size"], "30");
    let heads = copy(&[("\"num_attention_heads\": 3", "\"num_attention_heads\": 0")]);
    assert_eq!(heads["runs"], false, "{heads}");
    // What only a look at the tensors shows.
    let vocab = copy(&[("\"vocab_size\": 131", "\"vocab_size\": 97")]);
    assert_eq!(vocab["runs"], false);
    let shape = "tensor model.embed_tokens.weight is [131, 30], expected [97, 30]";
    assert_eq!(vocab["problems"][0], shape, "{vocab}");
    let layers = copy(&[("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1")]);
    assert_eq!(layers["runs"], false, "{layers}");
    let tied = copy(&[(
        "\"tie_word_embeddings\": false",
        "\"tie_word_embeddings\": true",
    )]);
    let problem = tied["problems"][0].as_str().unwrap();
    assert!(
        problem.starts_with("tensor lm_head.weight differs from the embedding"),
        "{tied}"
    );
}

#[test]
fn verify_counts_what_is_not_finite() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(
        Path::new(&fixture("llama-odd")).join("config.json"),
        folder.path().join("config.json"),
    )
    .unwrap();
    let mut bytes = fs::read(Path::new(&fixture("llama-odd")).join("model.safetensors")).unwrap();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(folder.path().join("model.safetensors"), bytes).unwrap();
    let path = folder.path().to_str().unwrap();
    let json = run(&["inspect", path, "--json", "--verify"]).json();
    assert_eq!(json["non_finite"][0]["nan"], 1, "{json}");
    assert!(
        run(&["inspect", path, "--verify"])
            .ok()
            .contains("1 NaN, 0 infinite")
    );
    // Loading warns, and names the tensor.
    let logits = run(&["logits", "--model", path, "--ids", "1"]);
    let tensor = json["non_finite"][0]["tensor"].as_str().unwrap();
    let warning = format!("warning: tensor {tensor} holds NaN or infinity");
    assert!(logits.err.contains(&warning), "{}", logits.err);
}

#[test]
fn bench_measures_against_limits() {
    let model = fixture("qwen2-tied.gguf");
    let args = [
        "bench", "--model", &model, "-p", "20", "-n", "3", "-d", "70", "-b", "2", "-r", "1",
    ];
    let json = run(&[&args[..], &["--json"]].concat()).json();
    for part in ["prompt", "decode"] {
        assert!(json[part]["tok_s"].as_f64().unwrap() > 0.0, "{json}");
        assert!(json[part]["of_limit"].as_f64().unwrap() > 0.0, "{json}");
    }
    assert!(json["load_s"].as_f64().unwrap() >= 0.0);
    assert!(
        json["limits"]["read_bytes_s"].as_f64().unwrap() > 1e8,
        "{json}"
    );
    let alone = run(&[
        "bench", "--model", &model, "-p", "0", "-n", "1", "-r", "1", "--json",
    ])
    .json();
    assert!(alone["prompt"].is_null() && alone["decode"].is_object());
}

#[test]
fn models_is_a_menu_of_six() {
    let json = run(&["models", "--json", "--context", "8192"]).json();
    let models = json["models"].as_array().unwrap();
    assert_eq!(models.len(), 6);
    assert_eq!(models[1]["repo"], "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B");
    assert_eq!(models[1]["scores"]["aime24_pass1"], 55.5);
    let format = &models[1]["formats"][2];
    assert_eq!(
        (&format["format"], &format["weights"]),
        (&json!("q4_k_m"), &json!(4_677_120_000u64))
    );
    assert_eq!(format["kv"], json!(8192 * (2 * 512 * 2 + 2 * 4 * 4) * 28));
    let text = run(&["models"]);
    assert!(text.ok().contains("R1-Distill-Llama-70B"));
    run(&["models", "--context", "0"]).fails(2, "--context");
}

#[test]
fn doctor_finds_this_machine_well() {
    let json = run(&["doctor", "--json"]).json();
    let tables = json["tables"].as_array().unwrap();
    assert_eq!(tables.last().unwrap(), "portable");
    assert_eq!(json["table"], tables[0]);
    assert_eq!(json["problems"], json!([]));
    assert!(json["gpu"].as_str().unwrap().contains("no CUDA"));
    let forced = support::command(&["doctor", "--json"])
        .env("GLASSBOX_ISA", "portable")
        .output()
        .unwrap();
    let forced: serde_json::Value = serde_json::from_slice(&forced.stdout).unwrap();
    assert_eq!(forced["table"], "portable");
    let wrong = support::command(&["doctor"])
        .env("GLASSBOX_ISA", "abacus")
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&wrong.stdout).contains("abacus"));
}

/// Exit code 2 for options out of range, 1 for what only the model can refuse.
#[test]
fn wrong_values_are_named() {
    let gguf = fixture("qwen2-tied.gguf");
    let odd = fixture("llama-odd");
    let ask = |option: &'static str, value: &'static str| {
        run(&["ask", "--model", &gguf, "--raw", option, value, "hi"])
    };
    for (option, value, code, part) in [
        ("--temperature", "NaN", 2, "temperature is NaN"),
        ("--temperature", "-1", 2, "temperature is -1"),
        ("--temperature", "1e300", 2, "temperature is 1000"),
        ("--temperature", "warm", 2, "warm"),
        ("--top-p", "0", 2, "top_p is 0"),
        ("--top-p", "-1", 2, "top_p is -1"),
        ("--min-p", "2", 2, "min_p is 2"),
        ("--max-tokens", "0", 2, "max_tokens = 0"),
        ("--max-tokens", "-1", 2, "--max-tokens"),
        (
            "--max-tokens",
            "9223372036854775808",
            2,
            "max_tokens = 9223372036854775808",
        ),
        ("--max-tokens", "99999999999999999999", 2, "--max-tokens"),
        ("--think", "maybe", 2, "on, off or a number"),
        ("--think", "99999999999", 2, "max_thinking = 99999999999"),
        ("--threads", "0", 2, "expected 1 to 1024"),
        ("--context", "0", 2, "expected 1 to 16777216"),
        ("--kv", "q4", 2, "half, f32, q8"),
    ] {
        ask(option, value).fails(code, part);
    }
    let args = [
        "ask",
        "--model",
        &gguf,
        "--raw",
        "--json",
        "--logprobs",
        "1000000000",
        "hi",
    ];
    run(&args).fails(2, "logprobs is 1000000000");
    for (args, code, part) in [
        (&["logits", "--model", &odd, "--ids", "1,131"][..], 1, "131"),
        (&["logits", "--model", &odd, "--ids", "1,x"], 2, "x"),
        (&["logits", "--model", &odd], 2, "--ids"),
        (&["tokens", "--model", &odd, "hi"], 1, "no tokenizer"),
        (
            &["tokens", "--model", &gguf, "--chat", "hi"],
            1,
            "no chat template",
        ),
        (&["trace", "--format", "pdf", "-"], 2, "json, md, html"),
        (&["trace", "/no/such/file"], 1, "/no/such/file"),
        (&["inspect", "/no/such/model"], 1, "/no/such/model"),
        (
            &["inspect", env!("CARGO_MANIFEST_DIR")],
            1,
            "no model.safetensors",
        ),
        (
            &[
                "inspect",
                concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
            ],
            1,
            "expected GGUF",
        ),
        (
            &["bench", "--model", &gguf, "-d", "99999999999"],
            2,
            "positions",
        ),
        (&["frobnicate"], 2, "frobnicate"),
    ] {
        run(args).fails(code, part);
    }
    let bytes = run_with(&["trace", "-"], b"ab\xff");
    bytes.fails(1, "standard input: not UTF-8, byte 0xff at offset 2");
}
