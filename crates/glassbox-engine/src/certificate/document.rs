use super::{CertificateError, hex};
use crate::{Budget, Constraint, Engine, EngineError, OnLoop, Reply};
use blake3::{Hash, Hasher};
use glassbox_models::Fingerprint;
use glassbox_sampling::SamplingParams;
use glassbox_trace::{Start, StopReason};
use serde::{Deserialize, Serialize};

/// The version of the document.
const FORMAT: u32 = 1;

/// What decided a reply, its tokens, and hashes over both: a document from which anyone with the
/// model can compute the reply again, on any number of threads and any kernel table, and see that it
/// is the same.
///
/// The hashes form a chain from the terms over the steps to the seal, so that a change by accident
/// is found, and where. They are no signature: whoever changes a document on purpose can compute
/// them anew, and only a replay shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Certificate {
    /// What decided the reply.
    pub terms: Terms,
    /// The hash of the terms as compact JSON.
    #[serde(with = "hex")]
    pub terms_hash: Hash,
    /// The tokens of the reply.
    pub tokens: Vec<u32>,
    /// The steps of its reasoning.
    pub steps: Vec<Link>,
    /// Why it ended. A reply that was cancelled, or failed, is one that can be replayed that far.
    pub stop: StopReason,
    /// The hash of what precedes it, the tokens after the last step, and `stop`.
    #[serde(with = "hex")]
    pub seal: Hash,
}

/// All that decides a reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Terms {
    /// The version of this document.
    pub format: u32,
    /// The version of glassbox that wrote it.
    pub glassbox: String,
    /// The hash of the weights.
    #[serde(with = "hex")]
    pub weights: Fingerprint,
    /// The hash of the tokenizer: its pieces and the ids with a role.
    #[serde(with = "hex")]
    pub tokenizer: Hash,
    /// The hash of the template's source. It is for the record: the prompt's ids are given.
    pub template: Option<String>,
    /// The device, the type of the cache and the configuration, as far as they decide bits.
    pub computed_by: String,
    /// The name of the type in which keys and values were kept.
    pub kv: String,
    /// The prompt.
    pub prompt: Vec<u32>,
    /// Where the prompt leaves the model: inside its reasoning, or not.
    pub opening: Start,
    /// Tokens of the reply that were given and not chosen by the model, because they were kept of
    /// an earlier reply or put in by somebody.
    pub given: usize,
    /// The sampling parameters with the seed.
    pub params: SamplingParams,
    /// The limits of reasoning and answer.
    pub budget: Budget,
    /// What bound the answer.
    pub constraint: Option<Constraint>,
    /// What was done about loops.
    pub on_loop: OnLoop,
    /// The most tokens that the reply could have.
    pub max_tokens: usize,
}

/// One step in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Link {
    /// The token after its last; it begins where the step before it ends.
    pub end: usize,
    /// The hash of what precedes it, and of its tokens.
    #[serde(with = "hex")]
    pub hash: Hash,
}

impl Reply {
    /// The certificate of this reply, by the engine that wrote it.
    ///
    /// # Errors
    /// A model that was opened without the hash of its weights, or a reply that was sampled through
    /// a [chain](crate::Ask::chain) of the program's own.
    pub fn certificate(&self, engine: &Engine) -> Result<Certificate, EngineError> {
        if self.rules.own_chain {
            return Err(CertificateError::OwnChain.into());
        }
        let identity = engine.identity()?;
        let room = engine.context().saturating_sub(self.origin.ids.len());
        let terms = Terms {
            format: FORMAT,
            glassbox: env!("CARGO_PKG_VERSION").to_owned(),
            weights: identity.weights,
            tokenizer: identity.tokenizer,
            template: identity.template.map(|hash| hash.to_string()),
            computed_by: identity.computed_by,
            kv: identity.kv.to_owned(),
            prompt: self.origin.ids.clone(),
            opening: self.origin.opening,
            given: self.usage.kept_tokens,
            params: self.rules.params.clone(),
            budget: self.rules.budget.clone(),
            constraint: self.rules.constraint.clone(),
            on_loop: self.rules.on_loop,
            max_tokens: self.rules.max_tokens.min(room),
        };
        let tokens: Vec<u32> = self.tokens.iter().map(|token| token.id).collect();
        let ends = self.trace.steps.iter().filter_map(|step| step.tokens);
        let ends: Vec<usize> = ends.map(|span| span.end).collect();
        let (terms_hash, hashes, seal) = chain(&terms, &tokens, &ends, self.stop());
        let links = ends.into_iter().zip(hashes);
        Ok(Certificate {
            terms,
            terms_hash,
            tokens,
            steps: links.map(|(end, hash)| Link { end, hash }).collect(),
            stop: self.stop(),
            seal,
        })
    }
}

impl Certificate {
    /// Checks the chain of hashes. No model is needed.
    ///
    /// # Errors
    /// The first place that is not what was sealed.
    pub fn check(&self) -> Result<(), CertificateError> {
        let (got, tokens) = (self.terms.format, self.tokens.len());
        if got != FORMAT {
            return Err(CertificateError::Format { got, known: FORMAT });
        }
        let mut from = 0;
        for (step, &Link { end, .. }) in self.steps.iter().enumerate() {
            if !(from..=tokens).contains(&end) {
                return Err(CertificateError::Order {
                    step,
                    end,
                    from,
                    tokens,
                });
            }
            from = end;
        }
        let kept = self.terms.given;
        if kept > tokens {
            return Err(CertificateError::Kept { kept, tokens });
        }
        let ends: Vec<usize> = self.steps.iter().map(|link| link.end).collect();
        let (terms, hashes, seal) = chain(&self.terms, &self.tokens, &ends, self.stop);
        if terms != self.terms_hash {
            return Err(CertificateError::Terms);
        }
        let mut links = self.steps.iter().zip(hashes);
        if let Some(step) = links.position(|(link, hash)| link.hash != hash) {
            return Err(CertificateError::Step { step });
        }
        match seal == self.seal {
            true => Ok(()),
            false => Err(CertificateError::Seal),
        }
    }

    /// The step of a token; `None` after the last.
    pub fn step_of(&self, token: usize) -> Option<usize> {
        self.steps.iter().position(|link| token < link.end)
    }
}

/// The hash of the terms, one for each step, and the seal. `ends` ascend and are within `tokens`.
fn chain(
    terms: &Terms,
    tokens: &[u32],
    ends: &[usize],
    stop: StopReason,
) -> (Hash, Vec<Hash>, Hash) {
    let json = serde_json::to_vec(terms).expect("terms are plain data with text for keys");
    let first = blake3::derive_key("glassbox certificate 1: terms", &json);
    let first = Hash::from_bytes(first);
    let (mut from, mut last) = (0, first);
    let mut next = |end: usize, context: &str, more: &[u8]| {
        let mut hasher = Hasher::new_derive_key(context);
        hasher.update(last.as_bytes());
        for id in &tokens[from..end] {
            hasher.update(&id.to_le_bytes());
        }
        hasher.update(more);
        (from, last) = (end, hasher.finalize());
        last
    };
    let steps = ends.iter();
    let steps = steps.map(|&end| next(end, "glassbox certificate 1: step", &[]));
    let steps: Vec<Hash> = steps.collect();
    let stop = format!("{stop:?}");
    let seal = next(
        tokens.len(),
        "glassbox certificate 1: seal",
        stop.as_bytes(),
    );
    (first, steps, seal)
}
