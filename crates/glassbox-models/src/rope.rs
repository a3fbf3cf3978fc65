use crate::{DecoderSpec, SpecError};
use glassbox_core::Rope;
use std::f32::consts::PI;

/// How rotary frequencies are stretched beyond the context that a model was first trained on.
#[derive(Clone, Debug, PartialEq)]
pub enum RopeScaling {
    /// Not at all.
    None,
    /// Every frequency divided by `factor`. Source: Chen et al., arXiv 2306.15595.
    Linear {
        /// How many times longer the context becomes.
        factor: f32,
    },
    /// Long waves divided by `factor`, short ones kept, a smooth band between.
    /// Source: the Llama 3.1 release.
    Llama3 {
        /// How many times longer the context becomes.
        factor: f32,
        /// Waves longer than `original_context / low_freq_factor` are divided.
        low_freq_factor: f32,
        /// Waves shorter than `original_context / high_freq_factor` are kept.
        high_freq_factor: f32,
        /// The context before scaling.
        original_context: f32,
    },
    /// Frequencies mixed over a ramp of dimensions, and attention sharpened.
    /// Source: Peng et al., YaRN, arXiv 2309.00071.
    Yarn {
        /// How many times longer the context becomes.
        factor: f32,
        /// Rotations over the original context above which a frequency is kept.
        beta_fast: f32,
        /// Rotations below which it is divided.
        beta_slow: f32,
        /// The context before scaling.
        original_context: f32,
        /// The factor on cosines and sines; `0.1 ln(factor) + 1` unless a config says otherwise.
        magnitude: f32,
        /// Whether the ramp's ends are rounded outwards to whole dimensions.
        truncate: bool,
    },
    /// Every frequency divided by a factor of its own, as a GGUF file's `rope_freqs.weight`
    /// stores the Llama 3 scaling.
    Factors(Vec<f32>),
}

impl RopeScaling {
    /// The magnitude that YaRN's authors recommend: `0.1 ln(factor) + 1`.
    pub(crate) fn yarn_magnitude(factor: f32) -> f32 {
        if factor <= 1.0 {
            1.0
        } else {
            0.1 * libm::logf(factor) + 1.0
        }
    }

    pub(crate) fn check(&self, head_dim: usize) -> Result<(), SpecError> {
        let fields: Vec<(&'static str, f32)> = match self {
            RopeScaling::None => vec![],
            RopeScaling::Linear { factor } => vec![("rope_scaling.factor", *factor)],
            RopeScaling::Llama3 {
                factor,
                low_freq_factor,
                high_freq_factor,
                original_context,
            } => {
                if low_freq_factor >= high_freq_factor {
                    return Err(SpecError::Llama3Order {
                        low: *low_freq_factor,
                        high: *high_freq_factor,
                    });
                }
                vec![
                    ("rope_scaling.factor", *factor),
                    ("rope_scaling.low_freq_factor", *low_freq_factor),
                    ("rope_scaling.high_freq_factor", *high_freq_factor),
                    (
                        "rope_scaling.original_max_position_embeddings",
                        *original_context,
                    ),
                ]
            }
            RopeScaling::Yarn {
                factor,
                beta_fast,
                beta_slow,
                original_context,
                magnitude,
                ..
            } => {
                vec![
                    ("rope_scaling.factor", *factor),
                    ("rope_scaling.beta_fast", *beta_fast),
                    ("rope_scaling.beta_slow", *beta_slow),
                    (
                        "rope_scaling.original_max_position_embeddings",
                        *original_context,
                    ),
                    ("rope_scaling.attention_factor", *magnitude),
                ]
            }
            RopeScaling::Factors(factors) => {
                if factors.len() != head_dim / 2 {
                    let (got, max) = (factors.len(), head_dim / 2);
                    return Err(SpecError::Range {
                        field: "factors of rope_freqs",
                        got,
                        max,
                    });
                }
                factors.iter().map(|&f| ("rope_freqs.weight", f)).collect()
            }
        };
        match fields
            .into_iter()
            .find(|(_, x)| !(x.is_finite() && *x > 0.0))
        {
            Some((field, got)) => Err(SpecError::NotPositive { field, got }),
            None => Ok(()),
        }
    }
}

/// The frequencies, in f32 arithmetic as the reference implementations do it.
pub(crate) fn build(spec: &DecoderSpec) -> Rope {
    let (dim, theta) = (spec.head_dim, spec.rope_theta);
    let plain = |i: usize| {
        let exponent = (2 * i) as f32 / dim as f32;
        1.0 / libm::pow(f64::from(theta), f64::from(exponent)) as f32
    };
    let mut inv_freq: Vec<f32> = (0..dim / 2).map(plain).collect();
    let mut magnitude = 1.0;
    match &spec.rope_scaling {
        RopeScaling::None => {}
        RopeScaling::Linear { factor } => inv_freq.iter_mut().for_each(|f| *f /= factor),
        RopeScaling::Factors(factors) => {
            inv_freq
                .iter_mut()
                .zip(factors)
                .for_each(|(f, factor)| *f /= factor);
        }
        RopeScaling::Llama3 {
            factor,
            low_freq_factor,
            high_freq_factor,
            original_context,
        } => {
            for f in &mut inv_freq {
                let wavelength = 2.0 * PI / *f;
                if wavelength > original_context / low_freq_factor {
                    *f /= factor;
                } else if wavelength >= original_context / high_freq_factor {
                    let band = high_freq_factor - low_freq_factor;
                    let smooth = (original_context / wavelength - low_freq_factor) / band;
                    *f = (1.0 - smooth) * *f / factor + smooth * *f;
                }
            }
        }
        RopeScaling::Yarn {
            factor,
            beta_fast,
            beta_slow,
            original_context,
            magnitude: sharpness,
            truncate,
        } => {
            magnitude = *sharpness;
            // The dimension whose wave turns `rotations` times over the original context.
            let dimension = |rotations: f32| {
                let waves = f64::from(original_context / (rotations * 2.0 * PI));
                dim as f64 * libm::log(waves) / (2.0 * libm::log(f64::from(theta)))
            };
            let (mut low, mut high) = (dimension(*beta_fast), dimension(*beta_slow));
            if *truncate {
                (low, high) = (low.floor(), high.ceil());
            }
            let (low, mut high) = (low.max(0.0), high.min((dim - 1) as f64));
            if low == high {
                high += 0.001;
            }
            for (i, f) in inv_freq.iter_mut().enumerate() {
                let ramp = ((i as f64 - low) / (high - low)).clamp(0.0, 1.0) as f32;
                *f = *f / factor * ramp + *f * (1.0 - ramp);
            }
        }
    }
    Rope {
        inv_freq,
        magnitude,
        layout: spec.rope_layout,
    }
}
