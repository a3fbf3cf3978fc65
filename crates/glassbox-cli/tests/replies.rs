//! `ask`, `chat` and `tokens`, over a tiny model with random weights.

mod support;

use std::fs;
use support::{command, fixture, reasoner, run, run_with};

fn model() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let model = reasoner(folder.path()).to_str().unwrap().to_owned();
    (folder, model)
}

#[test]
fn tokens_are_a_json_array() {
    let (_folder, model) = model();
    let plain = run(&["tokens", "--model", &model, "ab"]);
    assert_eq!(plain.ok(), "[4,5]\n");
    let stdin = run_with(&["tokens", "--model", &model, "-"], "a\n");
    assert_eq!(stdin.ok(), "[4,73]\n");
    let chat = run(&["tokens", "--model", &model, "--chat", "a"]);
    assert_eq!(chat.ok(), "[4,2,73]\n");
    let closed = run(&["tokens", "--model", &model, "--chat", "--no-think", "a"]);
    assert_eq!(closed.ok(), "[4,2,73,73,3,73,73]\n");
    let shown = run(&["tokens", "--model", &model, "--chat", "--show", "a"]);
    assert_eq!(shown.ok(), "a<think>\n\n");
    // Markup that somebody typed is text, for which this vocabulary has no letters.
    let typed = run(&["tokens", "--model", &model, "<think>"]);
    assert_eq!(typed.ok(), "[23,11,12,17,14]\n");
    assert!(
        typed.err.contains("cannot write byte 0x3c, at offset 0"),
        "{}",
        typed.err
    );
}

#[test]
fn tokens_and_inspect_need_no_weights() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(fixture("qwen2-tied.gguf")).unwrap();
    let cut = folder.path().join("cut.gguf");
    fs::write(&cut, &whole[..whole.len() - 30_000]).unwrap();
    let cut = cut.to_str().unwrap();
    let ids = run(&["tokens", "--model", cut, "hi"]).json();
    assert_eq!(
        ids,
        run(&["tokens", "--model", &fixture("qwen2-tied.gguf"), "hi"]).json()
    );
    let inspected = run(&["inspect", cut, "--json"]).json();
    assert_eq!(inspected["data_cut_off"], true);
    assert_eq!(inspected["runs"], false);
    assert_eq!(inspected["tensors"]["count"], 26);
    assert!(
        inspected["problems"][0]
            .as_str()
            .unwrap()
            .contains("past the end")
    );
    assert!(run(&["inspect", cut]).ok().contains("tensor data cut off"));
    run(&["ask", "--model", cut, "--raw", "hi"]).fails(1, "past the end");
}

#[test]
fn ask_reports_a_trace_that_its_seed_replays() {
    let (_folder, model) = model();
    let ask = |more: &[&str]| {
        let args = ["ask", "--model", &model, "-n", "40", "--json", "hello"];
        run(&[&args[..], more].concat()).json()
    };
    let first = ask(&["--think", "5"]);
    assert_eq!(first["usage"]["prompt_tokens"], 7);
    let written = |json: &serde_json::Value| {
        let usage = &json["usage"];
        usage["thinking_tokens"].as_u64().unwrap() + usage["answer_tokens"].as_u64().unwrap()
    };
    assert!(written(&first) > 0);
    assert!(first["trace"]["reasoning"].is_string());
    assert!(first["tokens"].is_null());
    assert_eq!(first["params"]["max_thinking"], 5);
    let seed = first["params"]["seed"].to_string();
    let again = ask(&["--think", "5", "--seed", &seed, "--threads", "1"]);
    assert_eq!(again["text"], first["text"]);
    assert_eq!(again["trace"], first["trace"]);

    let logprobs = ask(&["--logprobs", "2", "--temperature", "0"]);
    let tokens = logprobs["tokens"].as_array().unwrap();
    assert_eq!(tokens.len() as u64, written(&logprobs));
    assert_eq!(tokens[0]["top"].as_array().unwrap().len(), 2);
    assert_eq!(tokens[0]["id"], tokens[0]["top"][0]["id"]);
    assert!(tokens[0]["logprob"].as_f64().unwrap() <= 0.0);
    let off = ask(&["--think", "off", "--seed", "1"]);
    assert!(off["trace"]["reasoning"].is_null(), "{off}");
}

#[test]
fn what_ask_writes_is_what_trace_reads() {
    let (_folder, model) = model();
    let args = [
        "ask", "--model", &model, "-n", "40", "--seed", "3", "--think", "5", "hello",
    ];
    let asked = run(&args);
    assert!(asked.ok().starts_with("<think>\n"), "{}", asked.out);
    assert!(!asked.out.contains('\x1b') && !asked.err.contains('\x1b'));
    assert!(
        asked.err.contains("7 tokens in (0 cached / 7 computed"),
        "{}",
        asked.err
    );
    assert!(asked.err.contains("seed 3"), "{}", asked.err);
    let json = run(&[&args[..], &["--json"]].concat()).json();
    let read = run_with(&["trace", "-"], &asked.out).json();
    assert_eq!(read["reasoning"], json["trace"]["reasoning"]);
    assert_eq!(read["content"], json["trace"]["content"]);
}

#[test]
fn raw_continues_without_a_template() {
    let model = fixture("qwen2-tied.gguf");
    let args = ["ask", "--model", &model, "--raw", "-n", "4", "--json", "-"];
    let json = run_with(&args, "hi\n").json();
    assert_eq!(json["prompt"], "hi");
    assert_eq!(
        json["stop"],
        json["trace"]
            .get("stop")
            .cloned()
            .unwrap_or("stopped".into())
    );
    run(&["ask", "--model", &model, "hi"]).fails(1, "no chat template");
}

#[test]
fn chat_reads_lines_and_exports_them() {
    let (folder, model) = model();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (json, md) = (file("talk.json"), file("talk.md"));
    let args = ["chat", "--model", &model, "-n", "12", "--seed", "1"];
    let lines =
        format!("/think 4\nhello\n/usage\n\nagain\n/export {json}\n/export {md}\n/quit\nnever\n");
    let talk = run_with(&args, &lines);
    talk.ok();
    assert!(
        !talk.out.contains("> ") && !talk.out.contains('\x1b'),
        "{}",
        talk.out
    );
    assert!(talk.err.contains("1 in all"), "{}", talk.err);
    let exported: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&json).unwrap()).unwrap();
    let turns = exported["turns"].as_array().unwrap();
    let prompts: Vec<_> = turns.iter().map(|turn| &turn["prompt"]).collect();
    assert_eq!(prompts, ["hello", "again"]);
    assert_eq!(turns[0]["params"]["max_thinking"], 4);
    let markdown = fs::read_to_string(&md).unwrap();
    assert!(
        markdown.starts_with("# Question\n\n> hello\n\n## Reasoning\n"),
        "{markdown}"
    );

    // A line that goes wrong is told, the rest goes on, and the end is a failure.
    let lines = format!("/export {md}\n/export x.pdf\n/nope\n/think maybe\n/clear\nhello\n");
    let wrong = run_with(&args, &lines);
    assert_eq!(wrong.code, Some(1), "{}", wrong.err);
    let errors = wrong.err.lines().filter(|line| line.starts_with("error: "));
    let parts = [
        "the file exists",
        "must end in .md, .json or .html",
        "/nope: no such",
        "expected on, off",
    ];
    assert_eq!(errors.clone().count(), parts.len(), "{}", wrong.err);
    for (error, part) in errors.zip(parts) {
        assert!(error.contains(part), "{error}");
    }
    assert!(wrong.out.starts_with("<think>"));
    assert_eq!(fs::read_to_string(&md).unwrap(), markdown);
}

#[test]
fn the_environment_names_the_model_where_no_option_does() {
    let output = command(&["logits", "--ids", "1", "--json"])
        .env("GLASSBOX_MODEL", fixture("llama-odd"))
        .output()
        .unwrap();
    assert!(output.status.success());
}

/// A build without an embedded model says what to do.
#[cfg(not(feature = "tiny"))]
#[test]
fn no_model_is_wrong_usage() {
    for (name, args) in [
        ("ask", &["ask", "hi"][..]),
        ("chat", &["chat"]),
        ("tokens", &["tokens", "hi"]),
        ("logits", &["logits", "--ids", "1"]),
        ("bench", &["bench"]),
        ("inspect", &["inspect"]),
        ("eval", &["eval", "-"]),
    ] {
        let run = run(args);
        run.fails(2, "cargo xtask fetch-models");
        assert!(run.err.contains("--model"), "{name}: {}", run.err);
    }
}

/// A reader that goes away ends the program without a word.
#[test]
fn a_broken_pipe_is_no_failure() {
    use std::process::Stdio;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("long.txt");
    fs::write(&file, "a</think>b".repeat(100_000)).unwrap();
    let (_model_folder, model) = model();
    let ids = "1,".repeat(200) + "1";
    for args in [
        &["trace", "--primed", file.to_str().unwrap()][..],
        &["trace", "--format", "md", file.to_str().unwrap()],
        &[
            "logits",
            "--model",
            &fixture("llama-odd"),
            "--ids",
            &ids,
            "--all",
            "--json",
        ],
        &["ask", "--model", &model, "hello"],
        &["inspect", "--tensors", &model],
        &["models"],
        &["--help"],
    ] {
        let mut child = command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{args:?}: {:?} {err}",
            output.status
        );
        assert!(err.is_empty(), "{args:?}: {err}");
    }
}

/// The reply so far is there, and the exit code says that it is not all.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_reply_and_keeps_what_was_written() {
    use std::io::Read;
    use std::process::{Command, Stdio};
    let (_folder, model) = model();
    let mut child = command(&["ask", "--model", &model, "--temperature", "0", "a"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // This model ends no reply to this question; the first bytes say that the reply has begun.
    let mut out = child.stdout.take().unwrap();
    let mut text = vec![0; 16];
    out.read_exact(&mut text).unwrap();
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    out.read_to_end(&mut text).unwrap();
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(
        err.contains("tokens in") && err.contains("cancelled"),
        "{err}"
    );
    assert!(text.starts_with(b"<think>\n"));
}

/// A reply whose branch never answers leaves the question out of the conversation, until another
/// branch is the current one again.
#[test]
fn a_branch_without_an_answer_is_no_part_of_the_conversation() {
    let (folder, model) = model();
    let args = ["chat", "--model", &model, "-n", "12", "--seed", "1"];
    let next = |name: &str, lines: &str| {
        let file = folder.path().join(name);
        let lines = format!(
            "/think 4\nhello\n{lines}again\n/export {}\n",
            file.display()
        );
        let talk = run_with(&args, &lines);
        talk.ok();
        let json: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        assert_eq!(json["turns"].as_array().unwrap().len(), 2);
        (json["turns"][1].clone(), talk.err)
    };
    let (plain, err) = next("plain.json", "");
    assert!(!err.contains("no answer came"), "{err}");
    // Without a budget this model does not come to an answer.
    let (left, err) = next("left.json", "/think on\n/fork 1\n/think 4\n");
    assert_eq!(err.matches("no answer came").count(), 1, "{err}");
    let (back, err) = next("back.json", "/think on\n/fork 1\n/think 4\n/branch 1\n");
    assert_eq!(err.matches("no answer came").count(), 1, "{err}");
    let prompt = |turn: &serde_json::Value| turn["usage"]["prompt_tokens"].as_u64().unwrap();
    // "again" and what opens the reply, as a conversation has them that begins with it.
    assert_eq!(prompt(&left), 7);
    assert!(prompt(&plain) > 12 && prompt(&back) == prompt(&plain));
    assert_eq!(back["text"], plain["text"]);
}
