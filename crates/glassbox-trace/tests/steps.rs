//! Where the reasoning is cut into steps, and when a step is reported.

use glassbox_trace::StepKind::{self, *};
use glassbox_trace::{Event, ParserOptions, Span, StopReason, Trace, TraceParser};

fn steps(reasoning: &str) -> Vec<String> {
    let trace = Trace::parse(reasoning, ParserOptions::primed());
    let whole = trace.reasoning.as_deref().unwrap();
    for (index, step) in trace.steps.iter().enumerate() {
        assert_eq!(step.index, index);
        assert_eq!(&whole[step.bytes.range()], step.text);
    }
    trace.steps.into_iter().map(|step| step.text).collect()
}

#[test]
fn blank_lines_separate_steps_and_protected_blocks_stay_whole() {
    for (name, reasoning, expected) in [
        (
            "paragraphs",
            "A\nB\n\nC\n \t\nD\n\n\n\nE",
            &["A\nB", "C", "D", "E"][..],
        ),
        ("carriage returns", "A\r\nB\r\n\r\nC", &["A\r\nB", "C"]),
        (
            "a fence",
            "A\n```py\nx\n\ny\n```\n\nB",
            &["A\n```py\nx\n\ny\n```", "B"],
        ),
        (
            "tildes in backticks",
            "```\n\n~~~\n\n```\n\nB",
            &["```\n\n~~~\n\n```", "B"],
        ),
        (
            "a longer fence",
            "````\n\n```\n\n````\n\nB",
            &["````\n\n```\n\n````", "B"],
        ),
        (
            "no closer on a fence with words",
            "```\n\n``` x\n\n```\n\nB",
            &["```\n\n``` x\n\n```", "B"],
        ),
        (
            "an indented fence",
            "1. A\n   ```\n\n   ```\n\nB",
            &["1. A\n   ```\n\n   ```", "B"],
        ),
        ("inline code is no fence", "```x```\n\nB", &["```x```", "B"]),
        (
            "backticks in a line are no fence",
            "A ```\n\nB",
            &["A ```", "B"],
        ),
        ("dollars", "A $$x\n\ny$$\n\nB", &["A $$x\n\ny$$", "B"]),
        ("one dollar", "A $5\n\nB $6", &["A $5", "B $6"]),
        ("a bracket", "\\[x\n\ny\\]\n\nB", &["\\[x\n\ny\\]", "B"]),
        (
            "a line break of TeX is no bracket",
            "x \\\\[2pt]\n\nB",
            &["x \\\\[2pt]", "B"],
        ),
        (
            "an unclosed fence",
            "A\n\n```\nB\n\nC",
            &["A", "```\nB\n\nC"],
        ),
        ("marks at the very end", "A\n\n``", &["A", "``"]),
        ("a dollar at the very end", "A\n\n$", &["A", "$"]),
    ] {
        assert_eq!(steps(reasoning), expected, "{name}");
    }
}

#[test]
fn an_unclosed_formula_does_not_swallow_the_rest() {
    let reasoning = format!("\\[ x\n\n{}\n\nB\n\nC", "y\n\n".repeat(5000));
    let steps = steps(&reasoning);
    assert!(steps.len() > 1000);
    assert_eq!(steps[steps.len() - 2..], ["B", "C"]);
}

/// A reasoning without one line feed, as R1 has been seen to write it.
const RUN_ON: &str = "\
Okay, so I need to count the even numbers from 10 to 99 whose digits differ. An even number \
ends in 0, 2, 4, 6 or 8, and the first digit is never 0. Let me take the last digit as the \
case. If the last digit is 0, then the first digit is one of 9, so that is 9 numbers. If the \
last digit is 2, 4, 6 or 8, then the first digit is neither 0 nor the last digit. So there \
are 8 choices for each of 4 last digits, which makes 32 numbers, and together with the first \
case that makes 9 + 32 = 41. Waiting rooms are not involved. Wait, did I count 0 twice? The \
case of 0 stands alone. But let me check by counting the other way. There are 45 even \
numbers from 10 to 98. Those with equal digits are 22, 44, 66 and 88, which is 4. \
Alternatively, one can list them. So 45 - 4 = 41, and both ways agree on it. Therefore, the \
answer is \\boxed{41}.";

#[test]
fn a_long_paragraph_is_cut_at_cues() {
    let trace = Trace::parse(RUN_ON, ParserOptions::primed());
    let cut: Vec<(StepKind, String)> = trace
        .steps
        .iter()
        .map(|step| (step.kind, step.text.chars().take(12).collect()))
        .collect();
    let expected: &[(StepKind, &str)] = &[
        (Plan, "Okay, so I n"),
        (Derivation, "So there are"),
        (Doubt, "Wait, did I "),
        (Check, "But let me c"),
        (Backtrack, "Alternativel"),
    ];
    let cut: Vec<_> = cut
        .iter()
        .map(|(kind, text)| (*kind, text.as_str()))
        .collect();
    assert_eq!(cut[..expected.len()], *expected);
    assert_eq!(trace.steps.last().unwrap().kind, Conclusion);

    // Nothing but whitespace is lost between the pieces.
    let joined: Vec<_> = trace.steps.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(joined.join(" "), RUN_ON);
}

#[test]
fn a_paragraph_of_ordinary_length_is_one_step() {
    assert_eq!(steps(&RUN_ON[..700]).len(), 1);
}

#[test]
fn chinese_sentences_need_no_spaces() {
    let reasoning = format!("首先{}。所以答案是五。", "计算".repeat(200));
    let trace = Trace::parse(&reasoning, ParserOptions::primed());
    let kinds: Vec<_> = trace.steps.iter().map(|step| step.kind).collect();
    assert_eq!(kinds, [Plan, Conclusion]);
}

#[test]
fn a_step_is_reported_when_its_blank_line_or_closer_comes() {
    let is_step = |events: &[Event]| matches!(events, [Event::Step(_)]);
    let mut parser = TraceParser::new(ParserOptions::primed());
    assert_eq!(
        parser.push("First, A."),
        [Event::Thinking("First, A.".into())]
    );
    assert_eq!(parser.push("\n"), []);
    assert!(
        is_step(&parser.push("\n")),
        "before the next paragraph begins"
    );
    assert_eq!(parser.push("\n"), []);
    assert_eq!(parser.push("B"), [Event::Thinking("\n\n\nB".into())]);
    assert!(is_step(&parser.push("</think>")));

    let mut parser = TraceParser::new(ParserOptions::primed());
    assert_eq!(parser.push("```\n\nx\n```").len(), 1);
    assert!(is_step(&parser.push("\n\n")), "after a fence");
}

#[test]
fn what_one_block_leaves_open_does_not_reach_into_the_next() {
    let output = "<think>A\n```\n\nx</think><think>```\ny\n```\n\nB</think>";
    let steps = Trace::parse(output, ParserOptions::new()).steps;
    let texts: Vec<_> = steps.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(texts, ["A\n```\n\nx", "```\ny\n```", "B"]);
}

/// A reply that ends inside a character owes its stand-in, and loses no span for it.
#[test]
fn text_that_tokens_owe_keeps_the_spans() {
    let mut parser = TraceParser::new(ParserOptions::primed());
    parser.push_token("So 2 + 2 = 4", None);
    parser.push_token("", None);
    parser.push_owed("\u{fffd}");
    let trace = parser.finish(StopReason::Length).trace;
    assert_eq!(trace.steps[0].text, "So 2 + 2 = 4\u{fffd}");
    assert_eq!(trace.steps[0].tokens, Some(Span { start: 0, end: 2 }));
}
