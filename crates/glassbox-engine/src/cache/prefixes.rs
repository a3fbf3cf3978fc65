use super::{Page, PageKey};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Full pages kept for sequences to come, the least recently used dropped first.
///
/// A page is known by its key, which tells everything before it, so that the map is a tree whose
/// edges are never followed. A page is never used later than one that it leads to, so the order of
/// use also drops leaves before what they stand on.
#[derive(Debug)]
pub(crate) struct Prefixes {
    known: HashMap<PageKey, Known>,
    order: BTreeSet<Used>,
    /// Uses so far.
    clock: u64,
    /// Pages that it may hold.
    most: usize,
}

#[derive(Debug)]
struct Known {
    page: Arc<Page>,
    used: Used,
}

/// When it was last used; of pages used together the deepest is the first to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Used {
    at: u64,
    depth: Reverse<usize>,
    key: PageKey,
}

impl Prefixes {
    pub(crate) fn new(most: usize) -> Self {
        Prefixes {
            known: HashMap::new(),
            order: BTreeSet::new(),
            clock: 0,
            most,
        }
    }

    /// Pages that nobody else holds.
    pub(crate) fn idle(&self) -> usize {
        let pages = self.known.values().map(|known| &known.page);
        pages.filter(|page| Arc::strong_count(page) == 1).count()
    }

    /// The pages of the longest known run of `keys`, from the first on.
    pub(crate) fn find(&mut self, keys: impl Iterator<Item = PageKey>) -> Vec<Arc<Page>> {
        self.clock += 1;
        keys.enumerate()
            .map_while(|(depth, key)| {
                let known = self.known.get_mut(&key)?;
                self.order.remove(&known.used);
                known.used.at = self.clock;
                known.used.depth = Reverse(depth);
                self.order.insert(known.used);
                Some(known.page.clone())
            })
            .collect()
    }

    /// Keeps `pages`, the first of a sequence, by `keys`. What is known already stays.
    pub(crate) fn keep<'a>(
        &mut self,
        keys: impl Iterator<Item = PageKey>,
        pages: impl Iterator<Item = &'a Arc<Page>>,
    ) {
        self.clock += 1;
        for (depth, (key, page)) in keys.zip(pages).take(self.most).enumerate() {
            let used = Used {
                at: self.clock,
                depth: Reverse(depth),
                key,
            };
            let known = self.known.entry(key).or_insert_with(|| Known {
                page: page.clone(),
                used,
            });
            self.order.remove(&known.used);
            known.used = used;
            self.order.insert(used);
        }
        while self.known.len() > self.most {
            let Some(oldest) = self.order.pop_first() else {
                break;
            };
            self.known.remove(&oldest.key);
        }
    }

    /// Drops pages that nobody else holds until `n` have gone back to the pool, or no more can.
    pub(crate) fn give_back(&mut self, n: usize) {
        let idle: Vec<Used> = self
            .order
            .iter()
            .filter(|used| Arc::strong_count(&self.known[&used.key].page) == 1)
            .take(n)
            .copied()
            .collect();
        for used in idle {
            self.order.remove(&used);
            self.known.remove(&used.key);
        }
    }

    /// Drops all pages.
    pub(crate) fn clear(&mut self) {
        self.known.clear();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::super::Pool;
    use super::*;

    fn keys(tenant: &str, n: usize) -> Vec<PageKey> {
        let ids: Vec<u32> = (0..64 * n as u32).collect();
        PageKey::root(tenant).chain(&ids).collect()
    }

    fn found(prefixes: &mut Prefixes, tenant: &str) -> usize {
        prefixes.find(keys(tenant, 9).into_iter()).len()
    }

    #[test]
    fn the_longest_known_run_is_found_and_the_least_used_goes_first() {
        let pool = Pool::new(8);
        let mut prefixes = Prefixes::new(5);
        let a = pool.take(3).unwrap();
        prefixes.keep(keys("a", 3).into_iter(), a.iter());
        let b = pool.take(2).unwrap();
        prefixes.keep(keys("b", 2).into_iter(), b.iter());
        drop((a, b));
        assert_eq!((prefixes.idle(), pool.free()), (5, 3));
        assert_eq!(found(&mut prefixes, "a"), 3);
        assert_eq!(found(&mut prefixes, "c"), 0);
        // One more than it may hold: the deepest page of what was used longest ago goes.
        let c = pool.take(1).unwrap();
        prefixes.keep(keys("c", 1).into_iter(), c.iter());
        assert_eq!(found(&mut prefixes, "b"), 1);
        assert_eq!(found(&mut prefixes, "a"), 3);
        // Pages that somebody holds give nothing back. `c` is held here, `b` is the next oldest.
        prefixes.give_back(2);
        assert_eq!(found(&mut prefixes, "c"), 1);
        assert_eq!(found(&mut prefixes, "b"), 0);
        assert_eq!(found(&mut prefixes, "a"), 2);
        assert_eq!(pool.free(), 5);
        prefixes.clear();
        drop(c);
        assert_eq!((prefixes.idle(), pool.free()), (0, 8));
    }
}
