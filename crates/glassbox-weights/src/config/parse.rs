use super::fields::Fields;
use super::{ConfigError, LlamaConfig, ModelConfig, Qwen2Config, rope};
use crate::json::parse_object;

const MODEL_TYPES: &[&str] = &["qwen2", "llama"];
const LAYER_TYPES: &[&str] = &["full_attention", "sliding_attention"];

/// What every family has.
struct Common {
    vocab_size: u64,
    hidden_size: u64,
    intermediate_size: u64,
    num_hidden_layers: u64,
    num_attention_heads: u64,
    num_key_value_heads: u64,
    head_dim: Option<u64>,
    hidden_act: String,
    rms_norm_eps: f64,
    tie_word_embeddings: bool,
    bos_token_id: Option<u32>,
    eos_token_id: Vec<u32>,
}

impl ModelConfig {
    /// Parses the bytes of a `config.json`.
    ///
    /// # Errors
    /// Whatever is missing, of the wrong type, out of range, contradictory, unknown, or known and
    /// not supported, by its name. See the [module](super) for what happens to unknown keys.
    pub fn parse(bytes: &[u8]) -> Result<ModelConfig, ConfigError> {
        let mut fields = Fields::new("", parse_object(bytes)?);
        let model_type = fields
            .one_of("model_type", MODEL_TYPES)?
            .ok_or_else(|| fields.missing("model_type", "qwen2 or llama"))?;
        fields.refuse("quantization_config")?;
        fields.refuse("is_encoder_decoder")?;
        fields.refuse("add_cross_attention")?;
        rope::partial_rotary(&mut fields)?;
        let config = match model_type.as_str() {
            "qwen2" => ModelConfig::Qwen2(qwen2(&mut fields)?),
            _ => ModelConfig::Llama(llama(&mut fields)?),
        };
        fields.finish(true)?;
        Ok(config)
    }

    /// The value of `model_type`.
    pub fn model_type(&self) -> &'static str {
        match self {
            ModelConfig::Qwen2(_) => "qwen2",
            ModelConfig::Llama(_) => "llama",
        }
    }

    /// Ends of sequence, as the config names them.
    pub fn eos_token_id(&self) -> &[u32] {
        match self {
            ModelConfig::Qwen2(c) => &c.eos_token_id,
            ModelConfig::Llama(c) => &c.eos_token_id,
        }
    }
}

fn qwen2(fields: &mut Fields) -> Result<Qwen2Config, ConfigError> {
    architectures(fields, &["Qwen2ForCausalLM"])?;
    let c = common(fields)?;
    let (rope_theta, rope_scaling) = rope::read(fields, 10_000.0)?;
    let layer_types = fields.strings("layer_types")?;
    if let Some(types) = &layer_types {
        check_layer_types(types, c.num_hidden_layers, LAYER_TYPES)?;
    }
    // Qwen2 has biases on q, k and v whatever a config says, and nowhere else: `transformers` does
    // not read the key.
    fields.bool("attention_bias")?;
    fields.refuse("mlp_bias")?;
    fields.refuse("qk_norm")?;
    Ok(Qwen2Config {
        vocab_size: c.vocab_size,
        hidden_size: c.hidden_size,
        intermediate_size: c.intermediate_size,
        num_hidden_layers: c.num_hidden_layers,
        num_attention_heads: c.num_attention_heads,
        num_key_value_heads: c.num_key_value_heads,
        head_dim: c.head_dim,
        hidden_act: c.hidden_act,
        max_position_embeddings: positions(fields, 32_768)?,
        rms_norm_eps: c.rms_norm_eps,
        rope_theta,
        rope_scaling,
        tie_word_embeddings: c.tie_word_embeddings,
        use_sliding_window: fields.bool("use_sliding_window")?.unwrap_or(false),
        sliding_window: fields.u64("sliding_window")?,
        max_window_layers: fields.u64("max_window_layers")?,
        layer_types,
        bos_token_id: c.bos_token_id,
        eos_token_id: c.eos_token_id,
    })
}

fn llama(fields: &mut Fields) -> Result<LlamaConfig, ConfigError> {
    architectures(fields, &["LlamaForCausalLM"])?;
    let c = common(fields)?;
    // Some exports say that their q and k rows are in the order for interleaved rotation.
    fields.refuse("rope_interleaved")?;
    fields.refuse("sliding_window")?;
    if let Some(types) = fields.strings("layer_types")? {
        check_layer_types(&types, c.num_hidden_layers, &["full_attention"])?;
    }
    let (rope_theta, rope_scaling) = rope::read(fields, 10_000.0)?;
    Ok(LlamaConfig {
        vocab_size: c.vocab_size,
        hidden_size: c.hidden_size,
        intermediate_size: c.intermediate_size,
        num_hidden_layers: c.num_hidden_layers,
        num_attention_heads: c.num_attention_heads,
        num_key_value_heads: c.num_key_value_heads,
        head_dim: c.head_dim,
        hidden_act: c.hidden_act,
        max_position_embeddings: positions(fields, 2_048)?,
        rms_norm_eps: c.rms_norm_eps,
        rope_theta,
        rope_scaling,
        tie_word_embeddings: c.tie_word_embeddings,
        attention_bias: fields.bool("attention_bias")?.unwrap_or(false),
        mlp_bias: fields.bool("mlp_bias")?.unwrap_or(false),
        bos_token_id: c.bos_token_id,
        eos_token_id: c.eos_token_id,
    })
}

/// A classifier or a bare backbone has the same keys and another head.
fn architectures(fields: &mut Fields, only: &'static [&'static str]) -> Result<(), ConfigError> {
    let found = fields.strings("architectures")?.unwrap_or_default();
    if found.is_empty() || found.iter().any(|a| only.contains(&a.as_str())) {
        return Ok(());
    }
    Err(ConfigError::Unsupported {
        field: "architectures".into(),
        found: format!("{found:?}"),
        supported: only,
    })
}

fn positions(fields: &mut Fields, default: u64) -> Result<u64, ConfigError> {
    let n = fields.size(
        "max_position_embeddings",
        1 << 40,
        "an integer from 1 to 2^40",
    )?;
    Ok(n.unwrap_or(default))
}

fn check_layer_types(
    types: &[String],
    n_layers: u64,
    supported: &'static [&'static str],
) -> Result<(), ConfigError> {
    if types.len() as u64 != n_layers {
        return Err(ConfigError::Contradiction {
            first: "num_hidden_layers",
            first_value: n_layers.to_string(),
            second: "layer_types",
            second_value: format!("{} layers", types.len()),
        });
    }
    match types.iter().find(|t| !supported.contains(&t.as_str())) {
        None => Ok(()),
        Some(found) => Err(ConfigError::Unsupported {
            field: "layer_types".into(),
            found: format!("{found:?}"),
            supported,
        }),
    }
}

fn common(fields: &mut Fields) -> Result<Common, ConfigError> {
    const WIDTH: u64 = 1 << 20;
    const UP_TO_WIDTH: &str = "an integer from 1 to 1048576";
    let hidden_size = fields.required_size("hidden_size", WIDTH, UP_TO_WIDTH)?;
    let heads = "an integer from 1 to 65536";
    let n_heads = fields.required_size("num_attention_heads", 1 << 16, heads)?;
    let n_kv_heads = fields.size("num_key_value_heads", 1 << 16, heads)?;
    let n_kv_heads = n_kv_heads.unwrap_or(n_heads);
    let head_dim = fields.size("head_dim", 1 << 16, "an integer from 1 to 65536")?;
    if head_dim.is_none() {
        divides(
            ("hidden_size", hidden_size),
            ("num_attention_heads", n_heads),
        )?;
    }
    divides(
        ("num_attention_heads", n_heads),
        ("num_key_value_heads", n_kv_heads),
    )?;
    Ok(Common {
        vocab_size: fields.required_size(
            "vocab_size",
            1 << 28,
            "an integer from 1 to 268435456",
        )?,
        hidden_size,
        intermediate_size: fields.required_size("intermediate_size", WIDTH * 8, {
            "an integer from 1 to 8388608"
        })?,
        num_hidden_layers: fields.required_size(
            "num_hidden_layers",
            1 << 12,
            "an integer from 1 to 4096",
        )?,
        num_attention_heads: n_heads,
        num_key_value_heads: n_kv_heads,
        head_dim,
        hidden_act: fields
            .one_of("hidden_act", &["silu"])?
            .unwrap_or_else(|| "silu".into()),
        rms_norm_eps: fields
            .positive("rms_norm_eps")?
            .ok_or_else(|| fields.missing("rms_norm_eps", "a number above 0"))?,
        tie_word_embeddings: fields.bool("tie_word_embeddings")?.unwrap_or(false),
        bos_token_id: fields.ids("bos_token_id")?.first().copied(),
        eos_token_id: fields.ids("eos_token_id")?,
    })
}

fn divides(
    (field, value): (&'static str, u64),
    (by_field, by): (&'static str, u64),
) -> Result<(), ConfigError> {
    if value.is_multiple_of(by) {
        return Ok(());
    }
    Err(ConfigError::Divide {
        field,
        value,
        by_field,
        by,
    })
}
