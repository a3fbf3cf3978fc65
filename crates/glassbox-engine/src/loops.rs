use glassbox_trace::{Loop, LoopWatch, Step};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What is done when a reasoning says the same again and again.
///
/// A loop is what the checker [`Loop`] takes for one, and is noticed when the step that makes it one
/// is complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnLoop {
    /// Nothing: the checker reports it when the reply is finished.
    #[default]
    Report,
    /// The reasoning is closed as at the end of its budget, so that an answer follows.
    Close,
    /// The first repetition and what follows it are taken back, and the model goes on another way:
    /// with any token but the one that began it. This many times, after which the reasoning is
    /// closed.
    Chop(usize),
}

/// Watches the steps of a reply.
pub(crate) struct Loops {
    policy: OnLoop,
    watch: LoopWatch,
    /// The first token of the first repetition of each step that was repeated.
    again: HashMap<usize, usize>,
    chopped: usize,
    /// Tokens that began a loop, by the number of tokens before them.
    banned: Vec<(usize, u32)>,
}

/// What is to be done about a loop.
pub(crate) enum Cure {
    Close,
    /// Everything from this token on is taken back.
    Chop(usize),
}

impl Loops {
    pub(crate) fn new(policy: OnLoop) -> Self {
        Loops {
            policy,
            watch: LoopWatch::new(Loop::default()),
            again: HashMap::new(),
            chopped: 0,
            banned: Vec::new(),
        }
    }

    /// Reads a step.
    pub(crate) fn push(&mut self, step: &Step) -> Option<Cure> {
        if self.policy == OnLoop::Report {
            return None;
        }
        let repeat = self.watch.push(&step.text)?;
        let begins = step.tokens.map_or(0, |tokens| tokens.start);
        let first = *self.again.entry(repeat.of).or_insert(begins);
        if !repeat.is_loop {
            return None;
        }
        Some(match self.policy {
            OnLoop::Chop(times) if self.chopped < times => Cure::Chop(first),
            _ => Cure::Close,
        })
    }

    /// Begins anew, and forbids the token that comes `at` so many.
    pub(crate) fn chop(&mut self, at: usize, id: u32) {
        self.watch = LoopWatch::new(Loop::default());
        self.again.clear();
        self.chopped += 1;
        self.banned.push((at, id));
    }

    /// How often something was taken back.
    pub(crate) fn chopped(&self) -> usize {
        self.chopped
    }

    /// Whether anything is forbidden after so many tokens.
    pub(crate) fn forbids(&self, at: usize) -> bool {
        self.banned.iter().any(|(place, _)| *place == at)
    }

    /// Whether a token may come after so many.
    pub(crate) fn allows(&self, at: usize, id: u32) -> bool {
        !self.banned.contains(&(at, id))
    }
}
