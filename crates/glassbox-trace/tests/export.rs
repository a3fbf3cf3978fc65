//! The two export formats, against files that a reader can look at: `UPDATE_SNAPSHOTS=1 cargo test`
//! writes them anew.

use glassbox_trace::{Marker, Markers, ParserOptions, StopReason, Trace, TraceError, TraceParser};
use std::path::Path;

/// An output with everything that an export must carry, token by token.
fn sample() -> Trace {
    let mut parser = TraceParser::new(ParserOptions::primed().with_markers(Markers::Tokens));
    let pieces = [
        ("First", None),
        (", I need two odd numbers whose sum is 8.", None),
        ("\n\n", None),
        ("Try 1 and 7:\n\n```py\nassert 1 + 7 == 8\n\n```", None),
        ("\n\nWait, is 1 ", None),
        ("odd? 🙂", None),
        ("\n\n", None),
        ("Let me check: 1 = 2 * 0 + 1.", None),
        ("\n\nSo it is \\boxed{\\{1, 7\\}}.\n", None),
        ("</think>", Some(Marker::ThinkClose)),
        ("\n\n", None),
        ("The set is\r\n```\n# not a heading\n\n", None),
        (
            "and the fence stays open: \\boxed{\\{`1`, 7\\}}</think>",
            None,
        ),
    ];
    for (piece, marker) in pieces {
        parser.push_token(piece, marker);
    }
    parser.finish(StopReason::Length).trace
}

/// An output that went wrong.
fn odd() -> Trace {
    Trace::parse(
        "</think>Hm.\rA <think>\n\n</think><think>It is \\boxed{5}.",
        ParserOptions::new(),
    )
}

fn snapshot(name: &str, got: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/snapshots")
        .join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, got).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(got, expected, "{}", path.display());
}

#[test]
fn json() {
    snapshot("sample.json", &(sample().to_json_pretty() + "\n"));
    snapshot("odd.json", &(odd().to_json_pretty() + "\n"));
}

#[test]
fn markdown() {
    snapshot("sample.md", &sample().to_markdown());
    snapshot("odd.md", &odd().to_markdown());
}

#[test]
fn the_command_line_shape_has_its_six_keys() {
    let json: serde_json::Value =
        serde_json::from_str(&Trace::parse("", ParserOptions::new()).to_json()).unwrap();
    let empty = serde_json::json!({
        "reasoning": null, "content": null, "closed": false, "steps": [], "answer": null, "notes": []
    });
    assert_eq!(json, empty);
}

#[test]
fn every_line_of_the_model_stays_in_its_quote() {
    let document = Trace::parse(
        "<think>A\r# B\n```\n\n<!-- C</think>D\r\n~~~\r\n---\r\n\\boxed{````}",
        ParserOptions::new(),
    )
    .to_markdown();
    let (quotes, answer) = document.split_once("## Answer\n\n").unwrap();
    for line in quotes.split(['\n', '\r']) {
        let ours = line.is_empty() || line.starts_with("##");
        assert!(ours || line.starts_with('>'), "{line:?} in {document}");
    }
    assert_eq!(answer, "`````text\n````\n`````\n");
}

#[test]
fn a_json_trace_comes_back_and_a_false_one_is_refused() {
    for trace in [sample(), odd()] {
        assert_eq!(Trace::from_json(&trace.to_json()).unwrap(), trace);
    }
    let with = |from: &str, to: &str| {
        let json = sample().to_json();
        assert!(json.contains(from), "{from}");
        Trace::from_json(&json.replacen(from, to, 1)).unwrap_err()
    };
    assert!(matches!(
        Trace::from_json("{").unwrap_err(),
        TraceError::Json(_)
    ));
    let error = with("\"index\":1", "\"index\":7");
    assert_eq!(error.to_string(), "step 1 of the trace has the index 7");
    for span in ["[1,45]", "[45,0]", "[0,18446744073709551615]"] {
        let error = with("\"bytes\":[0,45]", &format!("\"bytes\":{span}"));
        assert!(
            matches!(error, TraceError::StepSpan { index: 0, .. }),
            "{span}"
        );
    }
}
