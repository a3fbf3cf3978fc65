use glassbox_models::ModelError;
use glassbox_sampling::SamplingError;
use glassbox_text::TextError;

/// What can go wrong between a question and its answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The model or its device.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The tokenizer, the template or the messages.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The sampling parameters, or logits that nothing can be drawn from.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// Other sessions hold the pages that this one needs.
    #[error(
        "the cache is full: {needed} more pages of 64 tokens needed, {free} of {total} free; \
         close a session, or load with a longer context"
    )]
    CacheFull {
        /// Pages needed beyond those held.
        needed: usize,
        /// Pages that nobody holds.
        free: usize,
        /// Pages of the cache.
        total: usize,
    },
    /// Tokens that do not fit the cache at all.
    #[error("{tokens} tokens do not fit a context of {context}")]
    ContextFull {
        /// Tokens asked for.
        tokens: usize,
        /// Positions of the cache.
        context: usize,
    },
    /// A token id that the model does not have.
    #[error("token id {id} at index {index}, the vocabulary has {vocab}")]
    TokenId {
        /// Index among the ids given.
        index: usize,
        /// The id.
        id: u32,
        /// Entries of the vocabulary.
        vocab: usize,
    },
    /// The model's files hold no tokenizer.
    #[error("the model has no tokenizer (tokenizer.json, or tokenizer.ggml.* in a GGUF file)")]
    NoTokenizer,
    /// The model's files hold no chat template, and its vocabulary is of no known family.
    #[error(
        "the model has no chat template, and its vocabulary is of no known family: \
         texts can be completed, but not asked"
    )]
    NoTemplate,
    /// There is nothing to continue.
    #[error("no tokens to continue from")]
    Empty,
    /// A limit that makes no sense.
    #[error("{option} = {got}, expected {expected}")]
    Option {
        /// The option.
        option: &'static str,
        /// What was given.
        got: usize,
        /// What is accepted.
        expected: &'static str,
    },
}
