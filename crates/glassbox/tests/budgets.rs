//! Budgets of thinking and answer, on the embedded model.

mod support;

use glassbox::sampling::{Candidates, Chain, Context, Step};
use glassbox::{Ask, Budget, EngineError, Model, Reply, SamplingParams, Session, StopReason};
use std::error::Error;

const QUESTION: &str = "What is 47 * 36?";

fn ask(session: &mut Session) -> Ask<'_> {
    session.ask(QUESTION).greedy()
}

fn whole(model: &Model) -> Reply {
    ask(&mut model.session()).run().unwrap()
}

#[test]
fn a_reasoning_is_closed_at_a_sentence_and_answered() {
    let model = Model::tiny().unwrap();
    let whole = whole(&model);
    assert!(!whole.usage.thinking_cut);
    let n = whole.usage.thinking_tokens;
    for most in [1, 5, 20, 40, n - 2] {
        for closing in ["", "I have to answer now."] {
            let mut budget = Budget::default();
            budget.max_thinking = most;
            budget.closing = closing.to_owned();
            let reply = ask(&mut model.session()).budget(budget).run().unwrap();
            let thought = reply.reasoning().unwrap();
            let own = thought
                .strip_suffix(closing)
                .unwrap_or_else(|| panic!("{thought}"));
            assert!(
                whole.text.trim_start().starts_with(own.trim()),
                "{most}: {thought}"
            );
            assert!(reply.usage.thinking_cut && reply.trace.closed);
            let kept = model.encode(own.trim_end()).unwrap().len();
            assert!(kept <= most, "{kept} of {most}: {thought}");
            // An answer follows; it need not be right.
            assert!(!reply.content().is_empty(), "{}", reply.text);
        }
    }
    // With a wide margin the last whole sentence is the end.
    let mut budget = Budget::default();
    budget.max_thinking = n - 2;
    budget.margin = Some(n);
    let reply = ask(&mut model.session()).budget(budget).run().unwrap();
    let thought = reply.reasoning().unwrap();
    assert!(thought.ends_with(['.', '?', '!']), "{thought}");
    let rest = &whole.text.trim_start()[thought.len()..];
    assert!(rest.starts_with(char::is_whitespace), "{rest:?}");
}

#[test]
fn a_reasoning_that_is_too_short_goes_on() {
    let model = Model::tiny().unwrap();
    let whole = whole(&model);
    let n = whole.usage.thinking_tokens;
    let reply = ask(&mut model.session())
        .min_thinking(n + 20)
        .run()
        .unwrap();
    assert!(reply.usage.waits >= 1);
    assert!(reply.usage.thinking_tokens >= n + 20, "{}", reply.text);
    let thought = whole.reasoning().unwrap();
    let more = reply.text.trim_start().strip_prefix(thought).unwrap();
    assert!(more.trim_start().starts_with("Wait"), "{more}");
    let enough = ask(&mut model.session()).min_thinking(n - 1).run().unwrap();
    assert_eq!((enough.usage.waits, enough.text), (0, whole.text));
}

#[test]
fn an_answer_has_a_limit_of_its_own() {
    let model = Model::tiny().unwrap();
    let whole = whole(&model);
    let reply = ask(&mut model.session()).max_answer(3).run().unwrap();
    assert_eq!(
        (reply.stop(), reply.usage.answer_tokens),
        (StopReason::Length, 3)
    );
    assert_eq!(reply.reasoning(), whole.reasoning());
    assert!(whole.content().starts_with(reply.content()));
}

#[test]
fn budgets_that_make_no_sense_are_refused() {
    let model = Model::tiny().unwrap();
    let mut session = model.session();
    let message = |e: EngineError| e.to_string();
    let zero = ask(&mut session).max_thinking(0).run().map_err(message);
    assert!(
        zero.unwrap_err()
            .starts_with("max_thinking = 0, expected at least 1")
    );
    let none = ask(&mut session).max_answer(0).run().map_err(message);
    assert!(
        none.unwrap_err()
            .starts_with("max_answer = 0, expected 1 to")
    );
    let crossed = ask(&mut session)
        .max_thinking(5)
        .min_thinking(6)
        .run()
        .map_err(message);
    assert_eq!(
        crossed.unwrap_err(),
        "min_thinking = 6, expected at most max_thinking"
    );
}

/// Makes the model stop at one place.
struct StopAt(u64, u32);

impl Step for StopAt {
    fn name(&self) -> &str {
        "stop_at"
    }

    fn apply(
        &self,
        candidates: &mut Candidates,
        context: &Context<'_>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        if context.pos == self.0 {
            candidates.retain(|candidate| candidate.id == self.1);
        }
        Ok(())
    }
}

#[test]
fn a_model_that_stops_inside_its_reasoning_still_answers() {
    let model = Model::tiny().unwrap();
    let stop = model.engine().tokenizer().unwrap().roles().stops[0];
    let mut session = model.session();
    let n_prompt = session.ask(QUESTION).max_tokens(1).run().unwrap();
    let at = n_prompt.usage.prompt_tokens as u64 + 25;
    let params = SamplingParams::greedy();
    let mut chain = Chain::from_params(&params);
    chain
        .insert_before("temperature", StopAt(at, stop))
        .unwrap();
    let ask = session.ask(QUESTION).sampling(params).chain(chain);
    let reply = ask.max_answer(40).run().unwrap();
    assert!(
        reply.trace.closed && reply.usage.thinking_cut,
        "{}",
        reply.text
    );
    assert!(!reply.content().is_empty(), "{}", reply.text);
    let whole = whole(&model);
    assert_eq!(reply.tokens[..25], whole.tokens[..25]);
}
