use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The pages of the model that nobody holds.
#[derive(Debug)]
pub(crate) struct Pool {
    free: Mutex<BTreeSet<u32>>,
    total: usize,
}

/// The right to one page. Several may share it; only who holds it alone may write to it.
#[derive(Debug)]
pub(crate) struct Page {
    pool: Arc<Pool>,
    index: u32,
}

impl Pool {
    pub(crate) fn new(total: usize) -> Arc<Self> {
        Arc::new(Pool {
            free: Mutex::new((0..total as u32).collect()),
            total,
        })
    }

    /// Pages in all.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Pages that nobody holds.
    pub(crate) fn free(&self) -> usize {
        self.list().len()
    }

    /// Takes `n` pages, or none and says how many there are.
    ///
    /// The lowest are taken first, so that a sequence's pages stand one after another where they can.
    pub(crate) fn take(self: &Arc<Self>, n: usize) -> Result<Vec<Arc<Page>>, usize> {
        let mut free = self.list();
        if free.len() < n {
            return Err(free.len());
        }
        let taken = std::iter::from_fn(|| free.pop_first()).take(n);
        let page = |index| {
            let pool = self.clone();
            Arc::new(Page { pool, index })
        };
        Ok(taken.map(page).collect())
    }

    fn list(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Page {
    /// Its number in the model's cache.
    pub(crate) fn index(&self) -> u32 {
        self.index
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.pool.list().insert(self.index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_comes_back_when_its_last_holder_lets_go() {
        let pool = Pool::new(3);
        let two = pool.take(2).unwrap();
        assert_eq!([two[0].index(), two[1].index()], [0, 1]);
        assert_eq!(pool.take(2).unwrap_err(), 1);
        let shared = two[1].clone();
        drop(two);
        assert_eq!(pool.free(), 2);
        drop(shared);
        assert_eq!((pool.free(), pool.total()), (3, 3));
    }

    #[test]
    fn pages_that_came_back_are_taken_in_ascending_order() {
        let pool = Pool::new(4);
        drop(pool.take(3).unwrap());
        let indices = pool
            .take(4)
            .unwrap()
            .iter()
            .map(|p| p.index())
            .collect::<Vec<_>>();
        assert_eq!(indices, [0, 1, 2, 3]);
    }
}
