//! Shows the reasoning and the answer while the model writes them, each step with its kind.
//!
//! `cargo run --release -p glassbox-examples --example stream -- MODEL "What is 17 + 25?"`

use anyhow::{Context, Result};
use glassbox::{Event, Model};
use std::io::Write;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: stream MODEL QUESTION";
    let path = args.next().context(usage)?;
    let question = args.next().context(usage)?;

    let model = Model::open(path)?;
    let mut session = model.session();
    let mut stream = session.ask(question).seed(1).max_thinking(4096).stream()?;
    for event in &mut stream {
        match event? {
            Event::Thinking(text) | Event::Answer(text) => print!("{text}"),
            Event::Step(step) => print!("\n   [step {}: {}] ", step.index, step.kind.name()),
            _ => {}
        }
        std::io::stdout().flush()?;
    }
    // To drop the stream would stop the model; to finish it gives the whole reply.
    let reply = stream.finish()?;
    println!("\n{:?}", reply.usage);
    Ok(())
}
