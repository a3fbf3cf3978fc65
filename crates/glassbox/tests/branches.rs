//! Branches of a reply of the embedded model: what is kept is kept to the bit, and what is put in
//! is gone on from.

mod support;

use glassbox::{Ask, At, EngineError, Model, Reply, StopReason};
use support::bits;

const QUESTION: &str = "What is 47 * 36?";

fn asked(ask: Ask<'_>) -> Reply {
    let ask = ask.temperature(0.8).seed(5).logprobs(0);
    ask.max_tokens(400).run().unwrap()
}

fn tiny() -> Model {
    Model::options().threads(2).cache(4096).open_tiny().unwrap()
}

#[test]
fn a_branch_that_changes_nothing_is_the_reply() {
    let model = tiny();
    let mut session = model.session();
    let reply = asked(session.ask(QUESTION));
    let n = reply.tokens.len();
    assert!(
        reply.trace.steps.len() > 2 && reply.stop() == StopReason::Stopped,
        "{}",
        reply.text
    );
    let mut places = vec![At::Start, At::End];
    places.extend((0..=n).step_by(53).map(At::Token));
    places.extend((0..reply.trace.steps.len()).map(At::Step));
    for at in places {
        // In a session of its own, and in the one that wrote it.
        for other in [&mut model.session(), &mut session] {
            let again = asked(other.fork_at(&reply, at).unwrap());
            assert_eq!(bits(&again), bits(&reply), "{at:?}");
            assert_eq!(again.trace, reply.trace, "{at:?}");
            let known = again.usage.kept_tokens + reply.usage.prompt_tokens - 1;
            let cached = again.usage.cached_tokens;
            assert!(cached >= known / 64 * 64, "{at:?}: {cached} of {known}");
            assert_eq!(other.messages().len(), 2);
            assert_eq!(other.messages()[1].content, reply.content());
        }
    }
}

#[test]
fn a_reply_that_was_cut_is_resumed() {
    let model = tiny();
    let whole = asked(model.session().ask(QUESTION));
    for n in [1, 2, 60, whole.tokens.len() - 2] {
        let mut session = model.session();
        let ask = session.ask(QUESTION).temperature(0.8).seed(5).logprobs(0);
        let cut = ask.max_tokens(n).run().unwrap();
        assert_eq!(cut.stop(), StopReason::Length);
        assert_eq!(
            bits(&asked(session.resume(&cut).unwrap())),
            bits(&whole),
            "{n}"
        );
        assert_eq!(session.messages().len(), 2);
    }
}

#[test]
fn a_session_goes_on_from_the_reply_that_it_adopts() {
    let model = tiny();
    let mut session = model.session();
    let first = asked(session.ask(QUESTION));
    let second = asked(session.ask("What is 12 + 30?"));
    assert_eq!(session.messages().len(), 4);
    assert!(session.adopt(&first));
    let next = session
        .ask("What is 2 + 2?")
        .greedy()
        .logprobs(0)
        .max_tokens(1);
    let next = next.run().unwrap();
    // The prompt is the one that a conversation with the first reply alone has.
    let mut alone = model.session();
    let again = asked(alone.ask(QUESTION));
    assert_eq!(bits(&again), bits(&first));
    let expected = alone
        .ask("What is 2 + 2?")
        .greedy()
        .logprobs(0)
        .max_tokens(1);
    assert_eq!(bits(&next), bits(&expected.run().unwrap()));
    assert_eq!(session.messages(), alone.messages());
    assert!(session.adopt(&second));
    let turns: Vec<_> = session.messages().iter().map(|m| &*m.content).collect();
    let expected = [
        QUESTION,
        first.content(),
        "What is 12 + 30?",
        second.content(),
    ];
    assert_eq!(turns, expected);

    // A reply without content is no part of the conversation, and neither is its question.
    let ask = session.fork_at(&first, At::Start).unwrap().max_tokens(3);
    let cut = ask.run().unwrap();
    assert!(!session.adopt(&cut) && session.messages().is_empty());
    let raw = session.complete("a").max_tokens(1).run().unwrap();
    assert!(session.adopt(&first) && !session.adopt(&raw));
    assert_eq!(session.messages().len(), 2);
}

#[test]
fn a_step_is_put_in_the_place_of_another_and_after_it() {
    let model = tiny();
    let mut session = model.session();
    let reply = asked(session.ask(QUESTION));
    let steps = &reply.trace.steps;
    for step in 0..steps.len() {
        let text = "Let me add 12 and 30: 12 + 30 = 42.";
        let edited = asked(session.edit(&reply, step, text).unwrap());
        assert_eq!(edited.trace.steps[..step], steps[..step], "{}", edited.text);
        let place = steps[step].bytes.start;
        let reasoning = edited.reasoning().unwrap();
        assert_eq!(reasoning[..place], reply.reasoning().unwrap()[..place]);
        assert!(reasoning[place..].starts_with(text), "{step}: {reasoning}");
        // A reasoning that was cut is no part of the conversation.
        if edited.trace.closed {
            assert_eq!(session.messages()[1].content, edited.content());
        }

        let text = "Wait, is that so?";
        let challenged = asked(session.insert(&reply, step, text).unwrap());
        let end = steps[step].bytes.end;
        let reasoning = challenged.reasoning().unwrap();
        assert_eq!(reasoning[..end], reply.reasoning().unwrap()[..end]);
        let rest = &reasoning[end..];
        assert!(rest.starts_with(&format!("\n\n{text}")), "{step}: {rest:?}");
    }
}

#[test]
fn places_that_are_not_there_are_refused() {
    let model = tiny();
    let mut session = model.session();
    let reply = session.ask(QUESTION).greedy().max_tokens(9).run().unwrap();
    let n = reply.trace.steps.len();
    let message = |e: EngineError| e.to_string();
    let step = session.edit(&reply, n, "a").err().map(message).unwrap();
    assert_eq!(
        step,
        format!("no step {n}: the reply has {n}, counted from 0")
    );
    let token = session
        .fork_at(&reply, At::Token(10))
        .err()
        .map(message)
        .unwrap();
    assert_eq!(
        token,
        "no place before token 10: the reply has 9, counted from 0"
    );
}
