//! `ask` over the embedded model: its report, its votes, and what only makes it faster.

mod support;

use serde_json::Value;
use std::fs;
use support::{run, run_with};

const SUM: &str = "What is 12 + 30?";

#[test]
fn a_report_is_one_page_and_never_takes_the_place_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    let name = file.to_str().unwrap();
    let args = ["ask", SUM, "--temperature", "0", "--report", name];
    let asked = run(&args);
    assert!(asked.ok().starts_with("<think>"));
    assert!(
        asked.err.contains(&format!("report in {name}")),
        "{}",
        asked.err
    );
    let page = fs::read_to_string(&file).unwrap();
    for part in [
        SUM,
        "<code dir=\"auto\">42</code>",
        "<h2>Reasoning</h2>",
        "% sure",
        "<dt>Confidence</dt>",
        "<td>arithmetic</td>",
        "<h2>Tokens</h2>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<h2>Branches") && !page.contains("<script"));
    // The file is looked at before the model is.
    let again = run(&[&args[..], &["--model", "/nowhere"]].concat());
    again.fails(1, &format!("{name}: the file exists"));
    assert_eq!(fs::read_to_string(&file).unwrap(), page);
    run(&["ask", SUM, "--report", "report.pdf"]).fails(2, "must end in .html");
    let nowhere = folder.path().join("no/report.html");
    let lost = run(&["ask", SUM, "-n", "3", "--report", nowhere.to_str().unwrap()]);
    assert_eq!(lost.code, Some(1));
    assert!(lost.err.contains("no/report.html: "), "{}", lost.err);

    // With --json too, which then says that log-probabilities were computed, and has no tokens.
    let second = folder.path().join("second.html");
    let second = second.to_str().unwrap();
    let args = [
        "ask",
        SUM,
        "--temperature",
        "0",
        "--json",
        "--report",
        second,
    ];
    let json = run(&args).json();
    assert_eq!(
        (&json["params"]["logprobs"], &json["tokens"]),
        (&0.into(), &Value::Null)
    );
    assert_eq!(fs::read_to_string(second).unwrap(), page);
}

#[test]
fn guesses_change_nothing_but_the_speed() {
    let question = "What is 47 * 36?";
    let ask =
        |more: &[&str]| run(&[&["ask", question, "--seed", "3", "--json"], more].concat()).json();
    let (plain, guessed) = (ask(&[]), ask(&["--speculate"]));
    assert_eq!(plain["text"], guessed["text"]);
    assert_eq!(plain["usage"]["drafted_tokens"], 0);
    let of = |key: &str| guessed["usage"][key].as_u64().unwrap();
    assert!(of("drafted_tokens") > 0 && of("accepted_tokens") <= of("drafted_tokens"));
    // The best draft model there is.
    let drafted = ask(&["--draft", "tiny"]);
    assert_eq!(plain["text"], drafted["text"]);
    assert!(drafted["usage"]["accepted_tokens"].as_u64().unwrap() > 0);
    let nowhere = run(&["ask", question, "--draft", "/nowhere"]);
    nowhere.fails(1, "/nowhere");
    let chat = run_with(
        &["chat", "--seed", "3", "--speculate"],
        format!("{question}\n/usage\n"),
    );
    assert!(
        chat.ok()
            .contains(plain["trace"]["content"].as_str().unwrap()),
        "{}",
        chat.out
    );
    assert!(chat.err.contains(" guesses right"), "{}", chat.err);
}

#[test]
fn a_cache_on_disk_outlives_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("cache");
    let question = [SUM; 12].join(" ");
    let args = [
        "ask",
        &question,
        "-n",
        "2",
        "--seed",
        "1",
        "--json",
        "--disk-cache",
    ];
    let ask = |folder: &str| run(&[&args[..], &[folder]].concat()).json();
    let folder = folder.to_str().unwrap();
    let (first, second) = (ask(folder), ask(folder));
    let cached = |reply: &Value| reply["usage"]["cached_tokens"].as_u64().unwrap();
    assert_eq!(cached(&first), 0);
    assert!(cached(&second) >= 64, "{second}");
    assert_eq!(first["text"], second["text"]);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    run(&["ask", SUM, "--disk-cache", file]).fails(1, file);
    run(&["ask", SUM, "--disk-cache-mib", "1"]).fails(2, "--disk-cache");
    run(&["chat", "--disk-cache", folder, "--disk-cache-mib", "0"]).fails(2, "0 is not in");
}

#[test]
fn a_vote_shows_every_branch_and_the_poll() {
    let args = ["ask", SUM, "--votes", "3", "--seed", "20"];
    let shown = run(&args);
    let json = run(&[&args[..], &["--json"]].concat()).json();
    let replies = json["replies"].as_array().unwrap();
    assert_eq!(
        (replies.len(), &json["votes"], &json["stopped_early"]),
        (3, &3.into(), &false.into())
    );
    let mut rows = shown.ok().lines();
    for (reply, seed) in replies.iter().zip(20u64..) {
        let seed = seed.to_string();
        let alone = run(&["ask", SUM, "--seed", &seed, "--json"]).json();
        assert_eq!(reply["text"], alone["text"], "{seed}");
        assert_eq!(reply["seed"].to_string(), seed);
        let row = rows.next().unwrap();
        let answer = reply["trace"]["answer"].as_str().unwrap_or("no answer");
        assert!(
            row.starts_with(&format!("seed {seed}  {answer}")) && row.contains("tokens"),
            "{row}"
        );
    }
    assert_eq!(json["answer"], "42");
    let choices = json["choices"].as_array().unwrap();
    let votes = choices[0]["replies"].as_array().unwrap();
    assert_eq!(json["winner"], votes[0]);
    assert_eq!(rows.next(), Some(""));
    let all = choices
        .iter()
        .map(|c| c["replies"].as_array().unwrap().len());
    let poll = format!("42  {} of {} votes", votes.len(), all.sum::<usize>());
    assert_eq!(rows.next().unwrap(), poll);
    let winner = &replies[json["winner"].as_u64().unwrap() as usize];
    assert!(
        shown
            .out
            .trim_end()
            .ends_with(winner["trace"]["content"].as_str().unwrap().trim_end())
    );
    let summary = format!("3 of 3 branches · {} tokens · seed 20", json["tokens"]);
    assert!(shown.err.contains(&summary), "{}", shown.err);
}

#[test]
fn a_vote_stops_when_its_lead_is_safe_and_is_a_page_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("votes.html");
    let args = [
        "ask",
        "What is 2 + 2?",
        "--votes",
        "20",
        "--seed",
        "1",
        "--stop-early",
        "0.2",
    ];
    let json = run(&[&args[..], &["--json"]].concat()).json();
    assert_eq!(
        (&json["answer"], &json["stopped_early"]),
        (&"4".into(), &true.into())
    );
    let replies = json["replies"].as_array().unwrap();
    let stopped = |reply: &&Value| reply["stop"] == "cancelled";
    assert!(replies.len() < 20 && replies.iter().any(|reply| stopped(&reply)));
    let saved = json["tokens_saved"].as_u64().unwrap();
    let shown = run(&[&args[..], &["--report", file.to_str().unwrap()]].concat());
    assert!(shown.ok().contains("  no vote  "), "{}", shown.out);
    let summary = format!("stopped early, about {saved} tokens saved · seed 1");
    assert!(saved > 0 && shown.err.contains(&summary), "{}", shown.err);
    let page = fs::read_to_string(file).unwrap();
    assert_eq!(page.matches("\"auto\">seed ").count(), replies.len());
    assert_eq!(page.matches("<li class=\"shown\"").count(), 1);
    let off = run(&[
        "ask", SUM, "--votes", "2", "--think", "off", "-n", "9", "--json",
    ])
    .json();
    assert!(off["replies"][1]["trace"]["reasoning"].is_null(), "{off}");
}

#[test]
fn votes_that_make_no_sense_are_wrong_usage() {
    for (more, part) in [
        (&["--votes", "0"][..], "0 is not in"),
        (&["--votes", "2", "--raw"], "--raw"),
        (&["--votes", "2", "--speculate"], "--speculate"),
        (&["--stop-early", "0.1"], "--votes"),
        (&["--votes", "2", "--stop-early", "0.5"], "less than 0.5"),
        (&["--votes", "2", "--stop-early", "NaN"], "more than 0"),
    ] {
        run(&[&["ask", SUM], more].concat()).fails(2, part);
    }
}
