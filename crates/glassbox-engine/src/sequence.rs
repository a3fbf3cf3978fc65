use crate::pages::Pages;
use crate::{Cancel, Engine, EngineError};
use glassbox_core::{Batch, Sequence as Share};
use glassbox_models::ModelError;

/// The tokens of one sequence whose keys and values are in the cache.
#[derive(Debug)]
pub(crate) struct Sequence {
    engine: Engine,
    pages: Pages,
    ids: Vec<u32>,
}

impl Sequence {
    pub(crate) fn new(engine: Engine) -> Self {
        let pages = Pages::new(engine.pool().clone());
        Sequence {
            engine,
            pages,
            ids: Vec::new(),
        }
    }

    /// Tokens in the cache.
    pub(crate) fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Keeps what is common with `ids`, from the first token on, and forgets the rest. At least
    /// the last of `ids` is always left to compute, since its logits are wanted.
    pub(crate) fn keep_common(&mut self, ids: &[u32]) -> usize {
        let common = self.ids.iter().zip(ids).take_while(|(a, b)| a == b).count();
        let keep = common.min(ids.len().saturating_sub(1));
        self.ids.truncate(keep);
        self.pages.shrink(keep);
        keep
    }

    /// Appends `ids`, in batches of what the model takes. `each` gets the index and the logits of
    /// the rows that it wants: of the last token, or of every one.
    ///
    /// After an error or a cancellation the sequence ends with the last whole batch.
    pub(crate) fn extend(
        &mut self,
        ids: &[u32],
        every: bool,
        cancel: &Cancel,
        mut each: impl FnMut(usize, &[f32]),
    ) -> Result<(), EngineError> {
        let (tokens, context) = (self.ids.len() + ids.len(), self.engine.context());
        if tokens > context {
            return Err(EngineError::ContextFull { tokens, context });
        }
        self.pages.reach(tokens)?;
        let vocab = self.engine.spec().vocab;
        let most = self.engine.max_batch();
        let mut logits = Vec::new();
        let mut done = 0;
        for chunk in ids.chunks(most) {
            let last = done + chunk.len() == ids.len();
            let wanted: Vec<usize> = match (every, last) {
                (true, _) => (0..chunk.len()).collect(),
                (false, true) => vec![chunk.len() - 1],
                (false, false) => vec![],
            };
            let start = self.ids.len();
            let share = [Share {
                n_tokens: chunk.len(),
                start,
                pages: self.pages.table(),
            }];
            let batch = Batch::new(chunk, &share, &wanted).map_err(ModelError::from)?;
            logits.resize(wanted.len() * vocab, 0.0);
            // Other sessions take their turns between two chunks.
            self.engine
                .model()
                .forward(&batch, &mut logits, &mut || !cancel.is_cancelled())?;
            for (row, logits) in wanted.iter().zip(logits.chunks_exact(vocab)) {
                each(done + row, logits);
            }
            self.ids.extend_from_slice(chunk);
            done += chunk.len();
        }
        Ok(())
    }
}
