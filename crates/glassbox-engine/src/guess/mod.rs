//! Guesses of the next tokens, which are computed in one batch and kept as far as they are right.
//! What is written never depends on them.

mod draft;
mod lookup;
mod pace;

use crate::Engine;
use crate::reply::{Origin, Rules};
use draft::Draft;
use lookup::Lookup;
use pace::Pace;
use std::time::Duration;

/// Who guesses.
#[derive(Clone, Debug, Default)]
pub(crate) enum Guess {
    /// Nobody.
    #[default]
    Nothing,
    /// The text itself.
    Lookup,
    /// Another model.
    Draft(Engine),
}

/// Guesses while a reply is written.
pub(crate) struct Guesser {
    source: Source,
    pace: Pace,
}

enum Source {
    Nothing,
    Lookup(Lookup),
    Draft(Box<Draft>),
}

impl Guesser {
    pub(crate) fn new(guess: &Guess, origin: &Origin, rules: &Rules) -> Self {
        Guesser {
            source: match guess {
                Guess::Nothing => Source::Nothing,
                Guess::Lookup => Source::Lookup(Lookup::default()),
                Guess::Draft(engine) => match Draft::new(engine, origin, rules) {
                    Ok(draft) => Source::Draft(Box::new(draft)),
                    Err(error) => {
                        tracing::warn!("the draft model does not guess: {error}");
                        Source::Nothing
                    }
                },
            },
            pace: Pace::default(),
        }
    }

    /// At most `most` tokens that may follow `ids`.
    pub(crate) fn draft(&mut self, ids: &[u32], most: usize) -> Vec<u32> {
        let most = self.pace.length().min(most);
        match &mut self.source {
            Source::Nothing => Vec::new(),
            Source::Lookup(lookup) => lookup.draft(ids, most),
            // The first step tells what a token costs without.
            Source::Draft(_) if !self.pace.is_set() => Vec::new(),
            Source::Draft(draft) => draft.draft(ids, most).unwrap_or_else(|error| {
                tracing::warn!("the draft model does not guess any more: {error}");
                self.source = Source::Nothing;
                Vec::new()
            }),
        }
    }

    /// Tells how a step went: the tokens drafted, those written, and the time.
    pub(crate) fn learn(&mut self, drafted: usize, written: usize, took: Duration) {
        self.pace.learn(drafted, written, took);
    }

    /// A loop was taken back: what was learnt of the text is no longer in it.
    pub(crate) fn forget(&mut self) {
        if let Source::Lookup(lookup) = &mut self.source {
            *lookup = Lookup::default();
        }
    }
}
