use glassbox_models::Fingerprint;

/// Why there is no certificate of a reply, or why one can't be replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The weights were not hashed when the model was opened.
    #[error("the model was opened without the hash of its weights, which a certificate names")]
    NoFingerprint,
    /// A chain of the program's own cannot be written down.
    #[error("the reply was sampled through a chain of the program's own, which nobody else has")]
    OwnChain,
    /// Written by another version.
    #[error("a certificate of format {got}; this version knows format {known}")]
    Format {
        /// The format that the document names.
        got: u32,
        /// The format of this version.
        known: u32,
    },
    /// The terms are not those that were sealed.
    #[error("the terms of the certificate were changed: their hash is not the one written down")]
    Terms,
    /// The tokens of a step are not those that were sealed.
    #[error("the certificate was changed in step {step}: its hash is not the one written down")]
    Step {
        /// Index of the step, from 0.
        step: usize,
    },
    /// What follows the last step is not what was sealed.
    #[error("the certificate was changed after its last step: its seal does not hold")]
    Seal,
    /// Steps out of order, or beyond the tokens.
    #[error("step {step} ends at token {end}, expected {from} to {tokens}")]
    Order {
        /// Index of the step, from 0.
        step: usize,
        /// Where it says that it ends.
        end: usize,
        /// Where the step before it ends.
        from: usize,
        /// Tokens of the reply.
        tokens: usize,
    },
    /// More tokens kept of an earlier reply than there are.
    #[error("{kept} tokens kept of an earlier reply, but the reply has {tokens}")]
    Kept {
        /// Tokens kept.
        kept: usize,
        /// Tokens of the reply.
        tokens: usize,
    },
    /// Another model.
    #[error("the certificate is of weights {certified}, this model's are {model}")]
    Weights {
        /// What the certificate names.
        certified: Fingerprint,
        /// What the model has.
        model: Fingerprint,
    },
    /// Another tokenizer.
    #[error("the certificate is of tokenizer {certified}, this model's is {model}")]
    Tokenizer {
        /// What the certificate names.
        certified: blake3::Hash,
        /// What the model has.
        model: blake3::Hash,
    },
    /// Another device, version or configuration, whose bits are others.
    #[error("the certificate was computed by [{certified}], this model computes by [{model}]")]
    ComputedBy {
        /// What the certificate names.
        certified: String,
        /// What the model is.
        model: String,
    },
    /// The model was opened with too short a context.
    #[error("the certificate has {tokens} tokens with its prompt, the context {context}")]
    Context {
        /// Tokens of prompt and reply.
        tokens: usize,
        /// Positions that a sequence may reach.
        context: usize,
    },
}
