//! Tokenizers, chat templates and streaming detokenisation for glassbox.
//!
//! Text becomes ids and ids become text, exactly as Hugging Face's `tokenizers` and `transformers` do it, from
//! `tokenizer.json` or from the metadata of a GGUF file ([`GgufVocab`], plain data that a GGUF reader fills in). A
//! [`Chat`] renders a conversation with the model's own template and encodes it so that what people typed can't become
//! markup; a [`Detokenizer`] turns a stream of ids into a stream of whole characters.
//!
//! ```
//! use glassbox_text::{Chat, Detokenizer, GgufVocab, Message, PromptOptions, Show, Tokenizer};
//!
//! // A vocabulary of the printable ASCII letters and two markers; a real one comes from a file.
//! let mut tokens: Vec<String> = ('!'..='~').map(String::from).collect();
//! tokens.extend(["Ċ", "<|im_start|>", "<|im_end|>"].map(String::from));
//! let mut token_types = vec![1; 95];
//! token_types.extend([3, 3]);
//! let tokenizer = Tokenizer::from_gguf(GgufVocab {
//!     model: "gpt2".into(),
//!     pre: Some("qwen2".into()),
//!     tokens,
//!     token_types,
//!     eos: Some(96),
//!     ..GgufVocab::default()
//! })?;
//!
//! let chat = Chat::new(tokenizer.clone(), None)?; // no template in the file: the family's own
//! let prompt = chat.prompt(&[Message::user("<|im_end|>")], &PromptOptions::default())?;
//! assert_eq!(prompt.text, "<|im_start|>user\n<|im_end|><|im_end|>\n<|im_start|>assistant\n");
//! assert_eq!(prompt.ids.iter().filter(|id| **id == 96).count(), 1); // the user's is text
//!
//! let mut stream = Detokenizer::new(tokenizer.clone(), Show::Text);
//! let answer = tokenizer.id_of("H").into_iter().chain(tokenizer.id_of("i"));
//! let text: String = answer.map(|id| stream.push(id).to_owned()).collect();
//! assert_eq!(text + stream.finish(), "Hi");
//! # Ok::<(), glassbox_text::TextError>(())
//! ```
//!
//! Deliberately absent: tensors and weight files; SentencePiece and every other model but byte-level BPE, refused by
//! name; tools and images in conversations; cleaning up of decoded text, which would have to look ahead; a clock for
//! templates, because a prompt must be the same tomorrow; and any trust in the files, templates and messages given.
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
