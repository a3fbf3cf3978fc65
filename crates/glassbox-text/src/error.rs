//! The one error type of the crate.

/// Everything that can go wrong with a tokenizer, a chat template or a conversation.
///
/// A variant names what was found, what was expected and where; none of them is a panic in disguise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// An input is larger than the limit that keeps memory bounded.
    #[error("{what}: {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// What was read.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The largest size accepted.
        limit: usize,
    },
    /// JSON that cannot be read: a syntax error, a wrong type, a missing key, nesting beyond 128 levels, a lone surrogate.
    #[error("{what}: {source}")]
    Json {
        /// Which file or request.
        what: &'static str,
        /// What `serde_json` found, with line and column.
        source: serde_json::Error,
    },
    /// A part of `tokenizer.json` or of GGUF metadata that this crate does not implement.
    #[error("{component} `{found}` is not supported; supported: {supported}")]
    Unsupported {
        /// The key or component.
        component: &'static str,
        /// Its value.
        found: String,
        /// What may stand there.
        supported: &'static str,
    },
    /// A component whose own fields contradict one another or the vocabulary.
    #[error("{component}: {reason}: `{found}`")]
    Invalid {
        /// The key or component.
        component: &'static str,
        /// The rule that is broken.
        reason: &'static str,
        /// The offending value.
        found: String,
    },
    /// A regular expression that the engine refuses.
    #[error("pre_tokenizer regex `{pattern}`: {reason}")]
    Regex {
        /// The expression.
        pattern: String,
        /// Why it is refused.
        reason: String,
    },
    /// Two tokens share an id.
    #[error("id {id} belongs to both `{first}` and `{second}`")]
    DuplicateId {
        /// The id.
        id: u32,
        /// The token that had it first.
        first: String,
        /// The token that claims it too.
        second: String,
    },
    /// One token has two ids.
    #[error("token `{token}` has the ids {first} and {second}")]
    DuplicateToken {
        /// The token.
        token: String,
        /// Its first id.
        first: u32,
        /// Its second id.
        second: u32,
    },
    /// The ids are not the numbers from 0 up: `id` has no token.
    #[error("the vocabulary has no token with id {id}, but `{next}` has id {next_id}")]
    VocabularyGap {
        /// The missing id.
        id: u32,
        /// The next token that exists.
        next: String,
        /// Its id.
        next_id: u32,
    },
    /// A list that runs parallel to the token list has another length.
    #[error("{component}: {got} entries for {tokens} tokens")]
    LengthMismatch {
        /// The list.
        component: &'static str,
        /// Its length.
        got: usize,
        /// The number of tokens.
        tokens: usize,
    },
    /// A token type outside the six that GGUF defines.
    #[error("token {id} `{token}`: unknown token type {kind}, GGUF defines 1 to 6")]
    TokenType {
        /// The id.
        id: u32,
        /// The token.
        token: String,
        /// The type found.
        kind: i32,
    },
    /// A byte token that is not `<0x00>` to `<0xFF>`.
    #[error("token {id} `{token}` is of type byte, but is not `<0x00>`..`<0xFF>`")]
    ByteToken {
        /// The id.
        id: u32,
        /// The token.
        token: String,
    },
    /// A merge that is not two tokens with one space between them.
    #[error("merge {index} `{text}` is not two tokens separated by one space")]
    BadMerge {
        /// Its place in the list.
        index: usize,
        /// Its text.
        text: String,
    },
    /// A merge that names, or makes, a token which the vocabulary lacks.
    #[error("merge {index}: `{token}` is not in the vocabulary")]
    MergeOutOfVocabulary {
        /// Its place in the list.
        index: usize,
        /// The missing token.
        token: String,
    },
    /// A special token that is named, but does not exist.
    #[error("{role} is {found}, which is not a token of this vocabulary of {tokens} tokens")]
    SpecialMissing {
        /// `bos_token`, `eos_token_id` and so on.
        role: &'static str,
        /// The name or id given.
        found: String,
        /// The size of the vocabulary.
        tokens: usize,
    },
    /// A token without a row in the embedding matrix.
    #[error(
        "token `{token}` has id {id}, but the model has {rows} embedding rows ({tokens} tokens)"
    )]
    IdBeyondRows {
        /// The largest id.
        id: u32,
        /// Its token.
        token: String,
        /// The size of the vocabulary.
        tokens: usize,
        /// Rows of the embedding matrix.
        rows: usize,
    },
    /// The model has so many more rows than the tokenizer has tokens that they cannot be padding.
    #[error(
        "the tokenizer has {tokens} tokens and the model {rows} embedding rows: they do not belong together"
    )]
    VocabularyMismatch {
        /// The size of the vocabulary.
        tokens: usize,
        /// Rows of the embedding matrix.
        rows: usize,
    },
    /// The `tokenizers` library failed, or panicked and was caught.
    #[error("tokenizers failed in {during}: {reason}")]
    Library {
        /// The operation.
        during: &'static str,
        /// What it said.
        reason: String,
    },
    /// The file has no chat template and the vocabulary is of no family whose template is known.
    #[error(
        "no chat template in the file, and the vocabulary has none of the markers {known} by which a family is known"
    )]
    NoTemplate {
        /// The markers looked for.
        known: &'static str,
    },
    /// The chat template does not compile or failed while it ran.
    #[error("chat template, line {line}: {reason}")]
    Template {
        /// The line of the template, from 1; 0 when the engine gives none.
        line: usize,
        /// What the engine said.
        reason: String,
    },
    /// The chat template used up its fuel: a bomb, or a loop without an end in sight.
    #[error("chat template, line {line}: stopped at its limit of {limit} steps")]
    TemplateLimit {
        /// The line of the template.
        line: usize,
        /// The limit: instructions, and 64-byte units of text made.
        limit: u64,
    },
    /// The chat template called `raise_exception`.
    #[error("the chat template refuses the conversation (line {line}): {message}")]
    TemplateRaised {
        /// The line of the template.
        line: usize,
        /// Its message.
        message: String,
    },
    /// A conversation without messages.
    #[error("messages: empty, at least one message is needed")]
    NoMessages,
    /// A message that cannot be used; the path is written as in JSON.
    #[error("{path}: found {found}, expected {expected}")]
    Message {
        /// For example `messages[2].role`.
        path: String,
        /// What stands there.
        found: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// A prompt that does not fit the context; it is never cut silently.
    #[error("the prompt has {tokens} tokens, the context {context}")]
    PromptTooLong {
        /// Tokens of the prompt.
        tokens: usize,
        /// Tokens of the context.
        context: usize,
    },
    /// The messages use every private-use character, so none is left to mark their text with.
    #[error("the messages use every private-use character of Unicode")]
    NoFreeCharacter,
}

/// A short, printable form of untrusted text for an error message: control and bidi characters are escaped.
pub(crate) fn excerpt(text: &str) -> String {
    let mut out = String::new();
    for (i, c) in text.chars().enumerate() {
        if i == 80 {
            out.push('…');
            break;
        }
        let bidi = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || bidi {
            out.extend(c.escape_unicode())
        } else {
            out.push(c)
        }
    }
    out
}
