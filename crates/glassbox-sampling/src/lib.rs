//! From a row of logits to a token: penalties, filters and a seeded draw, the same to the bit on every machine.
//!
//! A [`Sampler`] belongs to one sequence. It runs a [`Chain`] of [`Step`]s over the [`Candidates`] and draws from what they
//! leave. Random numbers are counter-based: the seed and the token's absolute position give the draw, whatever
//! else was batched, speculated on, cancelled or tried again (see [`rng`]). Arithmetic is basic operations in a
//! documented order, with an exponential of this crate's own and `libm`'s logarithm, never the platform's.
//!
//! ```
//! use glassbox_sampling::{Candidates, Sampler, SamplingParams};
//!
//! let params = SamplingParams { seed: 7, logprobs: Some(2), ..SamplingParams::default() };
//! let mut sampler = Sampler::new(&params, 4)?;
//! let mut scratch = Candidates::default(); // shared by all sequences of a thread
//!
//! sampler.accept_prompt(&[0, 3])?; // the prompt takes positions 0 and 1
//! let logits = [0.5, 2.0, 1.5, -4.0];
//! let sampled = sampler.sample(&logits, 2, &mut scratch)?;
//! assert_eq!(sampled, sampler.sample(&logits, 2, &mut scratch)?);
//! assert_eq!(sampled.top[0].id, 1);
//! sampler.accept(sampled.id)?;
//! # Ok::<(), glassbox_sampling::SamplingError>(())
//! ```
//!
//! [`Chain`] shows a step of a program's own, and says why the default order is what it is.
//!
//! Features: none. Deliberately absent: tensors, tokenizers and models (sequence breakers and biases are token ids);
//! grammars and stop strings, which are a program's steps or the engine's work; beam search; Mirostat, whose feedback
//! from token to token would make a draw depend on more than its position; a source of random seeds.

#![forbid(unsafe_code)]

mod bias;
mod candidates;
mod chain;
mod divergence;
mod error;
mod history;
mod logprobs;
mod math;
mod params;
pub mod rng;
mod sampler;
mod select;
mod step;
pub mod steps;
mod validate;

pub use candidates::{Candidate, Candidates, Softmax};
pub use chain::Chain;
pub use divergence::kl_divergence;
pub use error::{Range, SamplingError};
pub use history::History;
pub use logprobs::TokenLogprob;
pub use params::{LogprobsOf, SamplingParams};
pub use sampler::{Sampled, Sampler};
pub use step::{Context, Step};
pub use validate::{MAX_BREAKER_LEN, MAX_BREAKERS, MAX_LOGPROBS};
