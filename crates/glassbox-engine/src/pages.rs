use crate::EngineError;
use glassbox_core::PAGE;
use std::sync::{Arc, Mutex, PoisonError};

/// The pages of the cache that nobody holds.
#[derive(Debug)]
pub(crate) struct Pool {
    free: Mutex<Vec<u32>>,
    total: usize,
}

impl Pool {
    pub(crate) fn new(total: usize) -> Arc<Self> {
        // The last is taken first, so that low pages are used first.
        let free = (0..total as u32).rev().collect();
        Arc::new(Pool {
            free: Mutex::new(free),
            total,
        })
    }

    pub(crate) fn free(&self) -> usize {
        self.free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }
}

/// The page table of one sequence. Dropping it gives the pages back.
#[derive(Debug)]
pub(crate) struct Pages {
    pool: Arc<Pool>,
    table: Vec<u32>,
}

impl Pages {
    pub(crate) fn new(pool: Arc<Pool>) -> Self {
        Pages {
            pool,
            table: Vec::new(),
        }
    }

    pub(crate) fn table(&self) -> &[u32] {
        &self.table
    }

    /// Takes pages until `len` positions have a place.
    pub(crate) fn reach(&mut self, len: usize) -> Result<(), EngineError> {
        let needed = len.div_ceil(PAGE).saturating_sub(self.table.len());
        let total = self.pool.total;
        if len.div_ceil(PAGE) > total {
            return Err(EngineError::ContextFull {
                tokens: len,
                context: total * PAGE,
            });
        }
        let mut free = self
            .pool
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if needed > free.len() {
            return Err(EngineError::CacheFull {
                needed,
                free: free.len(),
                total,
            });
        }
        let at = free.len() - needed;
        self.table.extend(free.drain(at..).rev());
        Ok(())
    }

    /// Gives back the pages that `len` positions do not need.
    pub(crate) fn shrink(&mut self, len: usize) {
        let keep = len.div_ceil(PAGE).min(self.table.len());
        let mut free = self
            .pool
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        free.extend(self.table.drain(keep..).rev());
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_back() {
        let pool = Pool::new(4);
        let mut a = Pages::new(pool.clone());
        a.reach(65).unwrap();
        assert_eq!(a.table(), [0, 1]);
        let mut b = Pages::new(pool.clone());
        let full = b.reach(3 * PAGE).unwrap_err();
        assert!(matches!(
            full,
            EngineError::CacheFull {
                needed: 3,
                free: 2,
                total: 4
            }
        ));
        assert!(b.table().is_empty());
        let never = b.reach(5 * PAGE).unwrap_err();
        assert!(matches!(
            never,
            EngineError::ContextFull {
                tokens: 320,
                context: 256
            }
        ));
        a.shrink(1);
        b.reach(3 * PAGE).unwrap();
        assert_eq!(pool.free(), 0);
        drop((a, b));
        assert_eq!(pool.free(), 4);
    }
}
