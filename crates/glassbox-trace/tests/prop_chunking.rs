//! Law 2: any split of an output into pieces gives the same events in sum, and the same trace.

mod common;

use common::{Sum, read};
use glassbox_trace::{
    Event, Format, Marker, Markers, ParserOptions, Start, StopReason, Trace, TraceParser,
};
use proptest::prelude::*;

/// Pieces of which hostile outputs are made.
const FRAGMENTS: &[&str] = &[
    "<think>",
    "</think>",
    "<answer>",
    "</answer>",
    "<",
    "</",
    "<t",
    "thi",
    "nk>",
    ">",
    "</think",
    "<b ",
    " ",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    "\u{3000}",
    "é",
    "🙂",
    "。",
    "a",
    "Wait",
    ". ",
    ". So",
    "But",
    " wait",
    "! Hmm,",
    "? First ",
    "```",
    "`",
    "~~~",
    "\n```\n",
    "$",
    "$$",
    "\\",
    "\\[",
    "\\]",
    "\\\\",
    "\\boxed{",
    "{",
    "}",
    "\\{",
    "5",
    "<|end|>",
    "`<think>`",
    "\"",
    "所以",
    "A sentence of some length makes a paragraph long when it comes more than once",
];

/// Pieces of which long paragraphs are made, with and without the cues that cut them.
const SENTENCES: &[&str] = &[
    "Wait, no. ",
    "Waiting rooms. ",
    "But wait! ",
    "But waiters. ",
    "So? So",
    "。所以",
    "\n",
    "`. ",
    "Now $$ and\n\n then. So $$ it is. ",
    "A sentence of some length, without any cue, of which a few make a paragraph that is a long \
     one and so is cut where its sentences open with a cue. ",
];

fn output() -> impl Strategy<Value = String> {
    let hostile = prop::collection::vec(prop::sample::select(FRAGMENTS), 0..60);
    let long = prop::collection::vec(prop::sample::select(SENTENCES), 0..80);
    prop_oneof![3 => hostile, 1 => long].prop_map(|parts| parts.concat())
}

fn options() -> impl Strategy<Value = ParserOptions> {
    let formats = prop::sample::select(&[Format::Auto, Format::R1, Format::R1Zero, Format::Plain]);
    let starts = prop::sample::select(&[Start::Outside, Start::Primed, Start::AfterReasoning]);
    let markers = prop::sample::select(&[Markers::Text, Markers::Tokens]);
    (formats, starts, markers).prop_map(|(format, start, markers)| {
        ParserOptions::new()
            .with_format(format)
            .with_start(start)
            .with_markers(markers)
    })
}

/// Cuts a text at character boundaries; the cuts are lengths in characters, used in turn.
fn pieces<'a>(text: &'a str, cuts: &[usize]) -> Vec<&'a str> {
    let mut rest = text;
    let mut pieces = Vec::new();
    for &cut in cuts.iter().cycle().take_while(|_| !cuts.is_empty()) {
        if rest.is_empty() {
            break;
        }
        let end = rest
            .char_indices()
            .nth(cut)
            .map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

fn cuts() -> impl Strategy<Value = Vec<usize>> {
    // At least one cut is not 0, so that cycling through them ends.
    (prop::collection::vec(0usize..12, 0..8), 1usize..5).prop_map(|(mut cuts, last)| {
        cuts.push(last);
        cuts
    })
}

/// The simplest reading of R1's format that there is: split at the first closer, trim, done. It is
/// for outputs whose only tags are an opener at the start and closers.
fn reference(text: &str, primed: bool) -> (Option<String>, Option<String>) {
    let owned = |text: &str| text.trim().to_owned();
    let filled = |text: &str| Some(owned(text)).filter(|text| !text.is_empty());
    let text = text.trim();
    let body = if primed {
        text
    } else {
        text.strip_prefix("<think>").unwrap_or("\0")
    };
    match body.split_once("</think>") {
        _ if body == "\0" => (None, filled(text)),
        None => (Some(owned(body)), None),
        Some((reasoning, content)) => (Some(owned(reasoning)), filled(content)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_split_reads_alike(output in output(), options in options(), cuts in cuts()) {
        let (whole, trace) = read([output.as_str()], options);
        let (parts, same) = read(pieces(&output, &cuts), options);
        prop_assert_eq!(&whole, &parts);
        prop_assert_eq!(&trace, &same);
        let (chars, same) = read(pieces(&output, &[1]), options);
        prop_assert_eq!(&whole, &chars);
        prop_assert_eq!(&trace, &same);

        prop_assert_eq!(&whole.thinking, trace.reasoning.as_deref().unwrap_or_default());
        prop_assert_eq!(&whole.answer, trace.content.as_deref().unwrap_or_default());
        prop_assert_eq!(&whole.steps, &trace.steps);
        prop_assert_eq!(whole.done, Some(StopReason::Stopped));
    }

    #[test]
    fn steps_hold_all_text_and_lie_where_they_say(output in output(), options in options()) {
        let trace = Trace::parse(&output, options);
        let reasoning = trace.reasoning.as_deref().unwrap_or_default();
        let mut end = 0;
        for (index, step) in trace.steps.iter().enumerate() {
            prop_assert_eq!(step.index, index);
            prop_assert_eq!(&reasoning[step.bytes.range()], &step.text);
            prop_assert_eq!(step.text.trim(), &step.text);
            prop_assert!(!step.text.is_empty());
            prop_assert_eq!(reasoning[end..step.bytes.start].trim(), "", "text between steps");
            end = step.bytes.end;
        }
        prop_assert_eq!(&reasoning[end..], "");
        prop_assert_eq!(Trace::from_json(&trace.to_json()).unwrap(), trace);
    }

    #[test]
    fn nothing_is_held_once_it_can_be_no_tag(output in output(), options in options()) {
        let mut parser = TraceParser::new(options);
        parser.push(&output);
        let events = parser.push("x");
        let last = events.iter().rev().find_map(|event| match event {
            Event::Thinking(text) | Event::Answer(text) => Some(text.as_str()),
            _ => None,
        });
        prop_assert!(last.is_some_and(|text| text.ends_with('x')), "{:?}", events);
    }

    #[test]
    fn a_whole_string_reading_agrees(body in output(), primed: bool, opened: bool) {
        // The reference knows one opener, and closers only behind it.
        let mut body = body.replace("<think>", "<thank>");
        let opened = opened && !primed;
        if !primed && !opened {
            body = body.replace("</think>", "</thank>");
        }
        let output = if opened { format!(" \n<think>{body}") } else { body };
        // A closer right after the closer is stray and swallowed, which is a rule of its own.
        let content = output.split_once("</think>").map_or("", |(_, after)| after.trim_start());
        prop_assume!(!content.starts_with("</think>"));
        let options = if primed { ParserOptions::primed() } else { ParserOptions::new() };
        let trace = Trace::parse(&output, options.with_format(Format::R1));
        prop_assert_eq!((trace.reasoning, trace.content), reference(&output, primed));
    }

    #[test]
    fn marker_tokens_split_where_letters_do(
        parts in prop::collection::vec((output(), prop::option::of(any::<bool>())), 0..6),
        options in options(),
    ) {
        // With markers, only they are tags; the output is free of tags as letters, so both ways
        // must agree wherever both see tags.
        let options = options.with_markers(Markers::Tokens);
        let tag = |open: bool| if open { Marker::ThinkOpen } else { Marker::ThinkClose };
        let read = |spell: bool| {
            let mut parser = TraceParser::new(options);
            let mut sum = Sum::default();
            for (text, marker) in &parts {
                let marker = marker.map(tag);
                let letters = match marker {
                    Some(Marker::ThinkOpen) if spell => "<think>",
                    Some(Marker::ThinkClose) if spell => "</think>",
                    _ => "",
                };
                if spell {
                    // One token holds the text and the tag.
                    sum.add(parser.push_token(&format!("{text}{letters}"), marker));
                } else {
                    sum.add(parser.push_token(text, None));
                    if marker.is_some() {
                        sum.add(parser.push_token("", marker));
                    }
                }
            }
            let finished = parser.finish(StopReason::Length);
            sum.add(finished.events);
            (sum, finished.trace)
        };
        let ((mut one, _), (mut two, trace)) = (read(true), read(false));
        let n_tokens = parts.len() + parts.iter().filter(|part| part.1.is_some()).count();
        let mut last = 0;
        for step in &trace.steps {
            let tokens = step.tokens.unwrap();
            prop_assert!(tokens.start < tokens.end && tokens.end <= n_tokens);
            prop_assert!(tokens.start + 1 >= last, "steps share one token at most");
            last = tokens.end;
        }
        one.steps.iter_mut().chain(&mut two.steps).for_each(|step| step.tokens = None);
        prop_assert_eq!(one, two);
    }
}
