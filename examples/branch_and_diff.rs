//! Writes the second half of a reply again, with another seed, and shows where the two depart.
//!
//! `cargo run --release -p glassbox-examples --example branch_and_diff`

use anyhow::Result;
use glassbox::trace::Change;
use glassbox::{At, Model};

fn main() -> Result<()> {
    let model = Model::tiny()?;
    let mut session = model.session();
    let ask = session.ask("What is (12 + 30) * 7 - 9?");
    let reply = ask.temperature(1.0).seed(1).run()?;

    // What comes before the step is shared by the two: it is neither written nor computed again.
    let step = reply.trace.steps.len() / 2;
    let branch = session.fork_at(&reply, At::Step(step))?;
    let branch = branch.temperature(1.0).seed(2).run()?;
    println!(
        "{} tokens kept, {} of {} cached",
        branch.usage.kept_tokens, branch.usage.cached_tokens, branch.usage.prompt_tokens
    );

    let diff = reply.trace.diff(&branch.trace);
    for change in &diff.changes {
        match *change {
            Change::Same { old, .. } => println!("  {}", reply.trace.steps[old].text),
            Change::Changed { old, new } => {
                println!("- {}", reply.trace.steps[old].text);
                println!("+ {}", branch.trace.steps[new].text);
            }
            Change::Removed { old } => println!("- {}", reply.trace.steps[old].text),
            Change::Added { new } => println!("+ {}", branch.trace.steps[new].text),
        }
    }
    println!(
        "answers: {:?} and {:?}, {}",
        reply.answer(),
        branch.answer(),
        if diff.same_answer {
            "the same"
        } else {
            "not the same"
        }
    );
    Ok(())
}

#[test]
fn it_runs() {
    main().unwrap();
}
