//! Reasoning that says the same again and again.

use crate::ngrams::{Grams, Index};
use crate::{Checker, Checks, Finding, Place, Severity, Step, Trace};
use serde::Serialize;

/// Finds steps that say again what an earlier step said, in the same words or nearly.
///
/// Two steps say the same when they share at least [`share`](Self::share) of their distinct
/// three-word sequences, in which numbers and operators are words: a computation that goes on with
/// other numbers is no loop. Saying something twice is no loop either, since a model may check. It
/// is one from the [`times`](Self::times)th time on, if the repetitions have at least
/// [`words`](Self::words) words in all, so that `Wait.` may come more often than a paragraph. A
/// single step loops when hardly any of its three-word sequences are new.
///
/// Steps in a row that repeat are one finding, which starts at the first repetition: the place to
/// cut. It is an [error](Severity::Error) when the output was still in the loop at its end and was
/// cut off there, and a [warning](Severity::Warning) otherwise.
///
/// The work is proportional to the reasoning. [`LoopWatch`] does the same while a model writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loop {
    /// How many of the three-word sequences two steps must share, from 0 to 1.
    pub share: f64,
    /// How often something must be said.
    pub times: usize,
    /// How many words must have been said again.
    pub words: usize,
}

impl Default for Loop {
    /// 0.7, 3 times, 24 words.
    fn default() -> Self {
        Self {
            share: 0.7,
            times: 3,
            words: 24,
        }
    }
}

/// A step that was said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Repeat {
    /// The index of the first step that said it.
    pub of: usize,
    /// How often it has been said by now.
    pub times: usize,
    /// In the same words as an earlier one.
    pub verbatim: bool,
    /// Often enough to be a loop.
    pub is_loop: bool,
}

/// Reads steps as they come and says which of them repeat.
///
/// ```
/// use glassbox_trace::{Loop, LoopWatch};
/// let mut watch = LoopWatch::new(Loop::default());
/// let step = "Let me count the letters of the word once more, from the left.";
/// assert_eq!(watch.push(step), None);
/// assert!(!watch.push(step).unwrap().is_loop);
/// assert!(watch.push(step).unwrap().is_loop);
/// ```
#[derive(Clone, Debug)]
pub struct LoopWatch {
    options: Loop,
    index: Index,
    /// For each step, its group in `groups`.
    steps: Vec<usize>,
    groups: Vec<Group>,
}

/// Steps that say the same.
#[derive(Clone, Copy, Debug)]
struct Group {
    first: usize,
    times: usize,
    words_again: usize,
}

impl LoopWatch {
    /// Before the first step.
    pub fn new(options: Loop) -> Self {
        Self {
            options,
            index: Index::default(),
            steps: Vec::new(),
            groups: Vec::new(),
        }
    }

    /// Reads the next step.
    pub fn push(&mut self, text: &str) -> Option<Repeat> {
        /// A step with fewer distinct sequences in a hundred says one thing over and over.
        const FEW: usize = 30;
        let Loop {
            share,
            times,
            words,
        } = self.options;
        let at = self.steps.len();
        let grams = Grams::of(text);
        let found = self.index.find(&grams, share);
        self.index.add(&grams);
        if let Some(found) = found.filter(|_| grams.n_words > 0) {
            let id = self.steps[found.of];
            self.steps.push(id);
            let group = &mut self.groups[id];
            group.times += 1;
            group.words_again += grams.n_words;
            return Some(Repeat {
                of: group.first,
                times: group.times,
                verbatim: found.verbatim,
                is_loop: group.times >= times && group.words_again >= words,
            });
        }
        self.steps.push(self.groups.len());
        self.groups.push(Group {
            first: at,
            times: 1,
            words_again: 0,
        });
        let inner = grams.n_grams / grams.n_distinct().max(1);
        let few = grams.n_distinct() * 100 < grams.n_grams * FEW;
        let repeats = few && inner >= times && grams.n_words >= 2 * words;
        repeats.then_some(Repeat {
            of: at,
            times: inner,
            verbatim: true,
            is_loop: true,
        })
    }
}

impl Checker for Loop {
    fn name(&self) -> &str {
        "loop"
    }

    fn check(&self, trace: &Trace) -> Checks {
        let mut watch = LoopWatch::new(*self);
        let repeats: Vec<_> = trace.steps.iter().map(|s| watch.push(&s.text)).collect();
        let mut loops = vec![false; repeats.len()];
        for repeat in repeats.iter().flatten().filter(|repeat| repeat.is_loop) {
            loops[repeat.of] = true;
        }
        // What turned out to be a loop was one from its first repetition on.
        let in_loop = |repeat: &Option<Repeat>| repeat.filter(|repeat| loops[repeat.of]);
        let mut findings = Vec::new();
        let mut start = 0;
        while start < repeats.len() {
            let run = repeats[start..].iter().map_while(in_loop);
            let run: Vec<Repeat> = run.collect();
            if let Some((first, steps)) = run.first().zip(trace.steps.get(start..start + run.len()))
            {
                findings.push(finding(self.name(), trace, first, &run, steps));
            }
            start += run.len().max(1);
        }
        Checks {
            n_checked: trace.steps.len(),
            findings,
        }
    }
}

fn finding(name: &str, trace: &Trace, first: &Repeat, run: &[Repeat], steps: &[Step]) -> Finding {
    let (from, to) = (&steps[0], &steps[steps.len() - 1]);
    let place = Place::step(from, 0..to.bytes.end.saturating_sub(from.bytes.start));
    let times = run.iter().map(|repeat| repeat.times).max().unwrap_or(0);
    let verbatim = run.iter().all(|repeat| repeat.verbatim);
    let how = if verbatim {
        "verbatim"
    } else {
        "in other words"
    };
    let message = match (first.of == from.index, steps.len()) {
        (true, _) => format!("this step repeats itself about {times} times"),
        (_, 1) => format!(
            "repeats step {} {how}, which makes {times} times by now",
            first.of + 1
        ),
        (_, n) if run.iter().all(|repeat| repeat.of == first.of) => format!(
            "{n} steps repeat step {} {how}, up to {times} times",
            first.of + 1
        ),
        (_, n) => format!(
            "{n} steps repeat step {} and those after it {how}, up to {times} times",
            first.of + 1
        ),
    };
    let at_the_end = to.index + 1 == trace.steps.len() && !trace.closed;
    let severity = match at_the_end {
        true => Severity::Error,
        false => Severity::Warning,
    };
    Finding::new(name, severity, place, message)
}
