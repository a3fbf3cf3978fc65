//! What other readers of reasoning get wrong, row by row; then the tags' other shapes.

mod common;

use common::{Sum, read};
use glassbox_trace::NoteKind::{self, *};
use glassbox_trace::{
    Event, Format, Marker, Markers, ParserOptions, Phase, Start, StopReason, Trace, TraceParser,
};

struct Row {
    name: &'static str,
    options: ParserOptions,
    pieces: &'static [&'static str],
    reasoning: Option<&'static str>,
    content: Option<&'static str>,
    closed: bool,
    notes: &'static [NoteKind],
}

fn check(rows: &[Row]) {
    for row in rows {
        let (sum, trace) = read(row.pieces.iter().copied(), row.options);
        let name = row.name;
        assert_eq!(
            trace.reasoning.as_deref(),
            row.reasoning,
            "{name}: reasoning"
        );
        assert_eq!(trace.content.as_deref(), row.content, "{name}: content");
        assert_eq!(trace.closed, row.closed, "{name}: closed");
        let notes: Vec<_> = trace.notes.iter().map(|note| note.kind).collect();
        assert_eq!(notes, row.notes, "{name}: notes");

        let whole = row.pieces.concat();
        assert_eq!(Trace::parse(&whole, row.options), trace, "{name}: whole");
        assert_eq!(
            sum.thinking,
            row.reasoning.unwrap_or_default(),
            "{name}: events"
        );
        assert_eq!(
            sum.answer,
            row.content.unwrap_or_default(),
            "{name}: events"
        );
    }
}

fn plain() -> ParserOptions {
    ParserOptions::new()
}

fn primed() -> ParserOptions {
    ParserOptions::primed()
}

#[test]
fn rows_of_the_table() {
    let after = plain().with_start(Start::AfterReasoning);
    check(&[
        Row {
            name: "primed",
            options: primed(),
            pieces: &["A</think>B"],
            reasoning: Some("A"),
            content: Some("B"),
            closed: true,
            notes: &[],
        },
        Row {
            name: "primed, and R1-0528 repeats the tag",
            options: primed(),
            pieces: &["<think>A</think>B"],
            reasoning: Some("A"),
            content: Some("B"),
            closed: true,
            notes: &[RepeatedOpener],
        },
        Row {
            name: "primed, then the length limit",
            options: primed(),
            pieces: &["A"],
            reasoning: Some("A"),
            content: None,
            closed: false,
            notes: &[Unclosed],
        },
        Row {
            name: "not primed, no reasoning",
            options: plain(),
            pieces: &["B"],
            reasoning: None,
            content: Some("B"),
            closed: false,
            notes: &[],
        },
        Row {
            name: "bypassed",
            options: plain(),
            pieces: &["<think>\n\n</think>\n\nHi"],
            reasoning: Some(""),
            content: Some("Hi"),
            closed: true,
            notes: &[Bypassed],
        },
        Row {
            name: "near-tags over several pieces",
            options: plain(),
            pieces: &["<think>abc</th", "ing>def", "ghi</thi", "nk>jkl"],
            reasoning: Some("abc</thing>defghi"),
            content: Some("jkl"),
            closed: true,
            notes: &[],
        },
        Row {
            name: "budget 0, a stray closer, not primed",
            options: plain(),
            pieces: &["\n\n</think>\n\nB"],
            reasoning: None,
            content: Some("B"),
            closed: false,
            notes: &[StrayCloser],
        },
        Row {
            name: "budget 0, a stray closer, after the prompt's closer",
            options: after,
            pieces: &["\n\n</thi", "nk>\n\nB"],
            reasoning: None,
            content: Some("B"),
            closed: false,
            notes: &[StrayCloser],
        },
    ]);
}

#[test]
fn row_text_that_starts_no_tag_is_emitted_at_once() {
    let mut parser = TraceParser::new(primed());
    assert_eq!(parser.push("a<b "), [Event::Thinking("a<b".into())]);
    // The space was held because a tag might touch it; the next letter shows that none does.
    assert_eq!(parser.push("c"), [Event::Thinking(" c".into())]);
    assert_eq!(parser.push(" </thin"), []);
    assert_eq!(parser.push("g"), [Event::Thinking(" </thing".into())]);
}

#[test]
fn row_a_quoted_closer_does_not_split_when_token_ids_are_known() {
    let mut parser = TraceParser::new(primed().with_markers(Markers::Tokens));
    let mut sum = Sum::default();
    for (piece, marker) in [
        ("The tag `", None),
        ("</think>", None),
        ("` ends it.", None),
        ("\n", None),
        ("</think>", Some(Marker::ThinkClose)),
        ("\n\n", None),
        ("B", None),
    ] {
        sum.add(parser.push_token(piece, marker));
    }
    let finished = parser.finish(StopReason::Stopped);
    sum.add(finished.events);
    assert_eq!(sum.thinking, "The tag `</think>` ends it.");
    assert_eq!(sum.answer, "B");
    assert!(finished.trace.closed && finished.trace.notes.is_empty());
}

#[test]
fn row_an_emoji_over_two_tokens_stays_whole() {
    let mut parser = TraceParser::new(primed());
    assert_eq!(
        parser.push_token("Hi ", None),
        [Event::Thinking("Hi".into())]
    );
    assert_eq!(parser.push_token("", None), []);
    assert_eq!(
        parser.push_token("🙂", None),
        [Event::Thinking(" 🙂".into())]
    );
    parser.push_token("\n\n", None);
    parser.push_token("", None);
    parser.push_token("🙃", None);
    let trace = parser.finish(StopReason::Length).trace;
    let tokens: Vec<_> = trace
        .steps
        .iter()
        .map(|step| step.tokens.unwrap().range())
        .collect();
    // The second emoji's first token has no text yet, and still belongs to the step.
    assert_eq!(tokens, [0..3, 4..6]);
}

#[test]
fn row_a_grammar_starts_after_the_closer() {
    let mut parser = TraceParser::new(primed());
    parser.push("{\"not\": \"this one\"}</think");
    assert_eq!(parser.phase(), Phase::Thinking);
    parser.push(">");
    assert_eq!(parser.phase(), Phase::Answering);
    assert_eq!(
        parser.push("{\"x\": 1}"),
        [Event::Answer("{\"x\": 1}".into())]
    );

    let mut parser = TraceParser::new(primed().with_markers(Markers::Tokens));
    parser.push_token("", Some(Marker::ThinkClose));
    assert_eq!(parser.phase(), Phase::Answering);
}

#[test]
fn other_shapes() {
    let zero = plain().with_format(Format::R1Zero);
    check(&[
        Row {
            name: "nothing",
            options: plain(),
            pieces: &[],
            reasoning: None,
            content: None,
            closed: false,
            notes: &[],
        },
        Row {
            name: "whitespace alone",
            options: plain(),
            pieces: &[" \n", "\n"],
            reasoning: None,
            content: None,
            closed: false,
            notes: &[],
        },
        Row {
            name: "primed, and closed at once",
            options: primed(),
            pieces: &["</think>"],
            reasoning: Some(""),
            content: None,
            closed: true,
            notes: &[Bypassed],
        },
        Row {
            name: "carriage returns touch tags too",
            options: plain(),
            pieces: &["\r\n<think>\r\nA\r\nB\r", "\n</think>\r\n\r\nC\r\n"],
            reasoning: Some("A\r\nB"),
            content: Some("C"),
            closed: true,
            notes: &[],
        },
        Row {
            name: "a tag cut off by the end is text",
            options: primed(),
            pieces: &["A </thi"],
            reasoning: Some("A </thi"),
            content: None,
            closed: false,
            notes: &[Unclosed],
        },
        Row {
            name: "several blocks",
            options: plain(),
            pieces: &["<think>A</think> B <think> C </think> D"],
            reasoning: Some("A\n\nC"),
            content: Some("B\n\nD"),
            closed: true,
            notes: &[Reopened],
        },
        Row {
            name: "opened again and never closed",
            options: plain(),
            pieces: &["<think>A</think>B<think>C"],
            reasoning: Some("A\n\nC"),
            content: Some("B"),
            closed: false,
            notes: &[Reopened, Unclosed],
        },
        Row {
            name: "opened after content",
            options: plain(),
            pieces: &["Sure.\n<think>A</think>B"],
            reasoning: Some("A"),
            content: Some("Sure.\n\nB"),
            closed: true,
            notes: &[LateOpener],
        },
        Row {
            name: "nested: the first closer ends it",
            options: plain(),
            pieces: &["<think>A <think> B</think>C</think>D"],
            reasoning: Some("A <think> B"),
            content: Some("C</think>D"),
            closed: true,
            notes: &[NestedOpener, CloserInContent],
        },
        Row {
            name: "the content quotes both tags",
            options: primed(),
            pieces: &["A</think>Write `<think>` and `</think>`."],
            reasoning: Some("A"),
            content: Some("Write `<think>` and `</think>`."),
            closed: true,
            notes: &[CloserInContent],
        },
        Row {
            name: "the caller forgot that it was primed",
            options: plain(),
            pieces: &["A</think>B"],
            reasoning: None,
            content: Some("A</think>B"),
            closed: false,
            notes: &[CloserInContent],
        },
        Row {
            name: "plain output has no tags",
            options: primed().with_format(Format::Plain),
            pieces: &["<think>A</think>", "<B"],
            reasoning: None,
            content: Some("<think>A</think><B"),
            closed: false,
            notes: &[],
        },
        Row {
            name: "R1-Zero",
            options: zero,
            pieces: &["<think> A 你好 </think> <ans", "wer> 42 </answer>"],
            reasoning: Some("A 你好"),
            content: Some("42"),
            closed: true,
            notes: &[],
        },
        Row {
            name: "R1-Zero, found out",
            options: plain(),
            pieces: &["<think> A </think> <answer> 42 </answer>"],
            reasoning: Some("A"),
            content: Some("42"),
            closed: true,
            notes: &[],
        },
        Row {
            name: "R1-Zero, with words around its answer",
            options: zero,
            pieces: &["<think>A</think>Hence <answer>42</answer> as said."],
            reasoning: Some("A"),
            content: Some("Hence\n\n42\n\nas said."),
            closed: true,
            notes: &[],
        },
        Row {
            name: "elsewhere <answer> is text once the answer has begun",
            options: plain(),
            pieces: &["<think>A</think>Use <answer>x</answer>."],
            reasoning: Some("A"),
            content: Some("Use <answer>x</answer>."),
            closed: true,
            notes: &[],
        },
        Row {
            name: "R1 knows no <answer>",
            options: plain().with_format(Format::R1),
            pieces: &["<think>A</think><answer>x</answer>"],
            reasoning: Some("A"),
            content: Some("<answer>x</answer>"),
            closed: true,
            notes: &[],
        },
        Row {
            name: "R1-Zero, unclosed answer",
            options: zero,
            pieces: &["<think>A</think><answer>4"],
            reasoning: Some("A"),
            content: Some("4"),
            closed: true,
            notes: &[UnclosedAnswer],
        },
    ]);
}

#[test]
fn answers() {
    let zero = plain().with_format(Format::R1Zero);
    for (name, options, output, answer, notes) in [
        (
            "content first",
            primed(),
            r"\boxed{1}</think>\boxed{2}",
            Some("2"),
            &[][..],
        ),
        (
            "reasoning next",
            primed(),
            r"\boxed{1}</think>So it is.",
            Some("1"),
            &[AnswerInReasoning],
        ),
        (
            "unclosed box",
            primed(),
            r"\boxed{1}</think>\boxed{2",
            Some("1"),
            &[AnswerInReasoning],
        ),
        ("no box", primed(), r"A</think>Two", None, &[]),
        (
            "answer block",
            zero,
            "<think>\\boxed{1}</think><answer>2</answer>",
            Some("2"),
            &[],
        ),
        (
            "box in the answer block",
            zero,
            "<think>A</think><answer>It is \\boxed{3}.</answer>",
            Some("3"),
            &[],
        ),
        (
            "unclosed answer block",
            zero,
            "<think>A</think><answer>3",
            None,
            &[UnclosedAnswer],
        ),
        (
            "reasoning that interrupts the answer block",
            zero.with_markers(Markers::Text),
            "<answer>3</answer><think>B</think>",
            Some("3"),
            &[LateOpener],
        ),
    ] {
        let trace = Trace::parse(output, options);
        assert_eq!(trace.answer.as_deref(), answer, "{name}");
        let kinds: Vec<_> = trace.notes.iter().map(|note| note.kind).collect();
        assert_eq!(kinds, notes, "{name}");
    }
}

#[test]
fn notes_say_where() {
    let at = |output: &str| -> Vec<_> {
        Trace::parse(output, plain())
            .notes
            .iter()
            .map(|note| (note.kind, note.at))
            .collect()
    };
    assert_eq!(at(" <think> </think>"), [(Bypassed, 1)]);
    assert_eq!(at("é<think>A"), [(LateOpener, 2), (Unclosed, 2)]);
    assert_eq!(
        at("<think>A</think>B <think> \\boxed{1}</think>"),
        [(Reopened, 18), (AnswerInReasoning, 26)]
    );
}

#[test]
fn marker_tokens_are_never_text() {
    let mut parser = TraceParser::new(ParserOptions::new());
    let (open, close) = (Some(Marker::ThinkOpen), Some(Marker::ThinkClose));
    for (piece, marker) in [
        ("", open),
        ("A <", None),
        // An engine may render the tag or not; an owed half character comes before it.
        ("\u{fffd}<think>", open),
        ("B", None),
        ("", close),
        ("C <", None),
        ("", close),
        (" D", None),
    ] {
        parser.push_token(piece, marker);
    }
    let trace = parser.finish(StopReason::Cancelled).trace;
    assert_eq!(trace.reasoning.as_deref(), Some("A <\u{fffd}\n\nB"));
    assert_eq!(trace.content.as_deref(), Some("C <\n\nD"));
    let notes: Vec<_> = trace
        .notes
        .iter()
        .map(|note| (note.kind, note.at))
        .collect();
    // Each marker counts as the letters of its tag.
    assert_eq!(
        notes,
        [(NestedOpener, 7 + 3 + 3), (StrayCloser, 13 + 7 + 1 + 8 + 3)]
    );
    let tokens: Vec<_> = trace
        .steps
        .iter()
        .map(|step| step.tokens.unwrap().range())
        .collect();
    assert_eq!(tokens, [1..3, 3..4]);
    assert_eq!(trace.stop, StopReason::Cancelled);
}

#[test]
fn text_without_tokens_leaves_no_token_spans() {
    let mut parser = TraceParser::new(primed());
    parser.push_token("A", None);
    parser.push("\n\nB");
    let trace = parser.finish(StopReason::Stopped).trace;
    assert_eq!(trace.steps.len(), 2);
    assert!(trace.steps[1].tokens.is_none());
}
