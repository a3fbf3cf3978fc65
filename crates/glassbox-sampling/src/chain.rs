//! The steps in their order.

use crate::steps::{Dry, LogitBias, MinP, Penalties, Temperature, TopK, TopP, Typical, Xtc};
use crate::{SamplingError, SamplingParams, Step};
use std::fmt;
use std::sync::Arc;

/// Steps that are applied one after the other; the token is drawn from what they leave.
///
/// The default order is `logit_bias`, `penalties`, `dry`, `temperature`, `top_k`, `top_p`, `min_p`, `typical`, `xtc`.
/// It is Hugging Face's, and vLLM's in what the two have in common: penalties act on the model's logits, and the
/// **temperature comes before the filters**, because so do the engines in which R1's advice of temperature 0.6 and
/// top-p 0.95 is followed, vLLM above all. (llama.cpp has the temperature last: its top-p 0.95 is that of the
/// distribution at temperature 1, and keeps more tokens.) A program that wants another order pushes the steps itself.
///
/// A chain is cheap to clone and can be shared by many sequences: steps keep no state.
///
/// ```
/// use glassbox_sampling::{Candidates, Chain, Context, SamplingParams, Step};
/// use std::error::Error;
///
/// /// Lets only even token ids through.
/// struct Even;
///
/// impl Step for Even {
///     fn name(&self) -> &str {
///         "even"
///     }
///
///     fn apply(&self, candidates: &mut Candidates, _: &Context<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
///         candidates.retain(|c| c.id % 2 == 0);
///         Ok(())
///     }
/// }
///
/// let mut chain = Chain::from_params(&SamplingParams::default());
/// chain.insert_before("temperature", Even)?;
/// assert_eq!(
///     chain.names().collect::<Vec<_>>(),
///     ["logit_bias", "penalties", "dry", "even", "temperature", "top_k", "top_p", "min_p", "typical", "xtc"],
/// );
/// # Ok::<(), glassbox_sampling::SamplingError>(())
/// ```
#[derive(Clone, Default)]
pub struct Chain {
    steps: Vec<Arc<dyn Step>>,
}

impl Chain {
    /// No steps: the token is drawn from the softmax of the logits.
    pub fn new() -> Self {
        Self::default()
    }

    /// All built-in steps in the default order, with these settings. Those that the settings leave off are in it too,
    /// so that their names are there to insert at; they cost nothing.
    pub fn from_params(params: &SamplingParams) -> Self {
        let steps: Vec<Arc<dyn Step>> = vec![
            Arc::new(LogitBias {
                bias: params.logit_bias.clone(),
            }),
            Arc::new(Penalties {
                repetition: params.repetition_penalty,
                presence: params.presence_penalty,
                frequency: params.frequency_penalty,
                last_n: params.penalty_last_n,
                prompt: params.penalize_prompt,
            }),
            Arc::new(Dry::new(
                params.dry_multiplier,
                params.dry_base,
                params.dry_allowed_length,
                params.dry_last_n,
                &params.dry_sequence_breakers,
            )),
            Arc::new(Temperature {
                temperature: params.temperature,
            }),
            Arc::new(TopK { k: params.top_k }),
            Arc::new(TopP { p: params.top_p }),
            Arc::new(MinP {
                min_p: params.min_p,
            }),
            Arc::new(Typical {
                p: params.typical_p,
            }),
            Arc::new(Xtc {
                probability: params.xtc_probability,
                threshold: params.xtc_threshold,
            }),
        ];
        Self { steps }
    }

    /// Appends a step.
    ///
    /// # Errors
    /// [`SamplingError::DuplicateStep`] if its name is taken.
    pub fn push(&mut self, step: impl Step + 'static) -> Result<(), SamplingError> {
        self.insert(self.steps.len(), step)
    }

    /// Inserts a step before the one of that name.
    ///
    /// # Errors
    /// [`SamplingError::UnknownStep`] if there is none, [`SamplingError::DuplicateStep`] if the new one's name is taken.
    pub fn insert_before(
        &mut self,
        name: &str,
        step: impl Step + 'static,
    ) -> Result<(), SamplingError> {
        self.insert(self.index(name)?, step)
    }

    /// Inserts a step after the one of that name.
    ///
    /// # Errors
    /// As [`Self::insert_before`].
    pub fn insert_after(
        &mut self,
        name: &str,
        step: impl Step + 'static,
    ) -> Result<(), SamplingError> {
        self.insert(self.index(name)? + 1, step)
    }

    /// Takes a step out and returns it.
    ///
    /// # Errors
    /// [`SamplingError::UnknownStep`] if there is none of that name.
    pub fn remove(&mut self, name: &str) -> Result<Arc<dyn Step>, SamplingError> {
        Ok(self.steps.remove(self.index(name)?))
    }

    /// The steps' names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(|s| s.name())
    }

    /// The steps that do something.
    pub(crate) fn active(&self) -> impl Iterator<Item = &dyn Step> {
        self.steps.iter().map(|s| &**s).filter(|s| !s.is_neutral())
    }

    /// True if all that the chain does is to keep the best candidate.
    pub(crate) fn is_argmax(&self) -> bool {
        let mut active = self.active();
        active.next().is_some_and(|s| s.is_argmax()) && active.next().is_none()
    }

    fn insert(&mut self, index: usize, step: impl Step + 'static) -> Result<(), SamplingError> {
        if self.index(step.name()).is_ok() {
            return Err(SamplingError::DuplicateStep {
                name: step.name().to_owned(),
            });
        }
        self.steps.insert(index, Arc::new(step));
        Ok(())
    }

    fn index(&self, name: &str) -> Result<usize, SamplingError> {
        self.names()
            .position(|n| n == name)
            .ok_or_else(|| SamplingError::UnknownStep {
                name: name.to_owned(),
                known: self.names().map(str::to_owned).collect(),
            })
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_found_by_name() {
        let mut chain = Chain::from_params(&SamplingParams::default());
        let k = chain.remove("top_k").unwrap();
        assert_eq!(k.name(), "top_k");
        chain.insert_after("top_p", TopK { k: 5 }).unwrap();
        assert_eq!(
            format!("{chain:?}"),
            r#"["logit_bias", "penalties", "dry", "temperature", "top_p", "top_k", "min_p", "typical", "xtc"]"#
        );
        let twice = chain.push(TopK { k: 5 }).unwrap_err();
        assert_eq!(
            twice.to_string(),
            "the chain already has a step `top_k`; remove it first"
        );
        let unknown = chain
            .insert_before("topk", MinP { min_p: 0.1 })
            .unwrap_err();
        assert!(
            unknown
                .to_string()
                .starts_with("the chain has no step `topk`; it has [\"logit_bias\", ")
        );
    }

    #[test]
    fn only_settings_that_act_are_active() {
        let active = |p: &SamplingParams| {
            let chain = Chain::from_params(p);
            let names: Vec<String> = chain.active().map(|s| s.name().to_owned()).collect();
            (names, chain.is_argmax())
        };
        assert_eq!(
            active(&SamplingParams::greedy()),
            (vec!["temperature".into()], true)
        );
        let and_more = SamplingParams {
            top_k: 3,
            ..SamplingParams::greedy()
        };
        assert_eq!(
            active(&and_more),
            (vec!["temperature".into(), "top_k".into()], false)
        );
        assert_eq!(active(&SamplingParams::unfiltered()), (vec![], false));
        assert_eq!(
            active(&SamplingParams::default()),
            (vec!["temperature".into(), "top_p".into()], false)
        );
    }
}
