//! What two traces have in common, step by step.

use crate::ngrams::{Grams, Index};
use crate::{Step, Trace, same_answer};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What became of a step from one trace to another; steps are named by their index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Change {
    /// It has the same text.
    Same {
        /// In the first trace.
        old: usize,
        /// In the second one.
        new: usize,
    },
    /// It says nearly the same.
    Changed {
        /// In the first trace.
        old: usize,
        /// In the second one.
        new: usize,
    },
    /// Only the first trace has it.
    Removed {
        /// In the first trace.
        old: usize,
    },
    /// Only the second trace has it.
    Added {
        /// In the second trace.
        new: usize,
    },
}

/// The difference of two traces.
///
/// In JSON: `{"changes": [{"change": "same", "old": 0, "new": 0}, …], "same_answer": false}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TraceDiff {
    /// Every step of both traces once, each trace's in its order.
    pub changes: Vec<Change>,
    /// Whether the answers are the same, as [`same_answer`] has it; two missing ones are.
    pub same_answer: bool,
}

impl TraceDiff {
    /// How many steps at the start are the same: the trunk of two branches.
    pub fn n_common(&self) -> usize {
        let same = |change: &&Change| matches!(change, Change::Same { .. });
        self.changes.iter().take_while(same).count()
    }
}

impl Trace {
    /// What another trace, such as a branch of this one, has in common with it.
    ///
    /// Equal steps are paired first: those at the start and at the end, and in between the longest
    /// sequence that is in the order of both. Among the others, a step and one that shares at least
    /// a third of its three-word sequences are one step that changed, if the order of all pairs
    /// allows it. The work is nearly proportional to the texts.
    ///
    /// ```
    /// use glassbox_trace::{Change, ParserOptions, Trace};
    /// let read = |text| Trace::parse(text, ParserOptions::primed());
    /// let old = read("Add 3 and 4.\n\nThe sum of both numbers is 8 then.</think>\\boxed{8}");
    /// let new = read("Add 3 and 4.\n\nThe sum of both numbers is 7 then.\n\nGood.</think>\\boxed{7}");
    /// let diff = old.diff(&new);
    /// let changed = Change::Changed { old: 1, new: 1 };
    /// assert_eq!(diff.changes, [Change::Same { old: 0, new: 0 }, changed, Change::Added { new: 2 }]);
    /// assert!(!diff.same_answer);
    /// ```
    pub fn diff(&self, new: &Trace) -> TraceDiff {
        let pairs = same_pairs(&self.steps, &new.steps);
        let mut changes = Vec::new();
        let (mut old_at, mut new_at) = (0, 0);
        let end = (self.steps.len(), new.steps.len());
        for (old_same, new_same) in pairs.into_iter().chain([end]) {
            between(
                &self.steps[old_at..old_same],
                &new.steps[new_at..new_same],
                &mut changes,
            );
            if (old_same, new_same) != end {
                changes.push(Change::Same {
                    old: old_same,
                    new: new_same,
                });
            }
            (old_at, new_at) = (old_same + 1, new_same + 1);
        }
        let same_answer = match (&self.answer, &new.answer) {
            (Some(old), Some(new)) => same_answer(old, new),
            (old, new) => old == new,
        };
        TraceDiff {
            changes,
            same_answer,
        }
    }
}

/// The positions of equal steps, in the order of both.
fn same_pairs(old: &[Step], new: &[Step]) -> Vec<(usize, usize)> {
    let same = |(old, new): &(&Step, &Step)| old.text == new.text;
    let head = old.iter().zip(new).take_while(same).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let ends = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = ends.take_while(same).count();
    let (old_end, new_end) = (old.len() - tail, new.len() - tail);

    // The first of several equal steps is paired with the first, the second with the second.
    let mut places: HashMap<(&str, usize), usize> = HashMap::new();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (at, step) in old[head..old_end].iter().enumerate() {
        let nth = seen.entry(&step.text).or_default();
        places.insert((&step.text, *nth), head + at);
        *nth += 1;
    }
    seen.clear();
    let mut pairs = Vec::new();
    for (at, step) in new[head..new_end].iter().enumerate() {
        let nth = seen.entry(&step.text).or_default();
        let place = places.get(&(step.text.as_str(), *nth));
        pairs.extend(place.map(|&old| (old, head + at)));
        *nth += 1;
    }
    let head = (0..head).map(|at| (at, at));
    let tail = (0..tail).map(|at| (old_end + at, new_end + at));
    head.chain(in_order(&pairs)).chain(tail).collect()
}

/// What lies between two pairs of equal steps.
fn between(old: &[Step], new: &[Step], changes: &mut Vec<Change>) {
    /// Of the three-word sequences that two steps must share to be one that changed.
    const SHARE: f64 = 1.0 / 3.0;
    let mut pairs = Vec::new();
    if !old.is_empty() && !new.is_empty() {
        let mut index = Index::default();
        old.iter()
            .for_each(|step| index.add(&Grams::of(&step.text)));
        for (at, step) in new.iter().enumerate() {
            let found = index.find(&Grams::of(&step.text), SHARE);
            pairs.extend(found.map(|found| (found.of, at)));
        }
    }
    let (mut old_at, mut new_at) = (0, 0);
    let removed = |steps: &[Step]| -> Vec<Change> {
        let removed = |step: &Step| Change::Removed { old: step.index };
        steps.iter().map(removed).collect()
    };
    let added = |steps: &[Step]| -> Vec<Change> {
        let added = |step: &Step| Change::Added { new: step.index };
        steps.iter().map(added).collect()
    };
    for (old_pair, new_pair) in in_order(&pairs) {
        changes.extend(removed(&old[old_at..old_pair]));
        changes.extend(added(&new[new_at..new_pair]));
        // A step that occurs more than once may have been paired out of order.
        let is_same = old[old_pair].text == new[new_pair].text;
        let (old, new) = (old[old_pair].index, new[new_pair].index);
        changes.push(match is_same {
            true => Change::Same { old, new },
            false => Change::Changed { old, new },
        });
        (old_at, new_at) = (old_pair + 1, new_pair + 1);
    }
    changes.extend(removed(&old[old_at..]));
    changes.extend(added(&new[new_at..]));
}

/// The longest part of the pairs, whose second numbers increase, in which the first ones do too.
fn in_order(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // Of the increasing sequences of each length, the one with the lowest last number.
    let mut lasts: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::new();
    for (at, &(old, _)) in pairs.iter().enumerate() {
        let len = lasts.partition_point(|&last| pairs[last].0 < old);
        before.push(len.checked_sub(1).map(|shorter| lasts[shorter]));
        match lasts.get_mut(len) {
            Some(last) => *last = at,
            None => lasts.push(at),
        }
    }
    let mut sequence = Vec::new();
    let mut at = lasts.last().copied();
    while let Some(pair) = at {
        sequence.push(pairs[pair]);
        at = before[pair];
    }
    sequence.reverse();
    sequence
}
