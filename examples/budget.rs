//! Gives the same question more and more time to think.
//!
//! `cargo run --release -p glassbox-examples --example budget`

use anyhow::Result;
use glassbox::{Budget, Model};

fn main() -> Result<()> {
    let model = Model::tiny()?;
    for most in [20, 80, 320] {
        let mut budget = Budget::default();
        budget.max_thinking = most;
        budget.closing = "I have no more time, so I give the answer now.".to_owned();
        let mut session = model.session();
        let reply = session
            .ask("What is 47 * 36?")
            .greedy()
            .budget(budget)
            .run()?;
        println!(
            "at most {most}: {} tokens of reasoning{}, answer {:?}",
            reply.usage.thinking_tokens,
            if reply.usage.thinking_cut {
                ", cut"
            } else {
                ""
            },
            reply.answer()
        );
    }
    Ok(())
}

#[test]
fn it_runs() {
    main().unwrap();
}
