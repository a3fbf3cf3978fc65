use crate::cache::{PageKey, PageTable};
use crate::forward::{Part, forward};
use crate::{Cancel, Engine, EngineError};
use glassbox_core::{PAGE, Sequence as Share};

/// The tokens of one sequence whose keys and values are in the cache.
#[derive(Debug)]
pub(crate) struct Sequence {
    engine: Engine,
    table: PageTable,
    ids: Vec<u32>,
    /// Who it shares pages with: the key of no page.
    tenant: PageKey,
    /// The keys of its full pages, which others may have.
    keys: Vec<PageKey>,
}

impl Sequence {
    /// An empty sequence that shares pages with those of the same tenant.
    pub(crate) fn new(engine: Engine, tenant: &str) -> Self {
        Sequence {
            engine,
            table: PageTable::default(),
            ids: Vec::new(),
            tenant: PageKey::root(tenant),
            keys: Vec::new(),
        }
    }

    /// The same tokens in the same pages, until one of the two writes to them.
    pub(crate) fn fork(&self) -> Self {
        let mut table = self.table.clone();
        // Places that this one has reserved and not yet filled stay its own.
        table.shrink(self.ids.len());
        Sequence {
            engine: self.engine.clone(),
            table,
            ids: self.ids.clone(),
            tenant: self.tenant,
            keys: self.keys.clone(),
        }
    }

    /// Tokens in the cache.
    pub(crate) fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Keeps what is known of `ids`, from the first token on, and forgets the rest: what this
    /// sequence holds itself, or the pages that others left, whichever is more. At least the last
    /// of `ids` is always left to compute, since its logits are wanted. Returns how many are kept.
    pub(crate) fn start(&mut self, ids: &[u32]) -> usize {
        self.publish();
        let most = ids.len().saturating_sub(1);
        self.keep_common(ids);
        let left = self.engine.known_pages(self.tenant.chain(&ids[..most]));
        if left.len() * PAGE > self.ids.len() {
            self.ids = ids[..left.len() * PAGE].to_vec();
            self.keys = self.tenant.chain(&self.ids).collect();
            self.table = PageTable::default();
            left.into_iter().for_each(|page| self.table.push(page));
        }
        self.ids.len()
    }

    /// Forgets what is not the beginning of `ids`, and the last of them.
    pub(crate) fn keep_common(&mut self, ids: &[u32]) {
        let common = self.ids.iter().zip(ids).take_while(|(a, b)| a == b).count();
        self.truncate(common.min(ids.len().saturating_sub(1)));
    }

    /// Forgets all but the first `len` tokens.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.ids.truncate(len);
        self.keys.truncate(self.ids.len() / PAGE);
        self.table.shrink(self.ids.len());
    }

    /// The keys and values of `ids`, its next tokens, are in their places.
    pub(crate) fn computed(&mut self, ids: &[u32]) {
        self.ids.extend_from_slice(ids);
    }

    /// Lets others have the pages that were filled since.
    pub(crate) fn publish(&mut self) {
        let known = self.keys.len();
        let last = *self.keys.last().unwrap_or(&self.tenant);
        self.keys.extend(last.chain(&self.ids[known * PAGE..]));
        if self.keys.len() > known {
            let pages = self.table.pages();
            self.engine.keep_pages(&self.keys, pages, known);
        }
    }

    /// Appends `ids`, in batches of what the model takes. `each` gets the index and the logits of
    /// the rows from the `first`-th on.
    ///
    /// After an error or a cancellation the sequence ends with the last whole batch.
    pub(crate) fn extend(
        &mut self,
        ids: &[u32],
        first: usize,
        cancel: &Cancel,
        mut each: impl FnMut(usize, &[f32]),
    ) -> Result<(), EngineError> {
        self.reserve(ids.len())?;
        let engine = self.engine.clone();
        let mut row = first;
        for (i, chunk) in ids.chunks(engine.max_batch()).enumerate() {
            let before = i * engine.max_batch();
            let mut part = [Part {
                sequence: self,
                ids: chunk,
                first: first.saturating_sub(before).min(chunk.len()),
            }];
            let proceed = &mut || !cancel.is_cancelled();
            for (_, logits) in forward(&engine, &mut part, proceed)?.rows() {
                each(row, logits);
                row += 1;
            }
        }
        Ok(())
    }

    /// Its place in a batch: the next `n_tokens` tokens.
    pub(crate) fn share(&self, n_tokens: usize) -> Share<'_> {
        Share {
            n_tokens,
            start: self.ids.len(),
            pages: self.table.indices(),
        }
    }

    /// Makes the pages of the next `n` tokens this sequence's own: new ones, and a copy of the one
    /// that is begun where somebody else has it too. Takes all or none.
    pub(crate) fn reserve(&mut self, n: usize) -> Result<(), EngineError> {
        self.publish();
        let (start, end) = (self.ids.len(), self.ids.len() + n);
        let context = self.engine.context();
        if end > context {
            return Err(EngineError::ContextFull {
                tokens: end,
                context,
            });
        }
        let shared = n > 0 && self.table.is_shared_at(start);
        let needed = self.table.missing(end) + usize::from(shared);
        let mut pages = self.engine.take_pages(needed)?.into_iter();
        if let Some(page) = pages.by_ref().take(usize::from(shared)).next() {
            let (old, new) = self.table.replace_at(start, page);
            self.engine.model().copy_page(old, new)?;
        }
        pages.for_each(|page| self.table.push(page));
        Ok(())
    }
}

impl Drop for Sequence {
    fn drop(&mut self) {
        self.publish();
    }
}
