use super::ConvertError;
use crate::gguf::{Value, Writer};
use crate::{ModelConfig, RopeScaling, RopeType};

/// Sets the keys that describe the model, from its architecture to its rope scaling.
///
/// # Errors
/// A scaling that GGUF has no keys for.
pub fn describe(config: &ModelConfig, writer: &mut Writer) -> Result<(), ConvertError> {
    let arch = config.model_type();
    writer.set("general.architecture", Value::String(arch.into()));
    writer.set("general.type", Value::String("model".into()));
    let mut put = |key: &str, value: Value| {
        writer.set(format!("{arch}.{key}"), value);
    };
    // Every size was held against a limit below 2^32 when the config was parsed, but for the
    // context, whose limit is higher.
    let size = |n: u64| match u32::try_from(n) {
        Ok(n) => Value::U32(n),
        Err(_) => Value::U64(n),
    };
    let c = match config {
        ModelConfig::Qwen2(c) => common!(c),
        ModelConfig::Llama(c) => common!(c),
    };
    put("block_count", size(c.n_layers));
    put("context_length", size(c.context));
    put("embedding_length", size(c.hidden));
    put("feed_forward_length", size(c.ffn));
    put("attention.head_count", size(c.n_heads));
    put("attention.head_count_kv", size(c.n_kv_heads));
    put("rope.freq_base", Value::F32(c.rope_theta as f32));
    put(
        "attention.layer_norm_rms_epsilon",
        Value::F32(c.rms_eps as f32),
    );
    // The script takes configs from `transformers`, whose Llama always has a head size.
    if c.explicit_head_dim || arch == "llama" {
        put("attention.key_length", size(c.head_dim));
        put("attention.value_length", size(c.head_dim));
    }
    if arch == "llama" {
        put("vocab_size", size(c.vocab));
        put("rope.dimension_count", size(c.head_dim));
    }
    if let Some(scaling) = c.rope_scaling {
        put_scaling(scaling, c.context, &mut put)?;
    }
    Ok(())
}

/// What both families' configs call by the same names.
struct Common<'a> {
    vocab: u64,
    n_layers: u64,
    context: u64,
    hidden: u64,
    ffn: u64,
    n_heads: u64,
    n_kv_heads: u64,
    head_dim: u64,
    explicit_head_dim: bool,
    rope_theta: f64,
    rms_eps: f64,
    rope_scaling: Option<&'a RopeScaling>,
}

macro_rules! common {
    ($c:expr) => {
        Common {
            vocab: $c.vocab_size,
            n_layers: $c.num_hidden_layers,
            context: $c.max_position_embeddings,
            hidden: $c.hidden_size,
            ffn: $c.intermediate_size,
            n_heads: $c.num_attention_heads,
            n_kv_heads: $c.num_key_value_heads,
            head_dim: $c.head_dim(),
            explicit_head_dim: $c.head_dim.is_some(),
            rope_theta: $c.rope_theta,
            rms_eps: $c.rms_norm_eps,
            rope_scaling: $c.rope_scaling.as_ref(),
        }
    };
}
use common;

fn put_scaling(
    scaling: &RopeScaling,
    context: u64,
    put: &mut impl FnMut(&str, Value),
) -> Result<(), ConvertError> {
    let kind = match scaling.rope_type {
        RopeType::Linear => "linear",
        RopeType::Yarn => "yarn",
        // A tensor of factors says it all: see `tensors::rope_factors`.
        RopeType::Llama3 => return Ok(()),
    };
    put("rope.scaling.type", Value::String(kind.into()));
    put("rope.scaling.factor", Value::F32(scaling.factor as f32));
    if scaling.rope_type != RopeType::Yarn {
        return Ok(());
    }
    if scaling.truncate == Some(false) {
        return Err(ConvertError::Rope {
            field: "rope_scaling.truncate",
            found: "false".into(),
        });
    }
    let original = scaling.original_max_position_embeddings.unwrap_or(context);
    let original = u32::try_from(original).unwrap_or(u32::MAX);
    put("rope.scaling.original_context_length", Value::U32(original));
    if let Some(factor) = attention_factor(scaling) {
        put("rope.scaling.attn_factor", Value::F32(factor as f32));
    }
    for (key, value) in [
        ("rope.scaling.yarn_beta_fast", scaling.beta_fast),
        ("rope.scaling.yarn_beta_slow", scaling.beta_slow),
    ] {
        if let Some(x) = value {
            put(key, Value::F32(x as f32));
        }
    }
    Ok(())
}

/// What GGUF multiplies YaRN's own factor on cosine and sine by; `None` for 1.
///
/// A config states the whole factor, or DeepSeek's quotient of two; readers of GGUF compute the
/// paper's, `1 + 0.1 ln(factor)`, and multiply.
fn attention_factor(scaling: &RopeScaling) -> Option<f64> {
    let of_paper = |mscale: f64| match scaling.factor {
        factor if factor > 1.0 => 0.1 * mscale * libm::log(factor) + 1.0,
        _ => 1.0,
    };
    let whole = match (
        scaling.attention_factor,
        scaling.mscale,
        scaling.mscale_all_dim,
    ) {
        (Some(factor), _, _) => factor,
        (None, Some(a), Some(b)) if a != 0.0 && b != 0.0 => of_paper(a) / of_paper(b),
        _ => return None,
    };
    Some(whole / of_paper(1.0))
}
