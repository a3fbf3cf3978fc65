//! The tokens that are still in the running, with their logits.

use crate::math;
use crate::select;

/// One token that may be chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The token's id.
    pub id: u32,
    /// Its logit as the steps so far have left it; always finite.
    pub logit: f32,
}

/// Candidates of which a pass first asks whether any matters.
const STRETCH: usize = 16;

/// What order the candidates stand in. There are two and no third: a sum over candidates has to be the same to the bit
/// whatever algorithm filtered them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Ascending ids, as the list starts.
    Id,
    /// The best first: descending logits, and of equal ones the lower id first.
    Rank,
}

/// The list that a chain of [`Step`](crate::Step)s works on: it starts as the whole vocabulary (without the tokens
/// whose logit is −inf) and ends as the tokens that the draw chooses from.
///
/// It keeps its memory from token to token.
#[derive(Debug)]
pub struct Candidates {
    items: Vec<Candidate>,
    order: Order,
    max: Option<f32>,
    /// Those of `items`, at the front of what a longer list has left.
    weights: Vec<f32>,
    /// The sum of `weights` while they belong to `items`.
    total: Option<f64>,
    fault: Option<Candidate>,
    keys: Vec<u64>,
    pub(crate) deviations: Vec<(u64, u64)>,
    /// A value for each token of the vocabulary, for a step's use; all zero between steps.
    pub(crate) per_id: Vec<u32>,
    pub(crate) z: Vec<u32>,
}

/// The probabilities of the candidates: softmax of their logits, as weights that are not yet divided by their sum.
#[derive(Debug, Clone, Copy)]
pub struct Softmax<'a> {
    /// The candidates, as in [`Candidates::as_slice`].
    pub candidates: &'a [Candidate],
    /// e^(logit − largest logit) of each.
    pub weights: &'a [f32],
    /// Their sum, at least 1.
    pub total: f64,
}

impl Softmax<'_> {
    /// The probability of the candidate at `index` of the list.
    ///
    /// # Panics
    /// If the list is not so long.
    pub fn probability(&self, index: usize) -> f64 {
        f64::from(self.weights[index]) / self.total
    }
}

impl Default for Candidates {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            order: Order::Id,
            max: None,
            weights: Vec::new(),
            total: None,
            fault: None,
            keys: Vec::new(),
            deviations: Vec::new(),
            per_id: Vec::new(),
            z: Vec::new(),
        }
    }
}

impl Candidates {
    /// Starts anew from a row of logits that [`math::max_and_valid`] found valid and to have this maximum.
    pub(crate) fn load(&mut self, logits: &[f32], max: f32) {
        self.items.clear();
        let all = logits.iter().enumerate().map(|(id, logit)| Candidate {
            id: id as u32,
            logit: *logit,
        });
        self.items.extend(all);
        // Without an early end, which would keep the compiler from vectorising it.
        let excluded = |any: bool, logit: &f32| any | (*logit == f32::NEG_INFINITY);
        if logits.iter().fold(false, excluded) {
            self.items.retain(|c| c.logit > f32::NEG_INFINITY);
        }
        self.order = Order::Id;
        self.max = Some(max);
        self.total = None;
        self.fault = None;
    }

    /// How many are left.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True if none is left.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The candidates, by ascending id until a step ranked them and best first from then on.
    pub fn as_slice(&self) -> &[Candidate] {
        &self.items
    }

    /// Where the token stands in the list, if it's still in it.
    pub fn position(&self, id: u32) -> Option<usize> {
        match self.order {
            Order::Id => {
                let same = |c: &Candidate| c.id == id;
                if self.items.get(id as usize).is_some_and(same) {
                    return Some(id as usize);
                }
                self.items.binary_search_by_key(&id, |c| c.id).ok()
            }
            Order::Rank => self.items.iter().position(|c| c.id == id),
        }
    }

    /// The largest logit; −inf if none is left.
    pub fn max_logit(&mut self) -> f32 {
        let items = &self.items;
        *self.max.get_or_insert_with(|| math::largest(items))
    }

    /// The candidates' probabilities among themselves. They are computed when first asked for after a change.
    pub fn softmax(&mut self) -> Softmax<'_> {
        let total = match self.total {
            Some(total) => total,
            None => {
                let max = self.max_logit();
                math::weigh(&self.items, max, &mut self.weights)
            }
        };
        self.total = Some(total);
        Softmax {
            candidates: &self.items,
            weights: &self.weights[..self.items.len()],
            total,
        }
    }

    /// Keeps the candidates for which `keep` says true.
    pub fn retain(&mut self, mut keep: impl FnMut(Candidate) -> bool) {
        let before = self.items.len();
        self.items.retain(|c| keep(*c));
        if self.items.len() != before {
            self.max = None;
            self.total = None;
        }
    }

    /// Gives every candidate a new logit; −inf excludes it.
    pub fn map_logits(&mut self, mut new: impl FnMut(Candidate) -> f32) {
        let mut all_finite = true;
        for c in &mut self.items {
            c.logit = new(*c);
            all_finite &= c.logit.is_finite();
        }
        self.max = None;
        self.changed(all_finite);
    }

    /// Gives one token a new logit, if it's still in the list; −inf excludes it.
    pub fn update(&mut self, id: u32, new: impl FnOnce(f32) -> f32) {
        self.update_all([(id, new)]);
    }

    /// [`Self::update`] for several tokens at once.
    pub(crate) fn update_all<F: FnOnce(f32) -> f32>(
        &mut self,
        updates: impl IntoIterator<Item = (u32, F)>,
    ) {
        let mut all_finite = true;
        let mut any = false;
        for (id, new) in updates {
            if let Some(i) = self.position(id) {
                let c = &mut self.items[i];
                let old = c.logit;
                c.logit = new(old);
                // The largest of all remains while neither of the two is it.
                self.max = self.max.filter(|max| old < *max && c.logit < *max);
                all_finite &= c.logit.is_finite();
                any = true;
            }
        }
        if any {
            self.changed(all_finite);
        }
    }

    /// Keeps the `k` best, in the order of their rank.
    pub fn keep_best(&mut self, k: usize) {
        let mut keys = std::mem::take(&mut self.keys);
        select::smallest(k, self.items.iter().map(|c| select::key(*c)), &mut keys);
        self.become_ranked(keys.iter().copied());
        self.keys = keys;
    }

    /// Keeps the fewest best candidates whose weights, as [`Self::softmax`] gives them and summed in the order of rank,
    /// reach `target`; all if their sum doesn't reach it.
    ///
    /// Only candidates of a weight well above `hint` are ranked first, then those above it, then all, until the sum is
    /// reached: a wrong hint costs time, not correctness.
    pub(crate) fn keep_mass(&mut self, target: f64, hint: f64) {
        let max = self.max_logit();
        self.softmax();
        let weights = &self.weights[..self.items.len()];
        let mut keys = std::mem::take(&mut self.keys);
        let mut n = None;
        for least in [64.0 * hint, hint, 0.0].map(|least| least as f32) {
            if least > 0.0 && math::sum_from(weights, least) < target {
                continue;
            }
            keys.clear();
            // Few of a long row are that heavy: whole stretches of it are passed over.
            for (items, weights) in self.items.chunks(STRETCH).zip(weights.chunks(STRETCH)) {
                if !weights.iter().fold(false, |any, w| any | (*w >= least)) {
                    continue;
                }
                let heavy = items.iter().zip(weights).filter(|(_, w)| **w >= least);
                keys.extend(heavy.map(|(c, _)| select::key(*c)));
            }
            n = reach(&mut keys, max, target);
            if n.is_some() {
                break;
            }
        }
        keys.truncate(n.unwrap_or(keys.len()));
        self.become_ranked(keys.iter().copied());
        self.keys = keys;
    }

    /// Replaces the list by these ascending keys.
    pub(crate) fn become_ranked(&mut self, keys: impl Iterator<Item = u64>) {
        self.items.clear();
        self.items.extend(keys.map(select::from_key));
        self.order = Order::Rank;
        self.max = None;
        self.total = None;
    }

    /// The first candidate that a step gave NaN or +inf since the last call.
    pub(crate) fn take_fault(&mut self) -> Option<Candidate> {
        self.fault.take()
    }

    /// Restores the list's promises after logits changed.
    fn changed(&mut self, all_finite: bool) {
        if !all_finite {
            let bad = |c: &&Candidate| math::not_below_infinity(c.logit);
            self.fault = self.fault.or(self.items.iter().find(bad).copied());
            self.items.retain(|c| c.logit.is_finite());
        }
        if self.order == Order::Rank {
            self.items.sort_unstable_by_key(|c| select::key(*c));
        }
        self.total = None;
    }
}

/// How many of the smallest keys have weights that sum to `target`, those sorted to the front.
fn reach(keys: &mut [u64], max: f32, target: f64) -> Option<usize> {
    let mut mass = 0.0;
    select::sorted_until(keys, |key| {
        mass += f64::from(math::exp(select::from_key(*key).logit - max));
        mass >= target
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The candidates of a row, for the tests of the steps.
    pub(crate) fn candidates(logits: &[f32]) -> Candidates {
        let mut c = Candidates::default();
        c.load(logits, math::max_and_valid(logits).0);
        c
    }

    /// The ids that are left, in the list's order.
    pub(crate) fn ids(c: &Candidates) -> Vec<u32> {
        c.as_slice().iter().map(|c| c.id).collect()
    }

    /// The logits that are left, in the list's order.
    pub(crate) fn logits(c: &Candidates) -> Vec<f32> {
        c.as_slice().iter().map(|c| c.logit).collect()
    }

    #[test]
    fn minus_infinity_is_never_a_candidate() {
        let mut c = candidates(&[1.0, f32::NEG_INFINITY, 3.0, 2.0]);
        assert_eq!(ids(&c), [0, 2, 3]);
        assert_eq!(
            (c.position(1), c.position(2), c.position(3)),
            (None, Some(1), Some(2))
        );
        c.update(2, |_| f32::NEG_INFINITY);
        assert_eq!(ids(&c), [0, 3]);
        assert_eq!(c.max_logit(), 2.0);
        assert_eq!(c.softmax().weights.len(), 2);
    }

    #[test]
    fn a_changed_ranked_list_is_ranked_again() {
        let mut c = candidates(&[1.0, 4.0, 3.0, 4.0]);
        c.keep_best(3);
        assert_eq!(ids(&c), [1, 3, 2]);
        assert_eq!(c.position(2), Some(2));
        c.map_logits(|c| if c.id == 1 { 0.0 } else { c.logit });
        assert_eq!(ids(&c), [3, 2, 1]);
        assert_eq!(c.max_logit(), 4.0);
    }

    #[test]
    fn the_largest_logit_follows_every_update() {
        let mut c = candidates(&[1.0, 2.0, 3.0]);
        let mut after = |id: u32, logit: f32| {
            c.update(id, |_| logit);
            c.max_logit()
        };
        assert_eq!(after(0, 2.5), 3.0);
        assert_eq!(after(1, 5.0), 5.0);
        assert_eq!(after(1, 0.0), 3.0);
        assert_eq!(after(2, f32::NEG_INFINITY), 2.5);
        assert_eq!(after(1, f32::NEG_INFINITY), 2.5);
    }

    #[test]
    fn faults_are_kept_for_the_sampler() {
        let mut c = candidates(&[1.0, 2.0]);
        c.map_logits(|c| if c.id == 1 { f32::NAN } else { c.logit });
        assert!(
            c.take_fault()
                .is_some_and(|f| f.id == 1 && f.logit.is_nan())
        );
        assert_eq!(ids(&c), [0]);
    }

    #[test]
    fn softmax_follows_every_change() {
        let mut c = candidates(&[0.0, 0.0, 0.0, 0.0]);
        assert_eq!(c.softmax().total, 4.0);
        c.retain(|c| c.id < 2);
        assert_eq!(c.softmax().probability(1), 0.5);
        c.update(0, |_| f32::MIN);
        assert_eq!(
            (c.softmax().probability(0), c.softmax().probability(1)),
            (0.0, 1.0)
        );
    }

    #[test]
    fn a_wrong_hint_changes_nothing() {
        let row: Vec<f32> = (0..300).map(|i| ((i * 7) % 23) as f32 * 0.1).collect();
        let mut expected = candidates(&row);
        expected.keep_mass(100.0, 0.0);
        let mut got = candidates(&row);
        got.keep_mass(100.0, 0.99);
        assert_eq!(got.as_slice(), expected.as_slice());
        assert!(got.len() > 64);
    }
}
