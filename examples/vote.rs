//! Asks sixteen times at once, counts the answers, and stops when the lead is safe.
//!
//! `cargo run --release -p glassbox-examples --example vote`

use anyhow::Result;
use glassbox::{Model, Weight};

fn main() -> Result<()> {
    // All branches need a place in the cache.
    let model = Model::options()
        .context(2048)
        .cache(16 * 1024)
        .open_tiny()?;
    let mut session = model.session();
    let poll = session
        .ask_many("What is 3/4 + 5/6?", 16)
        .at_once(4)
        .weight(Weight::Confidence)
        .stop_early(0.05)
        .run()?;
    for choice in &poll.choices {
        println!(
            "{:>8}  {:.2} of {} votes",
            choice.answer,
            choice.weight,
            choice.replies.len()
        );
    }
    println!(
        "{} of {} branches, {} tokens, about {} saved",
        poll.replies.len(),
        poll.n,
        poll.tokens,
        poll.tokens_saved
    );
    Ok(())
}

#[test]
fn it_runs() {
    main().unwrap();
}
