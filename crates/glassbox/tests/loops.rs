//! What is done about a reasoning that says the same again and again.

mod support;

use glassbox::sampling::{Candidates, Chain, Context, Step};
use glassbox::text::Special;
use glassbox::trace::{Checker, Loop};
use glassbox::{Ask, Event, Group, Model, OnLoop, Reply, SamplingParams};
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use support::bits;

const QUESTION: &str = "What is 12 + 30?";
const AGAIN: &str = "Let me count the letters of this word once more, slowly, and from the left side to \
                     the right side, until I am sure.\n\n";

/// Makes the model say the same over and over, until one of the tokens is taken from it.
#[derive(Debug)]
struct Script {
    from: u64,
    ids: Vec<u32>,
    off: AtomicBool,
}

impl Step for Script {
    fn name(&self) -> &str {
        "script"
    }

    fn apply(
        &self,
        candidates: &mut Candidates,
        context: &Context<'_>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let at = (context.pos - self.from) as usize;
        let id = self.ids[at % self.ids.len()];
        if candidates.position(id).is_none() {
            self.off.store(true, Ordering::Relaxed);
        }
        if !self.off.load(Ordering::Relaxed) {
            candidates.retain(|candidate| candidate.id == id);
        }
        Ok(())
    }
}

fn ask<'s>(ask: Ask<'s>, model: &Model, policy: OnLoop) -> Ask<'s> {
    let tokenizer = model.engine().tokenizer().unwrap();
    let params = SamplingParams::greedy();
    let script = Script {
        from: prompt_tokens(model),
        ids: tokenizer.encode(AGAIN, Special::AsText).unwrap(),
        off: AtomicBool::new(false),
    };
    let mut chain = Chain::from_params(&params);
    chain.insert_before("temperature", script).unwrap();
    let ask = ask.sampling(params).chain(chain).on_loop(policy);
    ask.max_tokens(700).logprobs(0)
}

fn prompt_tokens(model: &Model) -> u64 {
    let mut session = model.session();
    let reply = session.ask(QUESTION).max_tokens(1).run().unwrap();
    reply.usage.prompt_tokens as u64
}

fn model() -> Model {
    let options = Model::options().threads(2).context(1024).cache(8192);
    options.open_tiny().unwrap()
}

fn loops(reply: &Reply) -> usize {
    Loop::default().check(&reply.trace).findings.len()
}

#[test]
fn a_loop_is_reported() {
    let model = model();
    let reply = ask(model.session().into_ask(QUESTION), &model, OnLoop::Report);
    let reply = reply.run().unwrap();
    assert!(reply.text.starts_with(&AGAIN.repeat(4)), "{}", reply.text);
    assert!(!reply.trace.closed && loops(&reply) == 1);
}

#[test]
fn a_loop_is_closed_so_that_an_answer_follows() {
    let model = model();
    let reply = ask(model.session().into_ask(QUESTION), &model, OnLoop::Close);
    let reply = reply.run().unwrap();
    assert!(
        reply.trace.closed && reply.usage.thinking_cut,
        "{}",
        reply.text
    );
    // The step that makes it a loop is complete when the next begins.
    let times = reply.reasoning().unwrap().matches(AGAIN.trim()).count();
    assert!((3..=4).contains(&times), "{}", reply.text);
    assert_eq!(reply.usage.chopped, 0);
}

#[test]
fn a_loop_is_taken_back_and_the_model_goes_on_another_way() {
    let model = model();
    let mut session = model.session();
    let question = ask(session.ask(QUESTION), &model, OnLoop::Chop(2));
    let mut stream = question.stream().unwrap();
    let (mut reasoning, mut steps, mut chopped) = (String::new(), 0, 0);
    for event in &mut stream {
        match event.unwrap() {
            Event::Thinking(text) => reasoning += &text,
            Event::Step(step) => {
                assert_eq!(step.index, steps);
                steps += 1;
            }
            Event::Chopped {
                reasoning: stays,
                steps: stay,
            } => {
                assert!(stays < reasoning.len() && stay < steps);
                reasoning.truncate(stays);
                (steps, chopped) = (stay, chopped + 1);
            }
            _ => {}
        }
    }
    let reply = stream.finish().unwrap();
    assert_eq!((chopped, reply.usage.chopped), (1, 1), "{}", reply.text);
    assert_eq!(Some(&*reasoning), reply.reasoning());
    assert_eq!(steps, reply.trace.steps.len());
    assert!(!reply.usage.thinking_cut && loops(&reply) == 0);
    // It is said once, and what comes after it is the model's own.
    assert_eq!(
        reply.text.matches(AGAIN.trim()).count(),
        1,
        "{}",
        reply.text
    );
    assert!(
        reply.text.starts_with(AGAIN) && reply.trace.closed,
        "{}",
        reply.text
    );
    let written = reply.usage.thinking_tokens + reply.usage.answer_tokens;
    assert_eq!(written, reply.tokens.len());

    // In a batch, with guesses, and gone on from, it is the same.
    let mut group = Group::new(model.engine());
    for _ in 0..2 {
        let ask = ask(model.session().into_ask(QUESTION), &model, OnLoop::Chop(2));
        group.push(ask.stream().unwrap());
    }
    for again in group.run() {
        assert_eq!(bits(&again.unwrap()), bits(&reply));
    }
    let guessed = ask(model.session().into_ask(QUESTION), &model, OnLoop::Chop(2));
    assert_eq!(bits(&guessed.speculate(true).run().unwrap()), bits(&reply));
}

#[test]
fn when_nothing_helps_it_is_closed() {
    let model = model();
    let reply = ask(model.session().into_ask(QUESTION), &model, OnLoop::Chop(0));
    let reply = reply.run().unwrap();
    assert!(reply.usage.thinking_cut && reply.usage.chopped == 0);
    // What somebody put in is not taken back.
    let mut session = model.session();
    let looped = ask(session.ask(QUESTION), &model, OnLoop::Report)
        .run()
        .unwrap();
    let ask = session.fork_at(&looped, glassbox::At::Token(500)).unwrap();
    let closed = ask.greedy().on_loop(OnLoop::Chop(3)).run().unwrap();
    assert!(closed.usage.thinking_cut && closed.usage.chopped == 0);
    assert_eq!(closed.tokens[..500], looped.tokens[..500]);
}
