//! Answers that are bound: the reasoning is free, the answer is what it must be.

mod support;

use glassbox::{Ask, Cancel, Constraint, EngineError, Group, Model, Replay, Reply, StopReason};
use support::bits;

const QUESTION: &str = "What is 12 + 30?";

fn tiny() -> Model {
    let options = Model::options().threads(2).context(1024).cache(8192);
    options.certify(true).open_tiny().unwrap()
}

fn schema() -> Constraint {
    Constraint::JsonSchema(serde_json::json!({
        "type": "object",
        "properties": {
            "answer": {"type": "integer", "minimum": 0, "maximum": 99999},
            "sure": {"type": "boolean"},
        },
        "required": ["answer", "sure"],
        "additionalProperties": false,
    }))
}

fn ask(ask: Ask<'_>, constraint: &Constraint, seed: u64) -> Reply {
    let ask = ask.constrain(constraint.clone()).seed(seed).logprobs(0);
    ask.temperature(0.2 * seed as f64)
        .max_answer(80)
        .run()
        .unwrap()
}

#[test]
fn json_after_thinking() {
    let model = tiny();
    for seed in 0..4 {
        let reply = ask(model.session().ask(QUESTION), &schema(), seed);
        assert!(
            reply.reasoning().unwrap().contains("12 + 30"),
            "{}",
            reply.text
        );
        assert_eq!(reply.stop(), StopReason::Stopped);
        let json: serde_json::Value = serde_json::from_str(reply.content()).unwrap();
        let object = json.as_object().unwrap();
        assert_eq!(object.len(), 2, "{json}");
        assert!(object["answer"].as_u64().unwrap() <= 99_999 && object["sure"].is_boolean());
    }
}

#[test]
fn expressions_and_choices() {
    let model = tiny();
    let four = Constraint::Regex("[1-9][0-9]{3}".to_owned());
    let choices = ["yes", "no (at all)", "per|haps"].map(str::to_owned);
    let one = Constraint::Choices(choices.to_vec());
    for seed in 0..5 {
        let reply = ask(model.session().ask(QUESTION), &four, seed);
        let number: u32 = reply.content().parse().unwrap();
        assert!((1000..=9999).contains(&number));
        let reply = ask(model.session().ask("Is 7 a prime?"), &one, seed);
        assert!(
            choices.iter().any(|c| c == reply.content()),
            "{}",
            reply.text
        );
        // Without the reasoning, too.
        let off = model.session();
        let off = off.into_ask(QUESTION).thinking(glassbox::Thinking::Off);
        let reply = ask(off, &one, seed);
        assert!(
            choices.iter().any(|c| c == reply.content()),
            "{}",
            reply.text
        );
    }
}

#[test]
fn it_is_the_same_in_a_batch_guessed_and_replayed() {
    let model = tiny();
    let alone: Vec<Reply> = (0..3)
        .map(|seed| ask(model.session().ask(QUESTION), &schema(), seed))
        .collect();
    let mut group = Group::new(model.engine());
    for seed in 0..3 {
        let ask = model
            .session()
            .into_ask(QUESTION)
            .constrain(schema())
            .logprobs(0);
        let ask = ask.seed(seed).temperature(0.2 * seed as f64).max_answer(80);
        group.push(ask.stream().unwrap());
    }
    for (reply, alone) in group.run().into_iter().zip(&alone) {
        assert_eq!(bits(&reply.unwrap()), bits(alone));
    }
    for (seed, alone) in alone.iter().enumerate() {
        let guessed = model.session().into_ask(QUESTION).speculate(true);
        assert_eq!(bits(&ask(guessed, &schema(), seed as u64)), bits(alone));
        let certificate = alone.certificate(model.engine()).unwrap();
        let replay = model.engine().replay(&certificate, &Cancel::new());
        assert_eq!(replay.unwrap(), Replay::Identical);
        // A reply that was cut in its answer goes on as it would have.
        let n = alone.tokens.len() - 4;
        let mut session = model.session();
        let ask = session.fork_at(alone, glassbox::At::Token(n)).unwrap();
        assert_eq!(bits(&self::ask(ask, &schema(), seed as u64)), bits(alone));
    }
}

#[test]
fn what_cannot_be_had_is_refused() {
    let model = tiny();
    let refused = |constraint: Constraint| {
        let mut session = model.session();
        match session.ask(QUESTION).constrain(constraint).run() {
            Err(EngineError::Constraint { message }) => message,
            other => panic!("{other:?}"),
        }
    };
    assert!(!refused(Constraint::Regex("(".to_owned())).is_empty());
    assert!(
        !refused(Constraint::JsonSchema(
            serde_json::json!({"type": "integre"})
        ))
        .is_empty()
    );
    assert!(!refused(Constraint::Choices(Vec::new())).is_empty());
    assert!(!refused(Constraint::Regex(r"(a)\1".to_owned())).is_empty());
    // What is kept of a reply must keep it.
    let reply = model.session().ask(QUESTION).greedy().run().unwrap();
    let mut session = model.session();
    let again = session.resume(&reply).unwrap().constrain(schema()).run();
    assert!(
        matches!(again, Err(EngineError::Constraint { .. })),
        "{again:?}"
    );
}
