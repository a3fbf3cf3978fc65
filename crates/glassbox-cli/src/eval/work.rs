//! Copies of a model that work through a queue of problems.

use super::{Outcome, Problem};
use crate::json::Params;
use glassbox::text::TextError;
use glassbox::{Cancel, EngineError, Model, Session, StopReason};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Asks every problem of some of the `models`, each on a thread of its own; `each` hears of every
/// outcome as it comes. The outcomes are in the order of the problems, and `None` for those that
/// `cancel` came before.
///
/// # Errors
/// The first failure of a model, which ends the work of all.
pub(crate) fn work(
    problems: &[Problem],
    models: &[Model],
    params: &Params,
    cancel: &Cancel,
    mut each: impl FnMut(&Outcome),
) -> Result<Vec<Option<Outcome>>, EngineError> {
    let next = AtomicUsize::new(0);
    let mut outcomes: Vec<Option<Outcome>> = problems.iter().map(|_| None).collect();
    let mut failure = None;
    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for model in models {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                let mut session = model.session();
                while !cancel.is_cancelled() {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(problem) = problems.get(index) else {
                        break;
                    };
                    let outcome = one(&mut session, problem, params, cancel);
                    // The receiver waits until every sender is gone.
                    let _ = sender.send((index, outcome));
                }
            });
        }
        drop(sender);
        for (index, outcome) in receiver {
            match outcome {
                Ok(outcome) => {
                    outcome.iter().for_each(&mut each);
                    outcomes[index] = outcome;
                }
                Err(error) => {
                    cancel.cancel();
                    failure.get_or_insert(error);
                }
            }
        }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(outcomes),
    }
}

/// Asks one problem; `None` when it was cancelled.
fn one(
    session: &mut Session,
    problem: &Problem,
    params: &Params,
    cancel: &Cancel,
) -> Result<Option<Outcome>, EngineError> {
    // Of the problem before only what both prompts begin with stays, in the cache.
    session.clear();
    let ask = params.apply(session.ask(problem.question.as_str()));
    match ask.cancel(cancel).run() {
        Ok(reply) if reply.stop() == StopReason::Cancelled => Ok(None),
        Ok(reply) => Ok(Some(Outcome::of(problem, &reply))),
        Err(EngineError::Text(TextError::PromptTooLong { .. })) => Ok(Some(Outcome::too_long())),
        Err(error) => Err(error),
    }
}
