//! What is written down of replies, `replay`, and answers that are bound, over the embedded model.

mod support;

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use support::{fixture, run, run_with};

const SUM: &str = "What is 12 + 30?";

fn path(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_certificate_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(&folder, "reply.json");
    let asked = [
        "ask",
        SUM,
        "--seed",
        "3",
        "--kv",
        "f32",
        "--certificate",
        &file,
    ];
    run(&asked).ok();
    let document: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let tokens = document["tokens"].as_array().unwrap().len();
    let said = format!("reply 1: identical ({tokens} tokens in ");
    for options in [&[][..], &["--threads", "1"], &["--threads", "3"]] {
        let replayed = run(&[&["replay", &file], options].concat());
        assert!(replayed.ok().starts_with(&said), "{}", replayed.out);
    }
    let json = run(&["replay", &file, "--json"]).json();
    assert_eq!(
        (&json["result"], &json["tokens"]),
        (&json!("identical"), &json!(tokens))
    );
    assert_eq!(json["seal"], document["seal"]);
    // No model is needed to see whether it is whole.
    let checked = run(&["replay", &file, "--check", "--model", "/nowhere"]);
    assert!(
        checked.ok().starts_with("reply 1: whole"),
        "{}",
        checked.out
    );

    // A second reply does not take its place.
    run(&asked).fails(1, "reply.json: the file exists");
    let other = fixture("qwen2-tied.gguf");
    run(&["replay", &file, "--model", &other]).fails(1, "this model's are");

    let mut changed = document.clone();
    let id = document["tokens"][5].as_u64().unwrap();
    changed["tokens"][5] = json!(id ^ 1);
    fs::write(&file, changed.to_string()).unwrap();
    run(&["replay", &file, "--check"]).fails(1, "the certificate was changed in step 0");
    fs::write(&file, "{\"tokens\": 3}").unwrap();
    run(&["replay", &file]).fails(1, "reply.json: ");
    run(&["replay", "/nowhere"]).fails(1, "/nowhere: ");
}

#[test]
fn an_audit_log_is_checked_and_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let log = path(&folder, "audit.jsonl");
    run(&["ask", SUM, "--audit", &log]).ok();
    let chat = format!("{SUM}\n/challenge 1\nWhat is 7 - 2?\n");
    run_with(&["chat", "--audit", &log, "--temperature", "0"], chat).ok();
    let replayed = run(&["replay", &log]);
    let lines: Vec<&str> = replayed.ok().lines().collect();
    assert_eq!(lines.len(), 4, "{}", replayed.out);
    for (i, line) in (1..).zip(&lines) {
        assert!(line.starts_with(&format!("reply {i}: identical")), "{line}");
    }

    // A torn line is named, and the next reply sets it aside.
    let whole = fs::read(&log).unwrap();
    fs::write(&log, &whole[..whole.len() - 7]).unwrap();
    run(&["replay", &log, "--check"]).fails(1, "audit.jsonl, line 4: torn after ");
    let asked = run(&["ask", SUM, "--audit", &log, "-n", "5"]);
    assert!(
        asked.ok().len() > 1 && asked.err.contains("audit.jsonl.torn-1"),
        "{}",
        asked.err
    );
    assert_eq!(run(&["replay", &log, "--check"]).ok().lines().count(), 4);

    let text = String::from_utf8(whole).unwrap();
    fs::write(&log, text.replacen("7 - 2?", "7 - 3?", 1)).unwrap();
    run(&["replay", &log]).fails(1, "audit.jsonl, line 4: its hash does not follow");
    run(&["ask", SUM, "--audit", &log]).fails(1, "line 4: its hash does not follow");
}

#[test]
fn an_answer_is_bound() {
    let folder = tempfile::tempdir().unwrap();
    let content = |args: &[&str]| {
        let args = [&["ask", SUM, "--json", "--seed", "1"], args].concat();
        let reply = run(&args).json();
        let text = |key: &str| reply["trace"][key].as_str().unwrap().to_owned();
        assert!(text("reasoning").contains("12 + 30"), "{reply}");
        text("content")
    };
    let number: u32 = content(&["--regex", "[1-9][0-9]{2}"]).parse().unwrap();
    assert!((100..1000).contains(&number));
    let choice = content(&["--choice", "a lot", "--choice", "not much"]);
    assert!(["a lot", "not much"].contains(&&*choice), "{choice}");
    let schema = path(&folder, "schema.json");
    let shape = json!({
        "type": "object", "properties": {"n": {"type": "integer", "maximum": 9999}},
        "required": ["n"], "additionalProperties": false,
    });
    fs::write(&schema, shape.to_string()).unwrap();
    let json: Value = serde_json::from_str(&content(&["--json-schema", &schema])).unwrap();
    assert!(
        json["n"].is_i64() && json.as_object().unwrap().len() == 1,
        "{json}"
    );

    // It is part of the certificate, and of a vote.
    let file = path(&folder, "reply.json");
    run(&[
        "ask",
        SUM,
        "--choice",
        "yes",
        "--choice",
        "no",
        "--certificate",
        &file,
    ])
    .ok();
    assert!(
        run(&["replay", &file])
            .ok()
            .starts_with("reply 1: identical")
    );
    let poll = run(&[
        "ask", SUM, "--votes", "3", "--choice", "yes", "--choice", "no", "--json",
    ]);
    assert!(["yes", "no"].contains(&poll.json()["answer"].as_str().unwrap()));

    run(&["ask", SUM, "--regex", "("]).fails(1, "the constraint on the answer: ");
    run(&["ask", SUM, "--json-schema", "/nowhere"]).fails(1, "/nowhere: ");
    fs::write(Path::new(&schema), "{").unwrap();
    run(&["ask", SUM, "--json-schema", &schema]).fails(1, "schema.json: ");
    let both = run(&["ask", SUM, "--regex", "a", "--choice", "b"]);
    both.fails(2, "cannot be used with");
}

#[test]
fn what_is_done_about_loops_is_said() {
    let params = |policy: &str| {
        let reply = run(&["ask", SUM, "--json", "--on-loop", policy]).json();
        reply["params"]["on_loop"].clone()
    };
    assert_eq!(params("close"), json!("close"));
    assert_eq!(params("3"), json!({"chop": 3}));
    run(&["ask", SUM, "--on-loop", "0"]).fails(2, "expected report, close or 1 to 100");
}
