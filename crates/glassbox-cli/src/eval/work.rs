//! Copies of a model that work through a queue of problems.

use super::{Outcome, Problem};
use crate::json::Params;
use glassbox::text::TextError;
use glassbox::{Cancel, EngineError, Event, Group, Model, Reply, StopReason, Stream};
use std::iter;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Replies that a model writes at once.
const AT_ONCE: usize = 16;

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
                let problems = iter::from_fn(|| {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    Some((index, problems.get(index)?))
                });
                ask(problems, model, params, cancel, |index, outcome| {
                    // The receiver waits until every sender is gone.
                    let _ = sender.send((index, outcome));
                });
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

/// Asks a model problems, some at once; `told` hears what becomes of each, `None` when it was
/// cancelled.
fn ask<'a>(
    mut problems: impl Iterator<Item = (usize, &'a Problem)>,
    model: &Model,
    params: &Params,
    cancel: &Cancel,
    mut told: impl FnMut(usize, Result<Option<Outcome>, EngineError>),
) {
    let mut group = Group::new(model.engine());
    let (mut asked, mut writing) = (Vec::new(), 0);
    loop {
        while writing < AT_ONCE
            && !cancel.is_cancelled()
            && let Some((index, problem)) = problems.next()
        {
            let ask = params.apply(model.session().into_ask(problem.question.as_str()));
            match ask.cancel(cancel).stream() {
                Ok(stream) => {
                    group.push(stream);
                    asked.push((index, problem));
                    writing += 1;
                }
                Err(EngineError::Text(TextError::PromptTooLong { .. })) => {
                    told(index, Ok(Some(Outcome::too_long())));
                }
                Err(error) => told(index, Err(error)),
            }
        }
        let Some((member, event)) = group.next() else {
            return;
        };
        let (index, problem) = asked[member];
        let outcome = match event {
            Ok(Event::Done(_)) => match group.remove(member).map(Stream::finish) {
                Some(reply) => reply.map(|reply| outcome(problem, &reply)),
                None => continue,
            },
            Ok(_) => continue,
            Err(error) => Err(error),
        };
        writing -= 1;
        told(index, outcome);
    }
}

/// What a reply came to; `None` when it was cancelled.
fn outcome(problem: &Problem, reply: &Reply) -> Option<Outcome> {
    let whole = reply.stop() != StopReason::Cancelled;
    whole.then(|| Outcome::of(problem, reply))
}
