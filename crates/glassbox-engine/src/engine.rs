use crate::pages::Pool;
use crate::sequence::Sequence;
use crate::{Cancel, EngineError, Session};
use glassbox_models::{CausalLm, DecoderSpec};
use glassbox_text::{Chat, Tokenizer};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A loaded model with its tokenizer, its template and its cache. Clones share all of it.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

/// The text side of a model, as far as its files have one.
#[derive(Clone, Debug)]
pub enum TextSide {
    /// No tokenizer: logits of token ids are all that can be had.
    None,
    /// No chat template: texts can be continued, but not asked.
    Tokenizer(Tokenizer),
    /// All of it.
    Chat(Chat),
}

struct Shared {
    model: Mutex<Box<dyn CausalLm>>,
    spec: DecoderSpec,
    max_batch: usize,
    context: usize,
    text: TextSide,
    vocab: usize,
    pool: Arc<Pool>,
}

impl Engine {
    /// Puts a model and its text side together.
    ///
    /// # Errors
    /// When the tokenizer has more tokens than the model has embeddings.
    pub fn new(model: Box<dyn CausalLm>, text: TextSide) -> Result<Self, EngineError> {
        let spec = model.spec().clone();
        let tokenizer = match &text {
            TextSide::Chat(chat) => Some(chat.tokenizer()),
            TextSide::Tokenizer(tokenizer) => Some(tokenizer),
            TextSide::None => None,
        };
        let vocab = match tokenizer {
            Some(tokenizer) => {
                tokenizer.check_rows(spec.vocab)?;
                tokenizer.len()
            }
            None => spec.vocab,
        };
        let pool = Pool::new(model.n_pages());
        Ok(Engine(Arc::new(Shared {
            max_batch: model.max_batch(),
            context: model.context().min(spec.context),
            model: Mutex::new(model),
            spec,
            text,
            vocab,
            pool,
        })))
    }

    /// A new conversation.
    pub fn session(&self) -> Session {
        Session::new(self.clone())
    }

    /// What the model is.
    pub fn spec(&self) -> &DecoderSpec {
        &self.0.spec
    }

    /// The tokenizer and the template.
    ///
    /// # Errors
    /// When the model came without one of them.
    pub fn chat(&self) -> Result<&Chat, EngineError> {
        match &self.0.text {
            TextSide::Chat(chat) => Ok(chat),
            TextSide::Tokenizer(_) => Err(EngineError::NoTemplate),
            TextSide::None => Err(EngineError::NoTokenizer),
        }
    }

    /// The tokenizer.
    ///
    /// # Errors
    /// When the model came without one.
    pub fn tokenizer(&self) -> Result<&Tokenizer, EngineError> {
        match &self.0.text {
            TextSide::Chat(chat) => Ok(chat.tokenizer()),
            TextSide::Tokenizer(tokenizer) => Ok(tokenizer),
            TextSide::None => Err(EngineError::NoTokenizer),
        }
    }

    /// Tokens that the tokenizer knows. The model's rows of logits may be longer, by padding that
    /// is never sampled.
    pub fn vocab(&self) -> usize {
        self.0.vocab
    }

    /// Positions that a sequence may reach: what the model was opened with, and no more than it
    /// was made for. All sessions share the pages of the cache.
    pub fn context(&self) -> usize {
        self.0.context
    }

    /// Pages of the cache that no session holds.
    pub fn free_pages(&self) -> usize {
        self.0.pool.free()
    }

    /// The logits after each of `ids`, in order: `each` gets the index and the row,
    /// `[spec().vocab]`. With `every` false only the last.
    ///
    /// # Errors
    /// No ids, an id that the model does not have, or more than the cache has room for.
    pub fn logits(
        &self,
        ids: &[u32],
        every: bool,
        each: impl FnMut(usize, &[f32]),
    ) -> Result<(), EngineError> {
        self.check_ids(ids)?;
        Sequence::new(self.clone()).extend(ids, every, &Cancel::new(), each)
    }

    pub(crate) fn check_ids(&self, ids: &[u32]) -> Result<(), EngineError> {
        let vocab = self.spec().vocab;
        if ids.is_empty() {
            return Err(EngineError::Empty);
        }
        match ids
            .iter()
            .enumerate()
            .find(|(_, id)| **id as usize >= vocab)
        {
            Some((index, &id)) => Err(EngineError::TokenId { index, id, vocab }),
            None => Ok(()),
        }
    }

    pub(crate) fn max_batch(&self) -> usize {
        self.0.max_batch
    }

    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.0.pool
    }

    pub(crate) fn model(&self) -> MutexGuard<'_, Box<dyn CausalLm>> {
        // A panic in a forward pass leaves nothing that the next pass reads.
        self.0.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("spec", &self.0.spec)
            .finish_non_exhaustive()
    }
}
