//! What each fuzz target does with its bytes: a few lines over public functions of the libraries.
//!
//! A target panics when a law of the design is broken, and otherwise ignores errors: any bytes may
//! be refused, none may panic, and what is accepted keeps its promises. The programs in
//! `fuzz_targets/` give these functions to libFuzzer, and the test `replay` gives them every file
//! of `corpus/`.

#![forbid(unsafe_code)]

mod checks;
mod files;
mod kernels;
mod records;
mod text;
mod trace;

pub use checks::checks;
pub use files::{config, gguf, safetensors};
pub use kernels::kernels;
pub use records::{audit, certificate};
pub use text::{detokenizer, template, tokenizer, vocabulary};
pub use trace::trace;

/// A fuzz target.
pub type Target = fn(&[u8]);

/// Every target by its name, which is that of its program and of its corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("gguf", gguf),
    ("safetensors", safetensors),
    ("config", config),
    ("tokenizer", tokenizer),
    ("vocabulary", vocabulary),
    ("template", template),
    ("detokenizer", detokenizer),
    ("trace", trace),
    ("checks", checks),
    ("kernels", kernels),
    ("certificate", certificate),
    ("audit", audit),
];
