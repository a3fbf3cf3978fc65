//! Reads a model's output into steps, notes and an answer. No model is needed.
//!
//! `cargo run -p glassbox-examples --example read_trace`

use glassbox::Trace;
use glassbox::trace::ParserOptions;

/// What an R1 distill might write. Its prompt ends in `<think>`, so the output starts inside.
const OUTPUT: &str = "First, split the sum: 17 + 25 = 17 + 20 + 5.

17 + 20 = 37, and 37 + 5 = 42.

Wait, let me check: 42 - 25 = 17. Yes.</think>

17 + 25 is \\boxed{42}.";

fn main() {
    let trace = Trace::parse(OUTPUT, ParserOptions::primed());
    for step in &trace.steps {
        println!("{}. {:<10} {}", step.index + 1, step.kind.name(), step.text);
    }
    println!("content: {}", trace.content.as_deref().unwrap_or("none"));
    println!("answer:  {}", trace.answer.as_deref().unwrap_or("none"));
    for note in &trace.notes {
        println!("note:    {}", note.kind.describe());
    }
    println!("{}", trace.to_json());
}

#[test]
fn the_trace_has_three_steps_and_an_answer() {
    let trace = Trace::parse(OUTPUT, ParserOptions::primed());
    assert_eq!(trace.steps.len(), 3);
    assert_eq!(trace.steps[2].kind, glassbox::StepKind::Check);
    assert_eq!(trace.answer.as_deref(), Some("42"));
    assert!(trace.closed && trace.notes.is_empty());
}
