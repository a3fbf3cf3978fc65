//! Asks one question and prints the answer.
//!
//! `cargo run --release -p glassbox-examples --example ask -- MODEL "What is 17 + 25?"`

use anyhow::{Context, Result};
use glassbox::Model;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: ask MODEL QUESTION";
    let path = args.next().context(usage)?;
    let question = args.next().context(usage)?;

    let model = Model::open(path)?;
    let reply = model.session().ask(question).max_tokens(2048).run()?;

    println!("{}", reply.content());
    if let Some(answer) = reply.answer() {
        println!("The final answer: {answer}");
    }
    eprintln!(
        "{} steps of reasoning, {:.1} tokens a second",
        reply.trace.steps.len(),
        reply.usage.decode_rate()
    );
    Ok(())
}
