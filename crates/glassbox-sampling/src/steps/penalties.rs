//! Repetition, presence and frequency penalties.

use super::Outcome;
use crate::math::to_finite;
use crate::{Candidates, Context, Step};

/// Three penalties for tokens that came before, applied in this order:
///
/// 1. **repetition** `r`: `l = l / r` if `l > 0`, else `l · r`, for a token that was seen. Source: CTRL (Keskar et al.,
///    arXiv 1909.05858, §4.1) with the sign rule of Hugging Face and llama.cpp, without which a negative logit would be
///    rewarded;
/// 2. **frequency** `f`: `l −= f · count`, and
/// 3. **presence** `s`: `l −= s` if `count > 0`. Source: OpenAI's API.
///
/// Which tokens count, as in vLLM: the repetition penalty sees the prompt (if `prompt` says so; Hugging Face and
/// llama.cpp do so too) and the generated tokens; the other two see the generated tokens alone, as OpenAI's do.
/// (llama.cpp counts the prompt for all three.) `last_n` limits all of them to the last tokens of the sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct Penalties {
    /// The repetition penalty; 1 is off.
    pub repetition: f64,
    /// The presence penalty; 0 is off.
    pub presence: f64,
    /// The frequency penalty; 0 is off.
    pub frequency: f64,
    /// How many of the last tokens count; all if none.
    pub last_n: Option<u32>,
    /// Whether the repetition penalty sees the prompt.
    pub prompt: bool,
}

impl Penalties {
    fn penalized(&self, logit: f32, count: u32) -> f32 {
        let mut l = f64::from(logit);
        l = if l > 0.0 {
            l / self.repetition
        } else {
            l * self.repetition
        };
        if count > 0 {
            l -= self.frequency * f64::from(count) + self.presence;
        }
        to_finite(l)
    }
}

impl Step for Penalties {
    fn name(&self) -> &str {
        "penalties"
    }

    fn is_neutral(&self) -> bool {
        self.last_n == Some(0)
            || (self.repetition == 1.0 && self.presence == 0.0 && self.frequency == 0.0)
    }

    fn apply(&self, candidates: &mut Candidates, context: &Context<'_>) -> Outcome {
        let (prompt, generated) = context.history.window(self.last_n);
        let prompt = if self.prompt { prompt } else { &[] };

        // The count of a token, plus one, so that a token of the prompt alone differs from one not seen.
        let mut counts = std::mem::take(&mut candidates.per_id);
        counts.resize(context.history.vocab(), 0);
        for id in prompt.iter().chain(generated) {
            counts[*id as usize] = 1;
        }
        for id in generated {
            counts[*id as usize] += 1;
        }
        // Taking each count as it's used leaves the table zero, and counts a token that came twice once.
        let seen = prompt.iter().chain(generated).filter_map(|id| {
            let count = std::mem::take(&mut counts[*id as usize]);
            (count > 0).then_some((*id, move |logit| self.penalized(logit, count - 1)))
        });
        candidates.update_all(seen);
        candidates.per_id = counts;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::History;
    use crate::candidates::tests::{candidates, logits};

    const OFF: Penalties = Penalties {
        repetition: 1.0,
        presence: 0.0,
        frequency: 0.0,
        last_n: None,
        prompt: true,
    };

    /// A prompt of 0 and 1; then 1, 2, 2, 3 were generated.
    fn after(step: &Penalties) -> Vec<f32> {
        let mut h = History::new(5);
        h.push_prompt(&[0, 1]).unwrap();
        for id in [1, 2, 2, 3] {
            h.push(id).unwrap();
        }
        let mut c = candidates(&[4.0, -4.0, 2.0, 0.0, 1.0]);
        step.apply(&mut c, &Context::new(&h, 6, 0)).unwrap();
        assert!(c.per_id.iter().all(|n| *n == 0));
        logits(&c)
    }

    #[test]
    fn repetition_counts_the_prompt_if_asked() {
        let step = Penalties {
            repetition: 2.0,
            ..OFF
        };
        assert_eq!(after(&step), [2.0, -8.0, 1.0, 0.0, 1.0]);
        assert_eq!(
            after(&Penalties {
                prompt: false,
                ..step
            }),
            [4.0, -8.0, 1.0, 0.0, 1.0]
        );
    }

    #[test]
    fn presence_and_frequency_count_what_was_generated() {
        assert_eq!(
            after(&Penalties {
                presence: 0.5,
                ..OFF
            }),
            [4.0, -4.5, 1.5, -0.5, 1.0]
        );
        assert_eq!(
            after(&Penalties {
                frequency: 0.5,
                ..OFF
            }),
            [4.0, -4.5, 1.0, -0.5, 1.0]
        );
    }

    #[test]
    fn the_window_limits_all() {
        let all = Penalties {
            repetition: 2.0,
            presence: 0.25,
            frequency: 0.5,
            last_n: Some(2),
            prompt: true,
        };
        assert_eq!(after(&all), [4.0, -4.0, 0.25, -0.75, 1.0]);
        assert!(
            Penalties {
                last_n: Some(0),
                ..all.clone()
            }
            .is_neutral()
        );
        assert!(OFF.is_neutral() && !all.is_neutral());
    }

    #[test]
    fn an_overflow_stays_finite() {
        let step = Penalties {
            repetition: 1e-300,
            ..OFF
        };
        assert_eq!(step.penalized(1.0, 0), f32::MAX);
        let step = Penalties {
            repetition: 100.0,
            ..OFF
        };
        assert_eq!(step.penalized(f32::MIN, 0), f32::MIN);
    }
}
