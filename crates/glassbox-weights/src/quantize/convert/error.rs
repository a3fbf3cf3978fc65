use crate::json::JsonError;

/// Why a Hugging Face model does not convert to GGUF.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// Weights without a config say nothing about the model.
    #[error("no config.json beside the weights, which GGUF metadata is made from")]
    NoConfig,
    /// A file that GGUF's tokenizer metadata is made from is not there.
    #[error("no {file} beside the weights, which GGUF metadata is made from")]
    NoFile {
        /// The file.
        file: &'static str,
    },
    /// A tensor that the family does not have.
    #[error("tensor {tensor:?} is not one of a {family} model's, so it can't be converted")]
    UnknownTensor {
        /// The tensor.
        tensor: String,
        /// The family.
        family: &'static str,
    },
    /// A tokenizer file that is not JSON.
    #[error("{file}: {source}")]
    Json {
        /// The file.
        file: &'static str,
        /// What is wrong.
        source: JsonError,
    },
    /// A tokenizer field that is missing or of another type.
    #[error("{file}: {field} is missing or wrong, expected {expected}")]
    Field {
        /// The file.
        file: &'static str,
        /// The field.
        field: String,
        /// What should be there.
        expected: &'static str,
    },
    /// A kind of tokenizer that does not convert.
    #[error("tokenizer.json: {field} {found:?} can't be converted, supported: {supported}")]
    Tokenizer {
        /// The field.
        field: &'static str,
        /// Its value.
        found: String,
        /// The values that convert.
        supported: &'static str,
    },
    /// A rope scaling that GGUF has no key for.
    #[error("config.json: {field} {found} can't be written as GGUF")]
    Rope {
        /// The field.
        field: &'static str,
        /// Its value.
        found: String,
    },
    /// A token beyond the embedding.
    #[error("tokenizer.json: token {token:?} has id {id}, the model has {vocab_size}")]
    TokenId {
        /// The token.
        token: String,
        /// Its id.
        id: u64,
        /// Entries of the embedding.
        vocab_size: u64,
    },
    /// Two tokens with one id.
    #[error("tokenizer.json: tokens {first:?} and {second:?} share id {id}")]
    SharedId {
        /// The id.
        id: u64,
        /// One token.
        first: String,
        /// The other.
        second: String,
    },
}
