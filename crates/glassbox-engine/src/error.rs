use crate::CertificateError;
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
    /// A constraint on the answer that can't be had, or that what was put in does not keep.
    #[error("the constraint on the answer: {message}")]
    Constraint {
        /// What is wrong with it.
        message: String,
    },
    /// A draft model that speaks in other tokens.
    #[error("the draft model has another tokenizer than the model that it guesses for")]
    DraftTokenizer,
    /// A certificate that was changed, or does not fit.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
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
    /// The folder for pages on disk.
    #[error("the cache on disk, {}: {error}", folder.display())]
    Disk {
        /// The folder.
        folder: std::path::PathBuf,
        /// What the system says.
        error: std::io::Error,
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
    /// A step that a reply does not have.
    #[error("no step {step}: the reply has {steps}, counted from 0")]
    NoStep {
        /// The index asked for.
        step: usize,
        /// Steps of the reply.
        steps: usize,
    },
    /// A token that a reply does not have.
    #[error("no place before token {token}: the reply has {tokens}, counted from 0")]
    NoToken {
        /// The index asked for.
        token: usize,
        /// Tokens of the reply.
        tokens: usize,
    },
    /// An error bound that makes no sense.
    #[error("an error bound of {got}, expected more than 0 and less than 0.5")]
    ErrorBound {
        /// What was given.
        got: f64,
    },
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
