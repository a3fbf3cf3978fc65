//! Votes of the embedded model.

mod support;

use glassbox::{EngineError, Model, SamplingParams, StopReason, Thinking, Weight};
use support::bits;

const QUESTION: &str = "What is 47 * 36?";

fn params() -> SamplingParams {
    SamplingParams {
        temperature: 0.8,
        seed: 11,
        logprobs: Some(0),
        ..SamplingParams::default()
    }
}

#[test]
fn every_branch_is_the_reply_of_its_seed_and_the_majority_wins() {
    let model = Model::options().cache(8192).open_tiny().unwrap();
    let mut session = model.session();
    let poll = session
        .ask_many(QUESTION, 4)
        .sampling(params())
        .run()
        .unwrap();
    assert_eq!(
        (poll.replies.len(), poll.stopped_early, poll.tokens_saved),
        (4, false, 0)
    );
    let mut tokens = 0;
    for (i, reply) in poll.replies.iter().enumerate() {
        let mut alone = params();
        alone.seed += i as u64;
        let mut session = model.session();
        let alone = session.ask(QUESTION).sampling(alone).run().unwrap();
        assert_eq!(bits(reply), bits(&alone), "{i}");
        tokens += reply.tokens.len();
    }
    assert_eq!(poll.tokens, tokens);
    let votes: usize = poll.choices.iter().map(|choice| choice.replies.len()).sum();
    let answered = poll.replies.iter().filter(|r| r.answer().is_some()).count();
    assert_eq!(votes, answered);
    assert!(poll.choices.is_sorted_by(|a, b| a.weight >= b.weight));
    let winner = poll.reply().unwrap();
    assert_eq!(session.messages()[1].content, winner.content());
    assert_eq!(winner.answer(), poll.answer());
    // All pages but those that the session holds came back.
    drop(session);
    assert_eq!(model.engine().free_pages(), 128);
}

#[test]
fn a_safe_lead_stops_the_others() {
    let model = Model::options().cache(8192).open_tiny().unwrap();
    let mut session = model.session();
    let vote = session.ask_many("What is 2 + 2?", 12).sampling(params());
    let poll = vote
        .at_once(4)
        .stop_early(0.2)
        .weight(Weight::Confidence)
        .run()
        .unwrap();
    assert!(poll.stopped_early, "{:?}", poll.choices);
    assert_eq!(poll.n, 12);
    let heard = |r: &&glassbox::Reply| r.stop() == StopReason::Stopped;
    let heard = poll.replies.iter().filter(heard).count();
    // Two that agree leave a chance of 1/8 that the other side is as frequent.
    assert!((2..12).contains(&heard), "{heard}");
    assert!(
        poll.choices
            .iter()
            .all(|c| c.weight <= c.replies.len() as f64)
    );
    assert!(poll.tokens_saved > 0);
}

#[test]
fn branches_answer_without_thinking_where_that_is_off() {
    let model = Model::options().cache(8192).open_tiny().unwrap();
    let mut session = model.session();
    let vote = session.ask_many(QUESTION, 2).sampling(params());
    let poll = vote.thinking(Thinking::Off).max_tokens(9).run().unwrap();
    assert!(poll.replies.iter().all(|reply| reply.reasoning().is_none()));
}

#[test]
fn votes_that_make_no_sense_are_refused() {
    let model = Model::tiny().unwrap();
    let mut session = model.session();
    let message = |e: EngineError| e.to_string();
    let none = session.ask_many(QUESTION, 0).run().map_err(message);
    assert_eq!(none.unwrap_err(), "n = 0, expected 1 to 65,536");
    let sure = session
        .ask_many(QUESTION, 2)
        .stop_early(0.0)
        .run()
        .map_err(message);
    assert!(
        sure.unwrap_err()
            .starts_with("an error bound of 0, expected")
    );
}
