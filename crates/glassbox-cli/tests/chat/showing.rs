//! What a conversation shows of a reply.

use crate::talk::{SUM, errors, line, steps, talk, turn};
use std::fs;

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
