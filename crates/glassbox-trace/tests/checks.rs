//! The checkers besides arithmetic, on small outputs that show what each of them finds and leaves.

use glassbox_trace::{
    AnswerMatches, Bypassed, Checker, Finding, Languages, Loop, LoopWatch, ParserOptions, Severity,
    StopReason, Trace, TraceParser,
};

fn findings(checker: &dyn Checker, output: &str) -> Vec<Finding> {
    let trace = Trace::parse(output, ParserOptions::primed());
    checker.check(&trace).findings
}

/// The severities and steps that are found.
fn found(checker: &dyn Checker, output: &str) -> Vec<(Severity, Option<usize>)> {
    let findings = findings(checker, output);
    findings
        .iter()
        .map(|f| (f.severity, f.place.step))
        .collect()
}

const AGAIN: &str = "Let me count the letters of the word once more, from the left to the right.";
const NEARLY: &str =
    "Now let me count the letters of this word once more, from the left to the right.";

#[test]
fn loops_are_found_at_their_first_repetition() {
    let steps = |steps: &[&str]| steps.join("\n\n") + "</think>4";
    let warning = |step| (Severity::Warning, Some(step));
    for (reasoning, expected) in [
        // Twice is a check.
        (steps(&["Start.", AGAIN, "Hm.", AGAIN]), vec![]),
        (steps(&["Start.", AGAIN, AGAIN, AGAIN]), vec![warning(2)]),
        (
            steps(&["Start.", AGAIN, "Hm.", AGAIN, "Ah.", AGAIN]),
            vec![warning(3), warning(5)],
        ),
        // Paraphrased.
        (steps(&[AGAIN, NEARLY, AGAIN, NEARLY]), vec![warning(1)]),
        // Short steps may come more often.
        (
            steps(&["Wait.", "One.", "Wait.", "Two.", "Wait.", "Three.", "Wait."]),
            vec![],
        ),
        // The same words with other numbers.
        (
            steps(&[
                "For n = 12 we get 12 * 7 = 84, which is too small for us.",
                "For n = 13 we get 13 * 7 = 91, which is too small for us.",
                "For n = 14 we get 14 * 7 = 98, which is too small for us.",
                "For n = 15 we get 15 * 7 = 105, which is too large for us.",
            ]),
            vec![],
        ),
        // Within one step.
        (
            steps(&["Start.", &"I think that it is so. ".repeat(30)]),
            vec![warning(1)],
        ),
    ] {
        assert_eq!(found(&Loop::default(), &reasoning), expected, "{reasoning}");
    }
}

#[test]
fn a_loop_of_several_steps_is_one_finding() {
    let round = [
        "But the third letter is an r, as far as I can see it here.",
        AGAIN,
    ];
    let text = [&["Start."][..], &round, &round, &round]
        .concat()
        .join("\n\n");
    let found = findings(&Loop::default(), &(text.clone() + "</think>4"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].message,
        "4 steps repeat step 2 and those after it verbatim, up to 3 times"
    );
    let trace = Trace::parse(&text, ParserOptions::primed());
    let found = Loop::default().check(&trace).findings;
    assert_eq!(found[0].severity, Severity::Error, "cut off in the loop");
    let looped = found[0].place.text(&trace);
    assert_eq!(looped, [round, round].concat().join("\n\n"));
}

#[test]
fn a_watch_says_the_same_as_the_checker() {
    let mut watch = LoopWatch::new(Loop::default());
    let repeats = [AGAIN, NEARLY, "Ah.", AGAIN].map(|step| watch.push(step));
    assert_eq!(repeats[0], None);
    let second = repeats[1].unwrap();
    assert_eq!(
        (second.of, second.times, second.verbatim, second.is_loop),
        (0, 2, false, false)
    );
    let third = repeats[3].unwrap();
    assert_eq!(
        (third.of, third.times, third.verbatim, third.is_loop),
        (0, 3, true, true)
    );
}

#[test]
fn languages_are_told_by_their_script() {
    let info = |step| (Severity::Info, step);
    for (output, expected) in [
        (
            "First we add the three numbers of the list.\n\n然后我们把它们加起来。\n\nThen we compare both sums and stop there.</think>Done.",
            vec![info(Some(1))],
        ),
        (
            "First we add 首先加起来 the numbers.</think>Done.",
            vec![info(Some(0))],
        ),
        (
            "First we add the numbers.</think>答案是四。",
            vec![info(None)],
        ),
        (
            "Сначала сложим числа and then we stop it.</think>",
            vec![info(Some(0))],
        ),
        // A quoted word, formulas, code.
        ("The word 好 means good in that language.</think>", vec![]),
        (
            "设三角形 ABC 的角 α 和 \\sin \\theta 为 x km。</think>答案。",
            vec![],
        ),
        (
            "首先计算它们的和：\n\n```\nlet first = second + third;\n```</think>",
            vec![],
        ),
        ("π σ τ and Δ are angles.</think>", vec![]),
        ("12 + 3 = 15</think>15", vec![]),
    ] {
        assert_eq!(found(&Languages::default(), output), expected, "{output}");
    }
    let output = "We now add 首先加 here with all others.</think>";
    let trace = Trace::parse(output, ParserOptions::primed());
    let findings = Languages::default().check(&trace).findings;
    assert_eq!(findings[0].place.text(&trace), "首先加");
    let message =
        "3 of the 9 words of this step are Chinese or Japanese, most of the reasoning is Latin";
    assert_eq!(findings[0].message, message);
}

#[test]
fn the_answer_is_that_of_the_reasoning() {
    let error = vec![(Severity::Error, None)];
    let warning = vec![(Severity::Warning, None)];
    for (output, expected) in [
        // The last box decides.
        (r"So \boxed{12}.</think>\boxed{12}", vec![]),
        (
            r"So \boxed{12}, no, \boxed{13}.</think>\boxed{12}",
            error.clone(),
        ),
        (r"So \boxed{\frac12}.</think>\boxed{0.5}", vec![]),
        (r"So \boxed{x+1}.</think>\boxed{x+2}", error.clone()),
        // Without a box: the last steps.
        ("3 * 4 = 12.\n\nSo 12 + 5 = 17.</think>\\boxed{17}", vec![]),
        ("3 * 4 = 12.\n\nSo 12 + 5 = 17.</think>\\boxed{18}", error),
        (
            "3 * 4 = 12.\n\nHm.\n\nSo 20 + 5 = 25.\n\nThat is it.</think>\\boxed{12}",
            warning,
        ),
        (
            "12 * 2 = 24.\n\nLet me check: 24 / 2 = 12.</think>\\boxed{24}",
            vec![],
        ),
        (
            "It is three quarters, 3/4 of it.\n\nYes.</think>\\boxed{\\frac{3}{4}}",
            vec![],
        ),
        ("2 - 5 = -3.</think>\\boxed{-3}", vec![]),
        // Not to be told.
        ("It is x.</think>\\boxed{y}", vec![]),
        ("</think>\\boxed{5}", vec![]),
        ("So \\boxed{5}.", vec![]),
        ("So 2 + 2 = 4.</think>Four.", vec![]),
    ] {
        assert_eq!(found(&AnswerMatches, output), expected, "{output}");
    }
    let output = "So 12 + 5 = 17.</think>It is 18: \\boxed{18}.";
    let trace = Trace::parse(output, ParserOptions::primed());
    let checks = AnswerMatches.check(&trace);
    assert_eq!(checks.n_checked, 1);
    let finding = &checks.findings[0];
    assert_eq!(
        (finding.place.bytes.start, finding.place.text(&trace)),
        (17, "18")
    );
    let message = "the answer is 18: this number is nowhere in the reasoning, which ended with 17";
    assert_eq!(finding.message, message);
}

#[test]
fn bypassed_thinking() {
    let long = "word ".repeat(30);
    let thought = "First I add the two numbers, and then I look again.";
    let warning = vec![(Severity::Warning, None)];
    for (output, expected) in [
        ("\n\n</think>\n\nHi".to_owned(), warning.clone()),
        (format!("Okay.</think>{long}"), warning.clone()),
        (format!("{thought}</think>{long}"), vec![]),
        ("Two.</think>Two.".to_owned(), vec![]),
        (thought.to_owned(), vec![]),
    ] {
        assert_eq!(found(&Bypassed, &output), expected, "{output}");
    }
    let trace = Trace::parse("Hi", ParserOptions::new());
    assert_eq!(Bypassed.check(&trace).findings.len(), 1);
}

#[test]
fn an_empty_output_has_nothing_to_check() {
    let empty = TraceParser::new(ParserOptions::new()).finish(StopReason::Failed);
    for report in empty.trace.check_all() {
        assert_eq!(
            (report.n_checked, report.findings.len()),
            (0, 0),
            "{}",
            report.checker
        );
    }
}
