//! Every command that takes a model takes the embedded one.

mod support;

use serde_json::json;
use std::fs;
use support::{command, fixture, run, run_with};

const IDS: &str = "1,2,3,4";

fn folder() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../glassbox-tiny/model").to_owned()
}

#[test]
fn it_runs_where_no_model_is_named_and_by_its_name() {
    let args = ["logits", "--ids", IDS, "--all", "--json"];
    let unnamed = run(&args).json();
    let folder = folder();
    for model in ["tiny", &folder] {
        assert!(
            run(&[&args[..], &["--model", model]].concat()).json() == unnamed,
            "{model}"
        );
    }
    let with = |model: &str| {
        let output = command(&args)
            .env("GLASSBOX_MODEL", model)
            .output()
            .unwrap();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    assert!(with("") == unnamed && with("tiny") == unnamed);
    assert!(with(&fixture("qwen2-tied.gguf")) != unnamed);
}

#[test]
fn a_file_of_its_name_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(fixture("qwen2-tied.gguf"), folder.path().join("tiny")).unwrap();
    let inspect = |model: &str| {
        let output = command(&["inspect", model, "--json"])
            .current_dir(folder.path())
            .output();
        serde_json::from_slice::<serde_json::Value>(&output.unwrap().stdout).unwrap()
    };
    assert_eq!(inspect("tiny")["tensors"]["count"], 26);
    run(&["inspect", "./tiny"]).fails(1, "./tiny");
}

#[test]
fn ask_and_chat_reply() {
    let ask = run(&[
        "ask",
        "-n",
        "8",
        "--seed",
        "1",
        "--json",
        "What is 47 * 36?",
    ])
    .json();
    assert_eq!(ask["model"], "tiny");
    assert_eq!(ask["usage"]["thinking_tokens"], 8);
    let text = run(&["ask", "-n", "8", "--seed", "1", "What is 47 * 36?"]);
    assert!(text.ok().starts_with("<think>\n"), "{}", text.out);
    let chat = run_with(&["chat", "-n", "8", "--seed", "1"], "What is 47 * 36?\n");
    assert!(chat.ok().starts_with("<think>\n"), "{}", chat.out);
}

#[test]
fn tokens_and_inspect_know_it() {
    let ids = run(&["tokens", "--chat", "hi"]).json();
    assert_eq!(
        ids,
        run(&["tokens", "--model", &folder(), "--chat", "hi"]).json()
    );
    let shown = run(&["tokens", "--chat", "--show", "hi"]);
    assert!(
        shown.ok().ends_with("<｜Assistant｜><think>\n\n"),
        "{}",
        shown.out
    );
    let unnamed = run(&["inspect", "--json", "--verify"]).json();
    assert_eq!(unnamed["model"], "tiny");
    assert_eq!(
        (&unnamed["runs"], &unnamed["non_finite"]),
        (&json!(true), &json!([]))
    );
    assert_eq!(
        unnamed["tensors"],
        run(&["inspect", &folder(), "--json"]).json()["tensors"]
    );
    assert!(run(&["inspect", "tiny"]).ok().contains("qwen2"));
}

#[test]
fn bench_doctor_and_models_know_it() {
    let bench = run(&["bench", "-p", "4", "-n", "2", "-r", "1", "--json"]).json();
    assert_eq!(bench["model"], "tiny");
    assert!(bench["decode"]["tok_s"].as_f64().unwrap() > 0.0);
    assert_eq!(run(&["doctor", "--json"]).json()["embedded"], "tiny");
    assert_eq!(run(&["models", "--json"]).json()["embedded"], "tiny");
    assert!(run(&["models"]).ok().contains("`tiny` needs no download"));
}

#[test]
fn it_is_quantised_like_its_files() {
    let temporary = tempfile::tempdir().unwrap();
    let out = |name: &str| temporary.path().join(name).to_str().unwrap().to_owned();
    for to in ["bf16", "q8_0", "q4_0", "q4_k_m"] {
        let written = out(&format!("{to}.gguf"));
        let report = run(&["quantize", "tiny", &written, "--to", to, "--json"]).json();
        assert_eq!(
            (&report["source"], &report["to"]),
            (&json!("tiny"), &json!(to))
        );
        let inspected = run(&["inspect", &written, "--json"]).json();
        assert_eq!(inspected["runs"], true, "{inspected}");
        assert_eq!(inspected["name"], "glassbox-tiny");
        let ids = run(&["tokens", "--model", &written, "--chat", "What is 47 * 36?"]).json();
        assert_eq!(ids, run(&["tokens", "--chat", "What is 47 * 36?"]).json());
    }
    // Nothing is lost in bf16, so that the logits are the same to the bit.
    let logits = ["logits", "--ids", IDS, "--all", "--json"];
    let written = out("bf16.gguf");
    assert!(run(&[&logits[..], &["-m", &written]].concat()).json() == run(&logits).json());
    run(&["quantize", "tiny", &written, "--to", "q8_0"]).fails(1, "--force");
}
