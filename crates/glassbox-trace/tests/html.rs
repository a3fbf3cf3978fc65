//! The HTML page: all text of the model is escaped, and the page asks for nothing.

use glassbox_trace::{
    Branch, Confidence, HtmlReport, ParserOptions, StopReason, TokenScore, Trace, TraceParser,
};
use proptest::prelude::*;

/// The page with everything that it can show.
fn page(trace: &Trace, text: &str, scores: &[Option<TokenScore>]) -> String {
    let checks = trace.check_all();
    let confidence = Confidence::new(trace, scores, 4);
    let branch = |parent| Branch {
        parent,
        at_step: parent.map(|parent| parent + 1),
        label: text.to_owned(),
        answer: Some(text.to_owned()),
        shown: parent.is_some(),
    };
    let branches = [branch(None), branch(Some(0))];
    HtmlReport::new(trace)
        .with_title(text)
        .with_question(text)
        .with_checks(&checks)
        .with_confidence(&confidence, scores)
        .with_branches(&branches)
        .page()
}

/// What stands in the page outside its tags, with the five escapes undone.
fn visible(page: &str) -> String {
    let body = page.split_once("<body>").unwrap().1;
    let mut text = String::new();
    let mut rest = body;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        rest = after.split_once('>').unwrap().1;
    }
    text.push_str(rest);
    for (escape, c) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
    ] {
        text = text.replace(escape, c);
    }
    text.replace("&amp;", "&")
}

#[test]
fn a_page_shows_what_there_is() {
    let mut parser = TraceParser::new(ParserOptions::primed());
    let pieces = ["So 2 + 2", " = 5.", "\n\n", "Wait, 2 + 2 = 4."];
    pieces
        .iter()
        .for_each(|piece| drop(parser.push_token(piece, None)));
    let trace = parser.finish(StopReason::Length).trace;
    let score = |logprob, entropy| Some(TokenScore { logprob, entropy });
    // The last token was put in.
    let scores = [
        score(-0.01, Some(0.5)),
        score(-1.5, Some(0.5)),
        score(-0.1, None),
        None,
    ];
    let page = page(&trace, "A title", &scores);
    for part in [
        "<title>A title</title>",
        "default-src 'none'",
        "prefers-color-scheme: dark",
        "<mark class=\"warning\" title=\"2 + 2 is 4, not 5\">2 + 2 = 5</mark>",
        "<article class=\"step sure0\" id=\"s1\">",
        "<span class=\"kind doubt\">doubt</span>",
        "mean entropy 0.500 nats",
        "<title>tokens 1 to 1: 22%</title>",
        "<span class=\"quiet\">before step 2</span>",
        "with a gap where one was put in",
        "<li class=\"shown\" style=\"--depth:1\">",
        "A limit on the number of tokens ended the output.",
        "2, unfinished",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("<title>tokens 3 to 3"), "{page}");
    assert_eq!(page.matches("% sure</span>").count(), 1, "{page}");
    let bare = HtmlReport::new(&Trace::default()).page();
    for part in [
        "<h2>Reasoning",
        "<h2>Branches",
        "<h2>Tokens",
        "<h2>Notes",
        "<table",
    ] {
        assert!(!bare.contains(part), "{part}");
    }
}

#[test]
fn nothing_leaves_the_page() {
    let hostile = "</title></style><script>alert(1)</script><img src=//x onerror='y'> \" & ' \
                   <!-- 2 + 2 = 5 <b>\u{0}";
    let output = format!("{hostile}\n\n{hostile}</think>{hostile}\\boxed{{<i>}}");
    let trace = Trace::parse(&output, ParserOptions::primed());
    let page = page(&trace, hostile, &[]);
    let lower = page.to_lowercase();
    for tag in [
        "<script", "<img", "<b>y", "<i>\"", "<!-- 2", "http://", "https://", "src=\"", "url(",
    ] {
        assert!(!lower.contains(tag), "{tag}");
    }
    assert_eq!(page.matches("<!--").count(), 0);
    assert!(visible(&page).contains("<script>alert(1)</script>"));
}

#[test]
fn a_long_trace_has_a_short_timeline() {
    let scores = vec![
        Some(TokenScore {
            logprob: -0.5,
            entropy: Some(1.0)
        });
        100_000
    ];
    let trace = Trace::default();
    let confidence = Confidence::new(&trace, &scores, 2048);
    let page = HtmlReport::new(&trace)
        .with_confidence(&confidence, &scores)
        .page();
    assert_eq!(page.matches("<rect").count(), HtmlReport::COLUMNS);
}

proptest! {
    /// Whatever the model writes stands in the page, once the tags are taken out.
    #[test]
    fn all_text_is_there(
        text in "[a-z<>&\"'=+ 0-9\n]{0,60}",
        logprobs in prop::collection::vec(prop::num::f32::ANY, 0..20),
    ) {
        let trace = Trace::parse(&text, ParserOptions::primed());
        let scores: Vec<_> = logprobs.iter()
            .map(|&p| Some(TokenScore { logprob: p, entropy: Some(p) })).collect();
        let page = page(&trace, &text, &scores);
        let visible = visible(&page);
        for step in &trace.steps {
            prop_assert!(visible.contains(&step.text), "{}", page);
        }
        prop_assert!(!page.contains("NaN") && !page.contains("inf\""), "{}", page);
    }
}
