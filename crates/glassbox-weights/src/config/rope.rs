use super::ConfigError;
use super::fields::Fields;
use crate::json::Json;

/// The kinds of `rope_scaling` that glassbox computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RopeType {
    /// Positions divided by `factor`.
    Linear,
    /// YaRN (arXiv 2309.00071).
    Yarn,
    /// Llama 3.1's: low frequencies divided by `factor`, high ones kept, a ramp between.
    Llama3,
}

impl RopeType {
    /// The name in the config.
    pub fn name(self) -> &'static str {
        match self {
            RopeType::Linear => "linear",
            RopeType::Yarn => "yarn",
            RopeType::Llama3 => "llama3",
        }
    }
}

/// `rope_scaling`, or what `rope_parameters` of newer configs says beyond the base.
///
/// Fields that belong to another type than `rope_type` are absent: such a key is refused.
#[derive(Clone, Debug, PartialEq)]
pub struct RopeScaling {
    /// The kind; `type` in older configs.
    pub rope_type: RopeType,
    /// How many times longer than the original the context is.
    pub factor: f64,
    /// Llama 3: wavelengths above `original / low_freq_factor` are scaled fully.
    pub low_freq_factor: Option<f64>,
    /// Llama 3: wavelengths below `original / high_freq_factor` are not scaled.
    pub high_freq_factor: Option<f64>,
    /// Positions before scaling; always there for Llama 3.
    pub original_max_position_embeddings: Option<u64>,
    /// YaRN: the factor on cosine and sine, where it is not the paper's.
    pub attention_factor: Option<f64>,
    /// YaRN: rotations above which a dimension is kept; 32 when absent.
    pub beta_fast: Option<f64>,
    /// YaRN: rotations below which a dimension is scaled; 1 when absent.
    pub beta_slow: Option<f64>,
    /// YaRN, DeepSeek's variant: numerator of the attention factor.
    pub mscale: Option<f64>,
    /// YaRN, DeepSeek's variant: denominator of the attention factor.
    pub mscale_all_dim: Option<f64>,
    /// YaRN: whether the ramp's ends are rounded to whole dimensions; true when absent.
    pub truncate: Option<bool>,
}

const TYPES: &[&str] = &["default", "linear", "yarn", "llama3"];

/// The base and the scaling, from `rope_theta`, `rope_scaling` and `rope_parameters`.
pub(super) fn read(
    fields: &mut Fields,
    default_theta: f64,
) -> Result<(f64, Option<RopeScaling>), ConfigError> {
    let theta = fields.positive("rope_theta")?;
    let old = fields.object("rope_scaling")?;
    let new = fields.object("rope_parameters")?;
    let (prefix, object) = match (old, new) {
        (Some(_), Some(new)) if !new.is_empty() => {
            return Err(ConfigError::Contradiction {
                first: "rope_scaling",
                first_value: "an object".into(),
                second: "rope_parameters",
                second_value: Json::Object(new).to_string(),
            });
        }
        (Some(old), _) => ("rope_scaling.", old),
        (None, Some(new)) => ("rope_parameters.", new),
        (None, None) => return Ok((theta.unwrap_or(default_theta), None)),
    };
    let mut inner = Fields::new(prefix, object);
    let inner_theta = inner.positive("rope_theta")?;
    if let (Some(a), Some(b)) = (theta, inner_theta)
        && a != b
    {
        return Err(ConfigError::Contradiction {
            first: "rope_theta",
            first_value: format!("{a:?}"),
            second: "rope_parameters.rope_theta",
            second_value: format!("{b:?}"),
        });
    }
    partial_rotary(&mut inner)?;
    let theta = theta.or(inner_theta).unwrap_or(default_theta);
    Ok((theta, scaling(inner)?))
}

/// Refuses a rotation of only part of a head.
pub(super) fn partial_rotary(fields: &mut Fields) -> Result<(), ConfigError> {
    match fields.f64("partial_rotary_factor")? {
        Some(x) if x != 1.0 => Err(ConfigError::Unsupported {
            field: fields.path("partial_rotary_factor"),
            found: format!("{x:?}"),
            supported: &["1.0"],
        }),
        _ => Ok(()),
    }
}

fn scaling(mut fields: Fields) -> Result<Option<RopeScaling>, ConfigError> {
    // Older files say `type`, newer ones `rope_type`, careful ones both.
    let old = fields.one_of("type", TYPES)?;
    let new = fields.one_of("rope_type", TYPES)?;
    if let (Some(old), Some(new)) = (&old, &new)
        && old != new
    {
        return Err(ConfigError::Contradiction {
            first: "rope_scaling.type",
            first_value: old.clone(),
            second: "rope_scaling.rope_type",
            second_value: new.clone(),
        });
    }
    let rope_type = match new.or(old).as_deref() {
        Some("linear") => RopeType::Linear,
        Some("yarn") => RopeType::Yarn,
        Some("llama3") => RopeType::Llama3,
        Some(_) => {
            fields.finish(false)?;
            return Ok(None);
        }
        None => return untyped(fields),
    };
    let factor = fields
        .positive("factor")?
        .ok_or_else(|| fields.missing("factor", "a number"))?;
    let mut scaling = RopeScaling {
        rope_type,
        factor,
        low_freq_factor: None,
        high_freq_factor: None,
        original_max_position_embeddings: None,
        attention_factor: None,
        beta_fast: None,
        beta_slow: None,
        mscale: None,
        mscale_all_dim: None,
        truncate: None,
    };
    const POSITIONS: &str = "an integer from 1 to 2^40";
    const ORIGINAL: &str = "original_max_position_embeddings";
    match rope_type {
        RopeType::Linear => {}
        RopeType::Llama3 => {
            for (field, slot) in [
                ("low_freq_factor", &mut scaling.low_freq_factor),
                ("high_freq_factor", &mut scaling.high_freq_factor),
            ] {
                let x = fields.positive(field)?;
                *slot = Some(x.ok_or_else(|| fields.missing(field, "a number"))?);
            }
            scaling.original_max_position_embeddings =
                Some(fields.required_size(ORIGINAL, 1 << 40, POSITIONS)?);
            check_ramp(&scaling)?;
        }
        RopeType::Yarn => {
            scaling.original_max_position_embeddings = fields.size(ORIGINAL, 1 << 40, POSITIONS)?;
            scaling.attention_factor = fields.positive("attention_factor")?;
            scaling.beta_fast = fields.positive("beta_fast")?;
            scaling.beta_slow = fields.positive("beta_slow")?;
            scaling.mscale = fields.f64("mscale")?;
            scaling.mscale_all_dim = fields.f64("mscale_all_dim")?;
            scaling.truncate = fields.bool("truncate")?;
        }
    }
    fields.finish(false)?;
    Ok(Some(scaling))
}

/// An object without a type says nothing, unless it says something.
fn untyped(fields: Fields) -> Result<Option<RopeScaling>, ConfigError> {
    let missing = fields.missing("rope_type", "one of default, linear, yarn, llama3");
    match fields.finish(false) {
        Ok(()) => Ok(None),
        Err(_) => Err(missing),
    }
}

/// The ramp of Llama 3 divides by the difference of its two factors.
fn check_ramp(scaling: &RopeScaling) -> Result<(), ConfigError> {
    match (scaling.low_freq_factor, scaling.high_freq_factor) {
        (Some(low), Some(high)) if low >= high => Err(ConfigError::Range {
            field: "rope_scaling.high_freq_factor".into(),
            found: format!("{high:?}"),
            expected: "a number above low_freq_factor",
        }),
        _ => Ok(()),
    }
}
