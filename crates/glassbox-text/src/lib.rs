//! Tokenizers, chat templates and streaming detokenisation for glassbox.
#![forbid(unsafe_code)]

mod chat;
mod detokenizer;
mod error;
mod tokenizer;

pub use chat::{
    Chat, ChatTemplate, EncodedPrompt, Message, PromptOptions, RenderOptions, Role, Thinking,
    messages_from_json,
};
pub use detokenizer::{Detokenizer, Show};
pub use error::TextError;
pub use tokenizer::{GgufVocab, HfSide, Roles, Special, Tokenizer, chat_template_of};
