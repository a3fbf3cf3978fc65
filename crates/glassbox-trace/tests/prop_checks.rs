//! Checkers never panic, their findings lie in the trace, and what they are made for they find.

use glassbox_trace::{Arithmetic, Checker, ParserOptions, Trace};
use proptest::prelude::*;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// Pieces of which hostile outputs are made.
const FRAGMENTS: &[&str] = &[
    "1",
    "2",
    "40",
    "0",
    "007",
    "1,234",
    "3.5",
    ".5",
    "9999999999999999999",
    "...",
    "…",
    " ",
    "  ",
    "\n",
    "\n\n",
    "+",
    " + ",
    "-",
    " - ",
    "–",
    "*",
    "**",
    " * ",
    "/",
    "^",
    "=",
    " = ",
    " = ",
    "==",
    "≠",
    "≈",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "%",
    "% of ",
    "!",
    "?",
    ". ",
    ", ",
    ": ",
    "|",
    "$",
    "$$",
    "\\",
    "\\\\",
    "\\[",
    "\\]",
    "\\frac",
    "\\frac{1}{2}",
    "\\frac12",
    "\\sqrt",
    "\\text{ cm}",
    "\\text{",
    "\\left(",
    "\\right)",
    "\\boxed{",
    "\\times",
    "\\cdot",
    "\\ldots",
    "^\\circ",
    "°",
    "²",
    "x",
    " x ",
    "apples",
    " apples ",
    "cm",
    "and",
    "of",
    "a half",
    "if",
    "So ",
    "é",
    "🙂",
    "所以",
    "个",
    "```",
    "`",
    "~",
    "&",
    "'",
    "\u{a0}",
    "</think>",
    "- ",
    "<",
    ">",
    "Wait, ",
    "_1",
    "²³",
];

fn output() -> impl Strategy<Value = String> {
    let hostile = prop::collection::vec(prop::sample::select(FRAGMENTS), 0..60);
    prop_oneof![hostile.prop_map(|parts| parts.concat()), any::<String>()]
}

/// Sentences around an equation, which stands where the braces are.
const SENTENCES: &[&str] = &[
    "{}",
    "So {}.",
    "- {}\n- and more",
    "We get {} apples.",
    "Then ${}$, as wanted.",
    "\\[{}\\]",
    "First, {}, and then {}, so",
    "x = {}",
    "**{}**",
    "所以{}。",
];

proptest! {
    #[test]
    fn findings_lie_in_the_trace(text in output()) {
        let trace = Trace::parse(&text, ParserOptions::primed());
        for report in trace.check_all() {
            prop_assert!(report.findings.len() <= report.n_checked.max(1), "{report:?}");
            for finding in &report.findings {
                let place = finding.place;
                prop_assert_eq!(&finding.checker, &report.checker);
                prop_assert!(!place.text(&trace).is_empty(), "{:?}", finding);
                prop_assert!(finding.message.len() < 300, "{:?}", finding);
                prop_assert!(!finding.message.contains('\n'), "{:?}", finding);
                if let Some(step) = place.step {
                    let step = trace.steps[step].bytes;
                    prop_assert!((step.start..step.end).contains(&place.bytes.start));
                }
            }
        }
    }

    /// Whatever the sentence, an equation counts, and it holds when it was computed rightly.
    #[test]
    fn planted_errors_are_found(
        (a, b) in (-999i64..1000, 1i64..1000),
        op in prop::sample::select(&["+", "-", "*", "/", "\\times", "\\cdot", "×"]),
        error in prop_oneof![Just(0), -20i64..20],
        sentence in prop::sample::select(SENTENCES),
    ) {
        let (a, result) = match op {
            "+" => (a, a + b),
            "-" => (a, a - b),
            "/" => (a * b, a),
            _ => (a, a * b),
        };
        let equation = format!("{a} {op} {b} = {}", result + error);
        let text = sentence.replace("{}", &equation);
        let trace = Trace::parse(&text, ParserOptions::primed());
        let equations = Arithmetic.equations(&trace);
        prop_assert_eq!(equations.len(), sentence.matches("{}").count(), "{}", text);
        for equation in &equations {
            prop_assert_eq!(equation.holds, error == 0, "{}", text);
        }
        let n_findings = Arithmetic.check(&trace).findings.len();
        prop_assert_eq!(n_findings, if error == 0 { 0 } else { equations.len() });
    }
}

/// A text of one fragment over and over is read about as fast as any other: 40,000 bytes in far
/// less than what a quadratic checker takes.
#[test]
fn hostile_outputs_take_no_longer_than_their_length() {
    let more = [
        "8 (",
        "-(",
        "1 = ",
        "f(1, ",
        "1 of 2 ",
        "\\text{ ",
        "```\n\n",
        "1 + 1 = 2 = ",
    ];
    for fragment in FRAGMENTS.iter().chain(&more) {
        let text = fragment.repeat(40_000 / fragment.len());
        let trace = Trace::parse(&text, ParserOptions::primed());
        let start = cpu_time();
        trace.check_all();
        let taken = cpu_time() - start;
        assert!(taken.as_secs_f64() < 1.5, "{fragment:?}: {taken:?}");
    }
}

/// Of this thread where the system tells it, so that a busy machine makes no difference.
fn cpu_time() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = stat.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.map_or_else(|| START.elapsed(), Duration::from_nanos)
}
