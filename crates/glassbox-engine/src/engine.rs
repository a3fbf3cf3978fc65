use crate::cache::{Disk, Page, PageKey, Pool, Prefixes};
use crate::certificate::{Identity, tokenizer_hash};
use crate::constraint::Vocabulary;
use crate::sequence::Sequence;
use crate::{Cancel, CertificateError, DiskCache, EngineError, Session};
use glassbox_models::{CausalLm, DecoderSpec, Fingerprint};
use glassbox_text::{Chat, Tokenizer};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

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
    prefixes: Mutex<Prefixes>,
    disk: Option<Disk>,
    weights: Option<Fingerprint>,
    vocabulary: OnceLock<Vocabulary>,
}

impl Engine {
    /// Puts a model and its text side together.
    ///
    /// # Errors
    /// When the tokenizer has more tokens than the model has embeddings.
    pub fn new(model: Box<dyn CausalLm>, text: TextSide) -> Result<Self, EngineError> {
        Engine::put_together(model, text, None, None)
    }

    /// As [`new`](Self::new), for a model whose weights have been hashed: replies have
    /// certificates, and pages of the cache can have a place on disk.
    ///
    /// # Errors
    /// A folder that can't be made or read, too.
    pub fn with_weights(
        model: Box<dyn CausalLm>,
        text: TextSide,
        weights: Fingerprint,
        disk: Option<DiskCache>,
    ) -> Result<Self, EngineError> {
        let disk = disk.map(|disk| disk.open(&*model, weights)).transpose()?;
        Engine::put_together(model, text, Some(weights), disk)
    }

    fn put_together(
        model: Box<dyn CausalLm>,
        text: TextSide,
        weights: Option<Fingerprint>,
        disk: Option<Disk>,
    ) -> Result<Self, EngineError> {
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
            spec,
            text,
            vocab,
            prefixes: Mutex::new(Prefixes::new(pool.total())),
            disk,
            weights,
            vocabulary: OnceLock::new(),
            model: Mutex::new(model),
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

    /// Pages of the cache that no session holds: those that are empty, and those that are kept in
    /// case that a later prompt begins with what is in them.
    pub fn free_pages(&self) -> usize {
        self.0.pool.free() + self.prefixes().idle()
    }

    /// Forgets the pages that are kept for later prompts.
    pub fn forget_prefixes(&self) {
        self.prefixes().clear();
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
        let first = if every { 0 } else { ids.len() - 1 };
        Sequence::new(self.clone(), "").extend(ids, first, &Cancel::new(), each)
    }

    /// Whether the two are clones of one engine.
    pub fn is(&self, other: &Engine) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
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

    /// Which model this is, as far as it decides a reply.
    pub(crate) fn identity(&self) -> Result<Identity, EngineError> {
        let weights = self.0.weights.ok_or(CertificateError::NoFingerprint)?;
        let template = self.chat().ok().map(|chat| chat.template().source());
        let model = self.model();
        Ok(Identity {
            weights,
            tokenizer: tokenizer_hash(self.tokenizer()?),
            template: template.map(|source| blake3::hash(source.as_bytes())),
            computed_by: model.layout(),
            kv: model.kv_type().name(),
        })
    }

    /// The tokens, as constraints need them.
    pub(crate) fn vocabulary(&self) -> Result<&Vocabulary, EngineError> {
        if let Some(vocabulary) = self.0.vocabulary.get() {
            return Ok(vocabulary);
        }
        let vocabulary = Vocabulary::new(self.tokenizer()?);
        let vocabulary = vocabulary.map_err(|message| EngineError::Constraint { message })?;
        Ok(self.0.vocabulary.get_or_init(|| vocabulary))
    }

    pub(crate) fn max_batch(&self) -> usize {
        self.0.max_batch
    }

    pub(crate) fn prefixes(&self) -> MutexGuard<'_, Prefixes> {
        // Whatever a panic leaves is still true of each page.
        self.0
            .prefixes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The pages of the longest known run of `keys`, from the first on.
    pub(crate) fn known_pages(&self, keys: impl Iterator<Item = PageKey>) -> Vec<Arc<Page>> {
        let keys: Vec<PageKey> = keys.collect();
        let mut pages = self.prefixes().find(keys.iter().copied());
        let Some(disk) = &self.0.disk else {
            return pages;
        };
        let n = pages.len();
        for &key in &keys[n..] {
            let Some(bytes) = disk.load(key) else { break };
            let Ok(page) = self.take_pages(1) else { break };
            let written = self.model().write_page(page[0].index(), &bytes);
            if written.is_err() {
                break;
            }
            pages.extend(page);
        }
        if pages.len() > n {
            self.prefixes().keep(keys.into_iter(), pages.iter());
        }
        pages
    }

    /// Keeps full pages, of which the first `known` are kept already.
    pub(crate) fn keep_pages(&self, keys: &[PageKey], pages: &[Arc<Page>], known: usize) {
        self.prefixes().keep(keys.iter().copied(), pages.iter());
        let Some(disk) = &self.0.disk else { return };
        for (&key, page) in keys.iter().zip(pages).skip(known) {
            let mut bytes = Vec::new();
            if !disk.has(key) && self.model().read_page(&mut bytes, page.index()).is_ok() {
                disk.store(key, &bytes);
            }
        }
    }

    /// Takes `n` pages, at the cost of those that are kept for later prompts where it must be.
    pub(crate) fn take_pages(&self, n: usize) -> Result<Vec<Arc<Page>>, EngineError> {
        let pool = &self.0.pool;
        pool.take(n)
            .or_else(|free| {
                self.prefixes().give_back(n - free);
                pool.take(n)
            })
            .map_err(|free| EngineError::CacheFull {
                needed: n,
                free,
                total: pool.total(),
            })
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
