use super::Page;
use glassbox_core::PAGE;
use std::sync::Arc;

/// The pages of one sequence, in order. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageTable {
    pages: Vec<Arc<Page>>,
    indices: Vec<u32>,
}

impl PageTable {
    /// The pages' numbers, as a batch wants them.
    pub(crate) fn indices(&self) -> &[u32] {
        &self.indices
    }

    pub(crate) fn pages(&self) -> &[Arc<Page>] {
        &self.pages
    }

    /// Pages that `len` positions need beyond those held.
    pub(crate) fn missing(&self, len: usize) -> usize {
        len.div_ceil(PAGE).saturating_sub(self.pages.len())
    }

    pub(crate) fn push(&mut self, page: Arc<Page>) {
        self.indices.push(page.index());
        self.pages.push(page);
    }

    /// The page of position `pos` is about to be written: whether somebody else holds it too.
    pub(crate) fn is_shared_at(&self, pos: usize) -> bool {
        self.pages
            .get(pos / PAGE)
            .is_some_and(|page| Arc::strong_count(page) > 1)
    }

    /// Puts `page` in the place of the one of position `pos`; returns their numbers, old and new.
    pub(crate) fn replace_at(&mut self, pos: usize, page: Arc<Page>) -> (u32, u32) {
        let (old, new) = (self.indices[pos / PAGE], page.index());
        self.indices[pos / PAGE] = new;
        self.pages[pos / PAGE] = page;
        (old, new)
    }

    /// Lets go of the pages that `len` positions do not need.
    pub(crate) fn shrink(&mut self, len: usize) {
        self.pages.truncate(len.div_ceil(PAGE));
        self.indices.truncate(self.pages.len());
    }
}
