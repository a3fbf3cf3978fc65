//! Templates render as Jinja2 renders them, set up as in `transformers`.

mod common;

use glassbox_text::{ChatTemplate, Message, RenderOptions, Role, TextError};
use serde_json::Value;

fn messages(case: &Value) -> Vec<Message> {
    let list = case["messages"].as_array().unwrap().iter();
    list.map(|m| {
        Message::new(
            Role::from_name(m["role"].as_str().unwrap()).unwrap(),
            m["content"].as_str().unwrap(),
        )
    })
    .collect()
}

#[test]
fn templates_render_as_jinja2_does() {
    let templates = common::fixture("templates.json");
    let mut raised = 0;
    for entry in templates.as_array().unwrap() {
        let name = entry["name"].as_str().unwrap();
        let template = ChatTemplate::new(entry["source"].as_str().unwrap()).unwrap();
        for case in entry["cases"].as_array().unwrap() {
            let options = RenderOptions {
                add_generation_prompt: case["add_generation_prompt"].as_bool().unwrap(),
                bos_token: entry.get("bos_token").and_then(Value::as_str),
                eos_token: entry.get("eos_token").and_then(Value::as_str),
                ..RenderOptions::default()
            };
            let got = template.render(&messages(case), &options);
            match (got, case.get("text"), case.get("raised")) {
                (Ok(got), Some(want), _) => {
                    assert_eq!(got, want.as_str().unwrap(), "{name}: {}", case["messages"])
                }
                (Err(TextError::TemplateRaised { message, .. }), _, Some(want)) => {
                    raised += 1;
                    assert_eq!(message, want.as_str().unwrap(), "{name}");
                }
                (got, ..) => panic!("{name}: {got:?} for {case}"),
            }
        }
    }
    assert!(templates.as_array().unwrap().len() >= 8);
    assert!(raised > 0, "no template raised an exception");
}
