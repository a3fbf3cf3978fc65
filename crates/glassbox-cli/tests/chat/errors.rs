//! What cannot be done.

use crate::talk::{SUM, errors, steps, turn};
use serde_json::Value;

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
