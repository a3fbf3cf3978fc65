//! A small reasoning model and the problems it is measured by, as bytes.
//!
//! [`FILES`] is a Hugging Face directory: a Qwen2 checkpoint in bf16 with its tokenizer and R1's
//! chat template. `glassbox` opens it with its feature `tiny`, as `Model::tiny()`; anything else
//! that reads such a directory can write the files to one.
//!
//! ```
//! let names: Vec<&str> = glassbox_tiny::FILES.iter().map(|(name, _)| *name).collect();
//! assert!(names.contains(&"model.safetensors"));
//! assert!(glassbox_tiny::SUITE.lines().all(|line| line.starts_with('{')));
//! ```
//!
//! Deliberately absent: code that runs it, features, and dependencies.

#![forbid(unsafe_code)]

mod aligned;

use aligned::Aligned;

/// The model's name.
pub const NAME: &str = "glassbox-tiny";

/// The files of the model, by the names that Hugging Face gives them.
pub static FILES: [(&str, &[u8]); 5] = [
    ("config.json", include_bytes!("../model/config.json")),
    (
        "generation_config.json",
        include_bytes!("../model/generation_config.json"),
    ),
    ("model.safetensors", &WEIGHTS.0),
    ("tokenizer.json", include_bytes!("../model/tokenizer.json")),
    (
        "tokenizer_config.json",
        include_bytes!("../model/tokenizer_config.json"),
    ),
];

/// Problems that training never saw, one JSON object a line: `kind`, `question` and `answer`. The
/// answer is null where the right reply is one without any.
pub static SUITE: &str = include_str!("../suite.jsonl");

static WEIGHTS: &Aligned<[u8]> = &Aligned(*include_bytes!("../model/model.safetensors"));
