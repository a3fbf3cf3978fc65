//! A conversation as a test has it.

use crate::support::{Run, run_with};
use serde_json::Value;
use std::fs;

pub(crate) const SUM: &str = "What is 12 + 30?";

/// A conversation with a fixed seed, at a temperature of 0 unless a line changes it.
pub(crate) fn talk(lines: &[&str]) -> Run {
    let args = [
        "chat",
        "--seed",
        "5",
        "--temperature",
        "0",
        "--threads",
        "1",
    ];
    run_with(&args, lines.join("\n") + "\n")
}

/// The conversation that the lines led to, by its export, and what was printed.
pub(crate) fn exported(lines: &[&str]) -> (Value, Run) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("talk.json");
    let export = format!("/export {}", file.display());
    let run = talk(&[lines, &[&export]].concat());
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}: {}", run.err));
    (serde_json::from_str(&text).unwrap(), run)
}

/// The one turn of a conversation.
pub(crate) fn turn(lines: &[&str]) -> (Value, Run) {
    let (mut talk, run) = exported(lines);
    let turns = talk["turns"].as_array_mut().unwrap();
    assert_eq!(turns.len(), 1);
    (turns.remove(0), run)
}

pub(crate) fn steps(reply: &Value) -> &Vec<Value> {
    reply["trace"]["steps"].as_array().unwrap()
}

pub(crate) fn reasoning(reply: &Value) -> &str {
    reply["trace"]["reasoning"].as_str().unwrap()
}

/// Bytes of the reasoning from which on it is no longer that of a step.
pub(crate) fn end_of(reply: &Value, step: usize) -> usize {
    steps(reply)[step]["bytes"][1].as_u64().unwrap() as usize
}

/// The words of a text on one line.
pub(crate) fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The errors of a run, without their mark.
pub(crate) fn errors(run: &Run) -> Vec<&str> {
    let lines = run.err.lines();
    lines
        .filter_map(|line| line.strip_prefix("error: "))
        .collect()
}
