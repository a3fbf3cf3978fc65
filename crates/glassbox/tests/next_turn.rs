//! What the next turn of a conversation computes again, and how that is done ahead.

mod support;

use glassbox::{Cancel, Model, Session};
use support::bits;

fn tiny() -> Model {
    let options = Model::options().threads(2).context(2048).cache(8192);
    options.open_tiny().unwrap()
}

/// Three turns; for each, the tokens of its prompt and those that were computed for it.
fn turns(prepare: bool) -> Vec<(usize, usize, String)> {
    let model = tiny();
    let mut session = model.session();
    let mut turns = Vec::new();
    for question in ["What is 12 + 30?", "What is 47 * 36?", "Is 91 a prime?"] {
        if prepare {
            session.prepare(&Cancel::new()).unwrap();
        }
        let reply = session.ask(question).greedy().run().unwrap();
        let usage = &reply.usage;
        let computed = usage.prompt_tokens - usage.cached_tokens;
        turns.push((usage.prompt_tokens, computed, reply.text));
    }
    turns
}

#[test]
fn past_thoughts_are_computed_away_ahead() {
    let (plain, prepared) = (turns(false), turns(true));
    for (turn, (plain, prepared)) in plain.iter().zip(&prepared).enumerate() {
        assert_eq!((plain.0, &plain.2), (prepared.0, &prepared.2));
        // What is left is the question itself and what opens the reply.
        assert!(
            prepared.1 <= 24,
            "turn {turn}: {} of {}",
            prepared.1,
            prepared.0
        );
        assert!(prepared.1 <= plain.1);
    }
    // A second turn has to compute the first answer at its new place.
    assert!(plain[1].1 > prepared[1].1 && plain[2].1 > prepared[2].1);
}

#[test]
fn preparing_changes_nothing() {
    let model = tiny();
    let asked = |session: &mut Session| {
        let ask = session.ask("What is 7 - 2?").temperature(0.7).logprobs(0);
        bits(&ask.run().unwrap())
    };
    let mut session = model.session();
    session.ask("What is 12 + 30?").greedy().run().unwrap();
    let mut other = session.fork();
    let cancelled = Cancel::new();
    cancelled.cancel();
    assert!(other.prepare(&cancelled).is_err());
    let computed = other.prepare(&Cancel::new()).unwrap();
    assert!(computed > 0);
    assert_eq!(other.prepare(&Cancel::new()).unwrap(), 1);
    assert_eq!(asked(&mut other), asked(&mut session.fork()));
    assert_eq!(other.messages().len(), 4);
    assert_eq!(session.messages().len(), 2);
}
