//! Lets the model think as it likes, and takes the answer as JSON of a given shape.
//!
//! `cargo run --release -p glassbox-examples --example json_after_thinking -- [MODEL]`
//!
//! The embedded model, which is asked where none is named, has never seen JSON. That the right number
//! stands there is due to the property's name, which is how its answers begin, and to the largest value, without which it
//! writes digits behind the number: a constraint says what may be written, and a model does best where that is near to
//! what it would have written.

use anyhow::{Context, Result};
use glassbox::{Constraint, Model};

/// The one property of an answer.
const NAME: &str = "The answer is";

fn main() -> Result<()> {
    let model = match std::env::args()
        .nth(1)
        .filter(|path| !path.starts_with('-'))
    {
        Some(path) => Model::open(path)?,
        None => Model::tiny()?,
    };
    println!("as a number: {}", ask(&model)?);
    Ok(())
}

fn ask(model: &Model) -> Result<i64> {
    let schema = serde_json::json!({
        "type": "object",
        "properties": {NAME: {"type": "integer", "maximum": 99}},
        "required": [NAME],
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
    json[NAME].as_i64().context("an answer")
}

#[test]
fn it_runs() {
    main().unwrap();
    assert_eq!(ask(&Model::tiny().unwrap()).unwrap(), 42);
}
