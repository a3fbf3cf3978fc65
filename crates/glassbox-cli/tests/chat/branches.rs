//! Replies side by side.

use crate::support::run;
use crate::talk::{SUM, errors, exported, line, steps, talk, turn};
use serde_json::Value;

#[test]
fn a_fork_has_a_seed_of_its_own_and_needs_a_temperature() {
    let (reply, run) = turn(&[SUM, "/fork 2", "/steps 1"]);
    assert_eq!(
        errors(&run),
        ["at temperature 0 every seed writes step 2 as it is; /temperature 0.6 lets them differ"]
    );
    assert!(reply.get("branches").is_none());
    // But where it was put in, the model's own is another one.
    let (reply, run) = turn(&[SUM, "/edit 2 So it is 42.", "/fork 2"]);
    run.ok();
    assert_eq!(reply["text"], reply["branches"][0]["text"]);

    let (reply, run) = turn(&[
        SUM,
        "/temperature 1.5",
        "/fork 2",
        "/fork 2",
        "/branch 1",
        "/fork 1",
    ]);
    run.ok();
    let branches = reply["branches"].as_array().unwrap();
    let seeds: Vec<_> = branches.iter().map(|b| &b["params"]["seed"]).collect();
    assert_eq!(seeds, [5, 6, 7, 8]);
    let parents: Vec<_> = branches.iter().map(|b| &b["parent"]).collect();
    assert_eq!(parents, [&Value::Null, &1.into(), &2.into(), &1.into()]);
    for branch in &branches[1..3] {
        assert_eq!(steps(branch)[0], steps(&branches[0])[0]);
        assert_eq!(branch["at_step"], 1);
        assert_eq!(branch["label"], "step 2 written anew");
    }
    let texts: Vec<_> = branches
        .iter()
        .map(|b| b["text"].as_str().unwrap())
        .collect();
    assert!(texts[1..].iter().any(|text| *text != texts[0]));
}

#[test]
fn branches_are_a_tree_in_which_the_current_one_is_marked() {
    let lines = [
        SUM,
        "/edit 2 So it is 42.",
        "/challenge 1",
        "/branch 1",
        "/challenge 2 no.",
        "/branch 2",
    ];
    let (reply, run) = turn(&[&lines[..], &["/branches"]].concat());
    run.ok();
    let branches = reply["branches"].as_array().unwrap();
    let rows: Vec<&str> = run.out.lines().rev().take(4).collect();
    let labels = [
        "first reply",
        "step 2 edited",
        "step 1 challenged",
        "step 2 challenged",
    ];
    for (row, id) in rows.iter().rev().zip(1..) {
        let branch = &branches[id - 1];
        let mark = if id == 2 { "*" } else { " " };
        let depth = [0, 1, 2, 1][id - 1];
        let head = format!("{mark} {}{id}", "  ".repeat(depth));
        assert!(row.starts_with(&head), "{row}");
        let row = line(row);
        assert!(row.contains(&format!("{id} {} ", labels[id - 1])), "{row}");
        match branch["trace"]["answer"].as_str() {
            Some(answer) => assert!(row.contains(&format!("answer {answer}")), "{row}"),
            None => assert!(row.contains("no answer"), "{row}"),
        }
        assert_eq!(row.contains(" of them kept"), id > 1, "{row}");
    }
    let first = format!("first reply answer 42 {} tokens", written(&branches[0]));
    assert!(line(rows[3]).ends_with(&first), "{first} in {}", rows[3]);
    assert!(
        run.err.contains("branch 1: first reply, answer 42"),
        "{}",
        run.err
    );
}

/// Tokens of a reply, by asking for it again alone.
fn written(branch: &Value) -> u64 {
    let seed = branch["params"]["seed"].to_string();
    let ask = ["ask", SUM, "--temperature", "0", "--seed", &seed, "--json"];
    let reply = run(&ask).json();
    assert_eq!(reply["text"], branch["text"]);
    let usage = &reply["usage"];
    usage["thinking_tokens"].as_u64().unwrap() + usage["answer_tokens"].as_u64().unwrap()
}

#[test]
fn the_conversation_goes_on_from_the_branch_that_was_switched_to() {
    let next = "What is 47 * 36?";
    let edit = "/edit 1 No idea. Let me rather think of 7 * 8 = 56, and say 56.";
    let last = |lines: &[&str]| exported(lines).0["turns"][1].clone();
    let plain = last(&[SUM, next]);
    let back = last(&[SUM, edit, "/branch 1", next]);
    let cut = last(&[
        SUM,
        "/budget 1",
        "/edit 1 a b c d e",
        "/branch 1",
        "/think on",
        next,
    ]);
    for reply in [back, cut] {
        assert_eq!(reply["text"], plain["text"]);
        assert_eq!(
            reply["usage"]["prompt_tokens"],
            plain["usage"]["prompt_tokens"]
        );
    }
    assert_eq!(plain["trace"]["answer"], "1692");
}

#[test]
fn two_branches_are_compared_step_by_step() {
    let (reply, run) = turn(&[
        SUM,
        "/edit 2 Tomorrow never knows. So it is 42.",
        "/diff 1 2",
    ]);
    run.ok();
    let branches = reply["branches"].as_array().unwrap();
    let (old, new) = (steps(&branches[0]), steps(&branches[1]));
    let is_other = |row: &&str| !line(row).starts_with("= 1 1 ");
    let mut rows: Vec<&str> = run.out.lines().skip_while(is_other).collect();
    let answers = rows.pop().unwrap();
    match branches[1]["trace"]["answer"].as_str() {
        Some("42") => assert_eq!(answers, "the same answer: 42"),
        other => assert_eq!(
            answers,
            format!("another answer: 42 became {}", other.unwrap_or("none"))
        ),
    }
    let count = |mark: &[char]| rows.iter().filter(|row| row.starts_with(mark)).count();
    let (same, removed, added, changed) =
        (count(&['=']), count(&['-']), count(&['+']), count(&['~']));
    assert_eq!(same + removed + changed / 2, old.len(), "{rows:?}");
    assert_eq!(same + added + changed / 2, new.len(), "{rows:?}");
    assert_eq!(same + removed + added + changed, rows.len());
    let added = rows
        .iter()
        .find(|row| row.contains("Tomorrow never knows."))
        .unwrap();
    assert!(
        line(added).starts_with("+ 2 ") || line(added).starts_with("~ 2 "),
        "{added}"
    );

    // A branch is compared with the current one where no other is named.
    let run = talk(&[SUM, "/diff 1"]);
    let rows = run.ok().lines().rev();
    let same: Vec<&str> = rows.take(old.len() + 1).collect();
    assert_eq!(same[0], "the same answer: 42");
    assert!(
        same[1..].iter().all(|row| row.starts_with("= ")),
        "{same:?}"
    );
}
