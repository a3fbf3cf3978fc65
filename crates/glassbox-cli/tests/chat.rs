//! `chat` over the embedded model: to follow a reasoning and to correct it.
//!
//! What the model says is not fixed here, but for sums that it has to get right: the tests compare
//! replies with each other and with what was put into them.

mod support;

use serde_json::Value;
use std::fs;
use support::{Run, run, run_with};

const SUM: &str = "What is 12 + 30?";

/// A conversation with a fixed seed, at a temperature of 0 unless a line changes it.
fn talk(lines: &[&str]) -> Run {
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
fn exported(lines: &[&str]) -> (Value, Run) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("talk.json");
    let export = format!("/export {}", file.display());
    let run = talk(&[lines, &[&export]].concat());
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}: {}", run.err));
    (serde_json::from_str(&text).unwrap(), run)
}

/// The one turn of a conversation.
fn turn(lines: &[&str]) -> (Value, Run) {
    let (mut talk, run) = exported(lines);
    let turns = talk["turns"].as_array_mut().unwrap();
    assert_eq!(turns.len(), 1);
    (turns.remove(0), run)
}

fn steps(reply: &Value) -> &Vec<Value> {
    reply["trace"]["steps"].as_array().unwrap()
}

fn reasoning(reply: &Value) -> &str {
    reply["trace"]["reasoning"].as_str().unwrap()
}

/// Bytes of the reasoning from which on it is no longer that of a step.
fn end_of(reply: &Value, step: usize) -> usize {
    steps(reply)[step]["bytes"][1].as_u64().unwrap() as usize
}

/// The words of a text on one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The errors of a run, without their mark.
fn errors(run: &Run) -> Vec<&str> {
    let lines = run.err.lines();
    lines
        .filter_map(|line| line.strip_prefix("error: "))
        .collect()
}

#[test]
fn steps_have_a_number_a_kind_a_confidence_and_a_text() {
    let (reply, run) = turn(&[SUM, "/steps"]);
    run.ok();
    let all = steps(&reply);
    assert!(all.len() > 1);
    let from = run.out.rfind("\n1 ").unwrap();
    let mut lines = run.out[from + 1..].lines();
    for (i, step) in all.iter().enumerate() {
        let row = line(lines.next().unwrap());
        let kind = step["kind"].as_str().unwrap();
        let rest = row.strip_prefix(&format!("{} {kind} ", i + 1)).unwrap();
        let (percent, text) = rest.split_once("% ").unwrap();
        assert!(percent.parse::<u8>().unwrap() <= 100, "{row}");
        let first = step["text"].as_str().unwrap().lines().next().unwrap();
        let text = text.trim_end_matches('…').trim_end();
        assert!(line(first).starts_with(text) && !text.is_empty(), "{row}");
    }
    assert_eq!(line(lines.next().unwrap()), "answer 42");
    assert_eq!(lines.next(), None);
}

#[test]
fn findings_stand_below_their_step_and_steps_can_be_shown_in_full() {
    let long = format!(
        "So it is {}and 12 + 30 = 52, and 12 + 30 = 52.",
        "very ".repeat(30)
    );
    let edit = format!("/edit 1 {long}");
    let run = talk(&[SUM, &edit, "/steps", "/steps 1", "/steps all"]);
    run.ok();
    // A warning where the model takes it back.
    let error = ", arithmetic: 12 + 30 is 42, not 52";
    let rows: Vec<&str> = run.out.lines().collect();
    let is_row = |row: &&&str| row.starts_with("1  ");
    let first: Vec<&&str> = rows.iter().filter(is_row).collect();
    assert_eq!(first.len(), 3, "{}", run.out);
    assert!(first[0].ends_with('…'), "{}", first[0]);
    for full in &first[1..] {
        assert!(line(full).contains(&long), "{full}");
    }
    // Once in each list, right below the step, aligned with its text.
    for (i, row) in rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.starts_with("1  "))
    {
        let found = rows[i + 1];
        assert!(found.ends_with(error), "{found}");
        assert_eq!(found.find("! "), row.find("So it is very"), "{found}");
    }
    // The same thing, found twice in a step, is said once in a list.
    assert_eq!(rows.iter().filter(|row| row.ends_with(error)).count(), 3);
    // One step alone comes without the answer.
    assert_eq!(
        rows.iter()
            .filter(|row| line(row).starts_with("answer "))
            .count(),
        2
    );
}

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

#[test]
fn why_names_the_step_that_derives_the_answer() {
    let (reply, run) = turn(&[SUM, "/why"]);
    let from = run.ok().rfind("the answer is 42\n").unwrap();
    let rows: Vec<&str> = run.out[from..].lines().collect();
    let (number, derives) = rows[1]
        .strip_prefix("step ")
        .unwrap()
        .split_once(' ')
        .unwrap();
    assert!(derives.ends_with("= 42, which holds"), "{derives}");
    let step = &steps(&reply)[number.parse::<usize>().unwrap() - 1];
    let equation = derives
        .strip_prefix("derives it: ")
        .unwrap()
        .strip_suffix(", which holds");
    assert!(line(step["text"].as_str().unwrap()).contains(equation.unwrap()));
    assert!(
        rows[2].contains(&format!("% sure of step {number}, and least of step ")),
        "{}",
        rows[2]
    );

    let run = talk(&[SUM, "/edit 1 12 + 30 = 52, and 12 + 30 = 52.", "/why"]);
    let found = ", arithmetic: 12 + 30 is 42, not 52";
    let is_found = |row: &&str| row.starts_with("step 1: ! ") && row.ends_with(found);
    assert_eq!(run.ok().lines().filter(is_found).count(), 1, "{}", run.out);
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

#[test]
fn a_page_shows_the_current_branch_and_the_tree() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (alone, tree, none) = (file("alone.html"), file("tree.html"), file("none.html"));
    let run = talk(&[
        &format!("/export {none}"),
        SUM,
        &format!("/export {alone}"),
        "/edit 1 So 12 + 30 = 52.",
        &format!("/export {tree}"),
        &format!("/export {alone}"),
    ]);
    assert_eq!(
        errors(&run),
        [
            "no reply yet".to_owned(),
            format!("{alone}: the file exists")
        ]
    );
    assert!(!fs::exists(&none).unwrap());
    assert!(run.err.contains(&format!(
        "the current of 2 branches of the last reply in {tree}"
    )));
    let alone = fs::read_to_string(alone).unwrap();
    let page = fs::read_to_string(tree).unwrap();
    for part in [
        "<h2>Branches</h2>",
        "2: step 1 edited",
        "title=\"12 + 30 is 42, not 52\"",
    ] {
        assert!(page.contains(part) && !alone.contains(part), "{part}");
    }
    for page in [alone, page] {
        for part in [
            SUM,
            "<h2>Reasoning</h2>",
            "% sure",
            "<svg",
            "<dt>Confidence</dt>",
        ] {
            assert!(page.contains(part), "{part}");
        }
        assert!(!page.contains("<script") && page.ends_with("</html>\n"));
    }
    // Nothing but the two pages was left.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn what_goes_wrong_is_named_and_leaves_the_conversation_as_it_was() {
    let before = [
        ("/steps", "no reply yet"),
        ("/edit 1 a", "no reply yet"),
        ("/challenge 1", "no reply yet"),
        ("/fork 1", "no reply yet"),
        ("/resume", "no reply yet"),
        ("/branches", "no reply yet"),
        ("/branch 1", "no reply yet"),
        ("/diff 1", "no reply yet"),
        ("/why", "no reply yet"),
        ("/export /nowhere/x.md", "no reply yet"),
    ];
    let after = [
        ("/steps 99", "no step 99: the reply has N, counted from 1"),
        ("/edit 0 a", "no step 0: the reply has N, counted from 1"),
        ("/edit 1", "/edit 1: a text is missing, as in /edit 1 TEXT"),
        (
            "/challenge 99 a",
            "no step 99: the reply has N, counted from 1",
        ),
        ("/fork 99", "no step 99: the reply has N, counted from 1"),
        ("/fork two", "/fork two: expected the number of a step"),
        ("/resume", "nothing to resume: the reply came to its end"),
        (
            "/branch 2",
            "no branch 2: this question has one reply, branch 1",
        ),
        (
            "/diff 1 0",
            "no branch 0: this question has one reply, branch 1",
        ),
        (
            "/branch",
            "/branch needs the id of a branch, which /branches shows",
        ),
        (
            "/budget 0",
            "/budget 0: expected at least 1; /think off switches the reasoning off",
        ),
        ("/budget all", "/budget all: expected a number of tokens"),
        (
            "/budget 99999999",
            "max_thinking = 99999999, expected 1 to 16,777,216",
        ),
        ("/temperature -1", "temperature is -1, expected a number"),
        ("/temperature hot", "/temperature hot: expected a number"),
        (
            "/export x.pdf",
            "x.pdf: the name must end in .md, .json or .html",
        ),
        ("/export /nowhere/x.html", "/nowhere/x.html: "),
        ("/usage now", "/usage now: /usage stands alone"),
    ];
    let lines =
        |list: &[(&'static str, &str)]| list.iter().map(|(line, _)| *line).collect::<Vec<_>>();
    let all = [lines(&before), vec![SUM], lines(&after)].concat();
    let (reply, run) = turn(&all);
    assert_eq!(run.code, Some(1));
    let n = steps(&reply).len().to_string();
    let expected = before
        .iter()
        .chain(&after)
        .map(|(_, error)| error.replace('N', &n));
    let told = errors(&run);
    assert_eq!(told.len(), before.len() + after.len(), "{}", run.err);
    for (error, expected) in told.iter().zip(expected) {
        assert!(error.starts_with(&expected), "{error}, expected {expected}");
    }
    // One reply, which is what it would be alone, and a conversation that goes on with it.
    assert_eq!(reply, strip_times(turn(&[SUM]).0, &reply));

    let (off, run) = turn(&["/think off", SUM, "/edit 1 a", "/steps"]);
    assert_eq!(errors(&run), ["no step 1: the reply has none"]);
    assert!(off["trace"]["reasoning"].is_null());
    assert!(
        run.out.contains("no steps: the reply has no reasoning"),
        "{}",
        run.out
    );
}

/// `reply` with the times of another one.
fn strip_times(mut reply: Value, other: &Value) -> Value {
    for key in ["prompt_s", "decode_s", "prompt_tok_s", "decode_tok_s"] {
        reply["usage"][key] = other["usage"][key].clone();
    }
    reply
}

#[test]
fn help_lists_the_commands_in_columns() {
    let run = talk(&["/help"]);
    let rows: Vec<&str> = run.err.lines().collect();
    for command in [
        "/steps",
        "/edit",
        "/challenge",
        "/fork",
        "/branches",
        "/branch",
        "/diff",
        "/why",
        "/export",
        "/budget",
        "/think",
        "/resume",
        "/quit",
    ] {
        let is_row = |row: &&&str| row.split_whitespace().next() == Some(command);
        assert_eq!(
            rows.iter().filter(is_row).count(),
            1,
            "{command}: {}",
            run.err
        );
    }
    let column = rows[0].find("the steps").unwrap();
    assert!(
        rows.iter()
            .all(|row| row[..column].ends_with("  ") && &row[column..=column] != " ")
    );
}
