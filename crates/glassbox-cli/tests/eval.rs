//! `eval`, over a tiny model with random weights, which gets nothing right.

mod support;

use serde_json::{Value, json};
use std::fs;
use support::{reasoner, run, run_with};

const PROBLEMS: &str = r#"{"kind": "mul", "question": "What is 47 times 36?", "answer": "1692"}
{"kind": "a kind of its own", "problem": "What is 2 + 2?", "answer": 4, "level": 5}

{"question": "Who was she?", "answer": null}
{"kind": "mul", "question": "What is 2 times 3?", "answer": "6"}
"#;

/// The model, and a file of problems.
fn setup() -> (tempfile::TempDir, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let model = reasoner(folder.path()).to_str().unwrap().to_owned();
    let file = folder.path().join("problems.jsonl");
    fs::write(&file, PROBLEMS).unwrap();
    (folder, model, file.to_str().unwrap().to_owned())
}

#[test]
fn a_report_has_each_kind_and_each_wrong_reply() {
    let (_folder, model, file) = setup();
    // A reasoning that is closed leaves room for content, which no later problem may see.
    let how = ["--model", &model, "-n", "20", "--think", "3", "--json"];
    let args = [&["eval", &file], &how[..]].concat();
    let eval = |more: &[&str]| run(&[&args[..], more].concat()).json();
    let one = eval(&["--jobs", "1", "-t", "1"]);
    assert_eq!(
        (&one["model"], &one["suite"]),
        (&json!(model), &json!(file))
    );
    assert_eq!((&one["problems"], &one["done"]), (&json!(4), &json!(4)));
    assert_eq!((&one["right"], &one["accuracy"]), (&json!(0), &json!(0.0)));
    assert_eq!(one["partial"], false);
    assert_eq!(one["params"]["temperature"], 0.0);
    let kinds = one["kinds"].as_array().unwrap();
    let names: Vec<&Value> = kinds.iter().map(|kind| &kind["kind"]).collect();
    assert_eq!(
        names,
        [&json!("mul"), &json!("a kind of its own"), &Value::Null]
    );
    assert_eq!(kinds[0]["done"], 2);
    let wrong = one["wrong"].as_array().unwrap();
    let lines: Vec<u64> = wrong.iter().map(|w| w["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [1, 2, 4, 5]);
    assert_eq!(wrong[1]["expected"], "4");
    assert_eq!(wrong[2]["expected"], Value::Null);
    assert!(one["tokens"].as_u64().unwrap() > 0 && one["tok_s"].as_f64().unwrap() > 0.0);
    // Who works on what changes nothing.
    let many = eval(&["--jobs", "3", "-t", "4"]);
    assert_eq!(
        (&many["jobs"], &many["threads_per_job"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(many["wrong"], one["wrong"]);
    assert_eq!(many["kinds"], one["kinds"]);
    // What `ask` writes is what counted.
    let ask = ["ask", "--temperature", "0", "What is 2 times 3?"];
    let ask = [&ask[..], &how].concat();
    assert_eq!(run(&ask).json()["text"], wrong[3]["text"]);
}

#[test]
fn a_table_is_for_people() {
    let (_folder, model, file) = setup();
    let args = ["eval", "--model", &model, &file, "-n", "5", "--limit", "1"];
    let table = run(&args);
    let lines: Vec<&str> = table.ok().lines().collect();
    assert_eq!(lines.len(), 6, "{}", table.out);
    assert!(lines[0].starts_with("kind"), "{}", table.out);
    assert!(
        lines[2].starts_with("a kind of its own      0      1      0.0"),
        "{}",
        table.out
    );
    assert!(lines[4].starts_with("all"), "{}", table.out);
    assert!(lines[5].starts_with("3 problems in "), "{}", table.out);
    let shown = run(&[&args[..], &["--show-wrong"]].concat());
    assert!(
        shown
            .ok()
            .starts_with("line 1, mul: What is 47 times 36?: no answer, expected 1692")
    );
    assert_eq!(shown.out.lines().count(), 9);
    let stdin = run_with(&["eval", "--model", &model, "-", "-n", "5"], PROBLEMS);
    assert!(stdin.ok().contains("4 problems in "), "{}", stdin.out);
}

#[test]
fn bad_lines_are_refused_by_number() {
    let (_folder, model, _) = setup();
    for (bad, part) in [
        ("{", "standard input: line 6: "),
        ("{\"question\": \"a\"}", "line 6: no \"answer\""),
        ("{\"answer\": \"a\"}", "line 6: no text under \"question\""),
        ("\"\\ud800\"", "line 6: "),
    ] {
        let input = format!("{PROBLEMS}{bad}\n");
        run_with(&["eval", "--model", &model, "-"], input).fails(1, part);
    }
    run_with(&["eval", "--model", &model, "-"], "\n").fails(1, "no problems");
    run(&["eval", "--model", &model, "/no/such/file"]).fails(1, "/no/such/file");
    run(&["eval", "--model", &model, "-", "--limit", "0"]).fails(2, "--limit");
    run(&["eval", "--model", &model, "-", "--jobs", "0"]).fails(2, "--jobs");
    run(&["eval", "--model", &model, "-", "--temperature", "-1"]).fails(2, "temperature is -1");
}

#[test]
fn a_question_longer_than_the_context_is_wrong_and_no_failure() {
    let (_folder, model, file) = setup();
    let args = ["eval", "--model", &model, &file, "--context", "9", "--json"];
    let report = run(&args).json();
    assert_eq!((&report["done"], &report["right"]), (&json!(4), &json!(0)));
    assert!(report["wrong"][0]["stop"].is_null(), "{report}");
}

#[cfg(feature = "tiny")]
#[test]
fn the_embedded_suite_is_asked_where_no_file_is_given() {
    let args = ["eval", "--limit", "1", "-n", "4", "--json"];
    let unnamed = run(&args).json();
    assert_eq!(
        (&unnamed["model"], &unnamed["suite"]),
        (&json!("tiny"), &json!("tiny"))
    );
    let kinds = unnamed["kinds"].as_array().unwrap();
    assert!(kinds.len() > 1);
    assert_eq!(unnamed["problems"], kinds.len());
    let named = run(&[&args[..], &["--tiny-suite", "--model", "tiny"]].concat()).json();
    assert_eq!(named["wrong"], unnamed["wrong"]);
    run(&["eval", "--tiny-suite", "-"]).fails(2, "--tiny-suite");
}

/// What was done so far is reported, and the exit code says that it is not all.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_reports_what_was_done() {
    use std::process::{Command, Stdio};
    use std::time::Duration;
    let (folder, model, _) = setup();
    // The second reply does not end by itself.
    let endless = folder.path().join("endless.jsonl");
    fs::write(
        &endless,
        "{\"question\": \"a\", \"answer\": \"1\"}\n".repeat(3),
    )
    .unwrap();
    let args = [
        "eval",
        "--model",
        &model,
        endless.to_str().unwrap(),
        "--json",
    ];
    let mut child = support::command(&args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The work begins with taking over the signal.
    let status = format!("/proc/{}/status", child.id());
    let catches = || {
        let status = fs::read_to_string(&status).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        u64::from_str_radix(mask.unwrap().trim(), 16).unwrap() & 0b10 != 0
    };
    while !catches() {
        assert!(child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(5));
    }
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["partial"], &report["problems"]),
        (&json!(true), &json!(3))
    );
    assert_eq!(report["done"], 0);
    assert!(report["accuracy"].is_null());
}
