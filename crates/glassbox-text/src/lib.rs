//! Tokenizers, chat templates and streaming detokenisation for glassbox.
