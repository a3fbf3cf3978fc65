//! Finds a step that does not compute, puts it right, and lets the model go on from there.
//!
//! `cargo run --release -p glassbox-examples --example correct_step`

use anyhow::{Context, Result};
use glassbox::Model;
use glassbox::trace::{Arithmetic, Checker};

fn main() -> Result<()> {
    let model = Model::tiny()?;
    let mut session = model.session();
    let question = "What is 47 * 36?";
    let reply = session.ask(question).greedy().run()?;

    // Somebody changes the result of an equation, and the model goes on from there.
    let is_result = |text: &str| {
        text.split(" = ")
            .nth(1)
            .is_some_and(|r| r.parse::<u32>().is_ok())
    };
    let equation = Arithmetic
        .equations(&reply.trace)
        .into_iter()
        .find(|equation| is_result(equation.place.text(&reply.trace)))
        .context("a reply with an equation")?;
    let (right, end) = (equation.right(), equation.place.bytes.end);
    let step = &reply.trace.steps[equation.place.step.context("a step")?];
    let kept = &reply.reasoning().unwrap_or_default()[step.bytes.start..end - right.len()];
    let wrong = format!("{kept}{}", right.parse::<u32>()? + 10);
    println!(
        "step {} begins: {kept}{right}\nand is now: {wrong}",
        step.index
    );
    let misled = session.edit(&reply, step.index, &wrong)?.greedy().run()?;
    println!("so it says {:?}", misled.answer());

    // A checker sees it, and says where.
    let findings = Arithmetic.check(&misled.trace).findings;
    let finding = findings.first().context("a finding")?;
    println!("found: {}", finding.message);

    // A word at the right place puts it right, and nothing before it is computed again.
    let comment = format!("{wrong}. Wait, {}", equation.place.text(&reply.trace));
    let corrected = session
        .edit(&misled, step.index, &comment)?
        .greedy()
        .run()?;
    println!(
        "with a comment it says {:?}:\n\n{}",
        corrected.answer(),
        corrected.text
    );
    Ok(())
}

#[test]
fn it_runs() {
    main().unwrap();
}
