//! Engines side by side: each is a program that loads a model and does what it is told on standard
//! input, so that `cargo xtask bench-peers` can let them take turns.
//!
//! `peer-NAME MODEL THREADS POSITIONS SEQUENCES` loads the model, computes one token, and says
//! `ready`. Then it answers each line with one line:
//!
//! ```text
//! prompt N           seconds for a prompt of N tokens in an empty cache
//! decode N DEPTH B   seconds for N tokens, one at a time, in each of B sequences of DEPTH tokens
//! logits N           some of the logits after a prompt of N tokens
//! memory             bytes in memory now and at most, of which files
//! limits             what the machine can do at most; glassbox alone measures it
//! ```
//!
//! An answer that begins with `error` says why there is none.

#![forbid(unsafe_code)]

mod serve;
mod status;

pub use serve::serve;

use anyhow::Result;
use std::path::PathBuf;

/// Tokens that a prompt is cut into: llama.cpp's default, and glassbox's.
pub const CHUNK: usize = 512;

/// What an engine is opened with.
pub struct Setup {
    /// A GGUF file.
    pub model: PathBuf,
    /// Threads that compute.
    pub threads: usize,
    /// Positions that each sequence may have.
    pub positions: usize,
    /// Sequences that are computed at once.
    pub sequences: usize,
}

/// What the comparison asks of an engine.
pub trait Engine {
    /// Computes positions `start` to `start + n` of the first `sequences` sequences, whose earlier
    /// ones are in the cache; the logits of each one's last token are computed.
    fn forward(&mut self, sequences: usize, start: usize, n: usize) -> Result<()>;

    /// Forgets the positions from `len` on; `false` from an engine that can only forget all.
    fn rewind(&mut self, len: usize) -> Result<bool>;

    /// The logits of the first sequence's last token.
    fn logits(&mut self) -> Result<Vec<f32>>;

    /// The machine's limits as numbers, from the engine that measures them.
    fn limits(&self) -> Option<Vec<f64>> {
        None
    }
}

/// The token at `position` of a sequence: a fixed one, the same for every engine.
pub fn id(sequence: usize, position: usize, vocab: usize) -> u32 {
    let mut x = ((sequence as u64) << 32 | position as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x ^= x >> 29;
    (x.wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32) as u32 % vocab.max(1) as u32
}
