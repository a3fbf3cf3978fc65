//! Steps that are put right, and replies that go on.

use crate::support::{run, run_with};
use crate::talk::{SUM, end_of, line, reasoning, steps, talk, turn};
use serde_json::Value;
use std::fs;

#[test]
fn an_edit_keeps_the_steps_before_and_goes_on_from_the_text() {
    let (before, _) = turn(&[SUM]);
    let n = steps(&before).len();
    let text = "So  the answer is 42.";
    let (after, run) = turn(&[SUM, &format!("/edit {n} {text}")]);
    run.ok();
    let branches = after["branches"].as_array().unwrap();
    assert_eq!(branches.len(), 2);
    assert_eq!(branches[0]["text"], before["text"]);
    assert_eq!(branches[0]["parent"], Value::Null);
    assert_eq!(
        (&branches[1]["parent"], &branches[1]["id"]),
        (&1.into(), &2.into())
    );
    assert_eq!(branches[1]["at_step"], n - 1);
    assert_eq!(branches[1]["label"], format!("step {n} edited"));
    assert_eq!(
        (&branches[0]["current"], &branches[1]["current"]),
        (&false.into(), &true.into())
    );
    // The turn is the branch.
    assert_eq!(after["text"], branches[1]["text"]);
    assert_eq!(steps(&after)[..n - 1], steps(&before)[..n - 1]);
    let place = steps(&before)[n - 1]["bytes"][0].as_u64().unwrap() as usize;
    assert!(
        reasoning(&after)[place..].starts_with(text),
        "{}",
        reasoning(&after)
    );
    assert_eq!(after["trace"]["answer"], "42");
    assert!(after["usage"]["kept_tokens"].as_u64().unwrap() > 0);
    // The text stands before what the model writes after it.
    assert!(run.out.contains(&format!("<think>\n{text}")), "{}", run.out);
    assert!(
        run.err
            .contains(&format!("branch 2, from branch 1: step {n} edited")),
        "{}",
        run.err
    );
}

#[test]
fn a_challenge_is_a_paragraph_after_a_step() {
    let (before, _) = turn(&[SUM]);
    for (line, doubt) in [
        ("/challenge 1", "Wait, let me check this step again."),
        ("/challenge 1 is that 12 + 30?", "Wait, is that 12 + 30?"),
        ("/challenge 1 wait, no.", "wait, no."),
    ] {
        let (after, _) = turn(&[SUM, line]);
        let end = end_of(&before, 0);
        let (kept, rest) = reasoning(&after).split_at(end);
        assert_eq!(kept, &reasoning(&before)[..end]);
        assert!(rest.starts_with(&format!("\n\n{doubt}")), "{line}: {rest}");
        assert_eq!(after["branches"][1]["label"], "step 1 challenged");
        assert_eq!(after["branches"][1]["at_step"], 1);
    }
}

#[test]
fn a_cut_reply_is_resumed_as_if_it_had_not_been() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("talk.json");
    let lines = format!(
        "{SUM}\n/resume\n/resume\n/branches\n/export {}\n",
        file.display()
    );
    let chat = run_with(&["chat", "--temperature", "1", "-n", "15"], lines);
    let rows: Vec<&str> = chat.ok().lines().rev().take(3).collect();
    for (row, tokens) in rows.iter().rev().zip([15, 30, 45]) {
        assert!(row.contains(&format!("{tokens} tokens")), "{row}");
        assert!(row.ends_with("cut by the limit on tokens"), "{row}");
    }
    assert!(line(rows[0]).contains("3 resumed no answer"), "{}", rows[0]);
    let talk: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    // Nobody named a seed: the one that was drawn is kept.
    let seed = talk["turns"][0]["params"]["seed"].to_string();
    let ask = [
        "ask",
        SUM,
        "--temperature",
        "1",
        "--seed",
        &seed,
        "-n",
        "45",
    ];
    let whole = run(&[&ask[..], &["--json"]].concat()).json();
    assert_eq!(talk["turns"][0]["text"], whole["text"]);
    assert!(
        chat.err
            .contains("no answer came, so this turn is not part"),
        "{}",
        chat.err
    );
}

#[test]
fn a_budget_closes_the_reasoning() {
    let (reply, run) = turn(&["/budget 5", SUM, "/usage"]);
    run.ok();
    assert_eq!(reply["params"]["max_thinking"], 5);
    assert_eq!(reply["usage"]["thinking_cut"], true);
    assert!(run.err.contains("1 in all: "), "{}", run.err);
    assert!(!run.err.contains("kept"), "{}", run.err);
    let run = talk(&[SUM, "/challenge 1", "/usage"]);
    assert!(run.ok().starts_with("<think>"));
    assert!(run.err.contains("2 in all: ") && run.err.contains(" kept of earlier replies"));
}
