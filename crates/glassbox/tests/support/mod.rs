//! Small random models, and what of a reply must not depend on how it was computed.

#![allow(dead_code, reason = "each file of tests uses a part of this")]

use glassbox::{Model, ModelOptions, Reply, SamplingParams};
use std::path::{Path, PathBuf};

pub(crate) const PROMPT: &str =
    "the answer to the question is in the sand, and the wind sings on the water: ";

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../glassbox-models/tests/fixtures")
        .join(name)
}

pub(crate) fn options() -> ModelOptions {
    Model::options().threads(1).context(512)
}

pub(crate) fn model() -> Model {
    options().open(fixture("qwen2-tied.gguf")).unwrap()
}

/// Everything of a reply that must not depend on how it was computed, to the bit.
pub(crate) fn bits(reply: &Reply) -> (String, Vec<(u32, Option<u32>)>) {
    let tokens = reply.tokens.iter();
    let tokens = tokens.map(|t| (t.id, t.logprob.map(f32::to_bits)));
    (reply.text.clone(), tokens.collect())
}

/// Nothing but a limit ends a reply whose end token is forbidden.
pub(crate) fn endless(params: &mut SamplingParams) {
    params.logit_bias.insert(2, f64::NEG_INFINITY);
}
