//! Lets the model think as it likes, and takes the answer as JSON of a given shape.
//!
//! `cargo run --release -p glassbox-examples --example json_after_thinking -- [MODEL]`
//!
//! The embedded model, which is asked where none is named, has never seen JSON: it keeps to the
//! shape and does not know what belongs in it.

use anyhow::{Context, Result};
use glassbox::{Constraint, Model};

fn main() -> Result<()> {
    let model = match std::env::args()
        .nth(1)
        .filter(|path| !path.starts_with('-'))
    {
        Some(path) => Model::open(path)?,
        None => Model::tiny()?,
    };
    let schema = serde_json::json!({
        "type": "object",
        "properties": {"answer": {"type": "integer"}},
        "required": ["answer"],
        "additionalProperties": false,
    });
    let mut session = model.session();
    let ask = session.ask("What is 12 + 30?").greedy();
    let reply = ask.constrain(Constraint::JsonSchema(schema)).run()?;

    println!(
        "{}\n\n{}",
        reply.reasoning().unwrap_or_default(),
        reply.content()
    );
    let json: serde_json::Value = serde_json::from_str(reply.content())?;
    let answer = json["answer"].as_i64().context("an answer")?;
    println!("as a number: {answer}");
    Ok(())
}

#[test]
fn it_runs() {
    main().unwrap();
}
