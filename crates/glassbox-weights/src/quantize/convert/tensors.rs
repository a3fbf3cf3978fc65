use super::super::{Origin, Planned};
use super::ConvertError;
use crate::{
    Checkpoint, LlamaConfig, ModelConfig, Qwen2Config, RopeType, TensorInfo, WeightsError,
};
use glassbox_core::DType;
use std::collections::BTreeSet;

/// The sizes that tensor shapes are made of.
struct Sizes {
    vocab: u64,
    hidden: u64,
    ffn: u64,
    n_layers: u64,
    n_heads: u64,
    n_kv_heads: u64,
    head_dim: u64,
    tied: bool,
    qkv_bias: bool,
    o_bias: bool,
    mlp_bias: bool,
    /// Whether q and k rows are interleaved in GGUF.
    interleaved: bool,
}

impl From<&Qwen2Config> for Sizes {
    fn from(c: &Qwen2Config) -> Self {
        Sizes {
            vocab: c.vocab_size,
            hidden: c.hidden_size,
            ffn: c.intermediate_size,
            n_layers: c.num_hidden_layers,
            n_heads: c.num_attention_heads,
            n_kv_heads: c.num_key_value_heads,
            head_dim: c.head_dim(),
            tied: c.tie_word_embeddings,
            qkv_bias: true,
            o_bias: false,
            mlp_bias: false,
            interleaved: false,
        }
    }
}

impl From<&LlamaConfig> for Sizes {
    fn from(c: &LlamaConfig) -> Self {
        Sizes {
            vocab: c.vocab_size,
            hidden: c.hidden_size,
            ffn: c.intermediate_size,
            n_layers: c.num_hidden_layers,
            n_heads: c.num_attention_heads,
            n_kv_heads: c.num_key_value_heads,
            head_dim: c.head_dim(),
            tied: c.tie_word_embeddings,
            qkv_bias: c.attention_bias,
            o_bias: c.attention_bias,
            mlp_bias: c.mlp_bias,
            interleaved: true,
        }
    }
}

/// Plans every tensor that the config calls for, and refuses those that it does not.
pub(super) fn plan<'a>(
    source: &'a Checkpoint,
    config: &ModelConfig,
) -> Result<Vec<Planned<'a>>, WeightsError> {
    let sizes = match config {
        ModelConfig::Qwen2(c) => Sizes::from(c),
        ModelConfig::Llama(c) => Sizes::from(c),
    };
    let mut planner = Planner {
        source,
        plan: Vec::new(),
        used: BTreeSet::new(),
    };
    planner.take(
        "model.embed_tokens.weight",
        "token_embd.weight",
        &[sizes.vocab, sizes.hidden],
    )?;
    for layer in 0..sizes.n_layers {
        planner.layer(layer, &sizes)?;
    }
    planner.take("model.norm.weight", "output_norm.weight", &[sizes.hidden])?;
    if !sizes.tied {
        planner.take(
            "lm_head.weight",
            "output.weight",
            &[sizes.vocab, sizes.hidden],
        )?;
    }
    planner.refuse_rest(&sizes, config.model_type())?;
    let mut plan = planner.plan;
    if let Some(factors) = rope_factors(config) {
        plan.push(Planned {
            name: "rope_freqs.weight".into(),
            shape: vec![factors.len() as u64],
            dtype: DType::F32,
            origin: Origin::Values(factors),
            interleave: None,
        });
    }
    Ok(plan)
}

struct Planner<'a> {
    source: &'a Checkpoint,
    plan: Vec<Planned<'a>>,
    used: BTreeSet<&'a str>,
}

impl<'a> Planner<'a> {
    fn take(&mut self, from: &str, to: &str, shape: &[u64]) -> Result<(), WeightsError> {
        let info = self
            .source
            .info(from)
            .ok_or_else(|| WeightsError::MissingTensor {
                tensor: from.into(),
            })?;
        if info.shape() != shape {
            return Err(WeightsError::Shape {
                tensor: from.into(),
                expected: shape.to_vec(),
                got: info.shape().to_vec(),
            });
        }
        self.used.insert(info.name());
        self.plan.push(planned(to, info));
        Ok(())
    }

    fn layer(&mut self, layer: u64, s: &Sizes) -> Result<(), WeightsError> {
        let q = s.n_heads * s.head_dim;
        let kv = s.n_kv_heads * s.head_dim;
        // (module in Hugging Face, name in GGUF, out, in, has a bias, heads to interleave)
        let linears = [
            (
                "self_attn.q_proj",
                "attn_q",
                q,
                s.hidden,
                s.qkv_bias,
                Some(s.n_heads),
            ),
            (
                "self_attn.k_proj",
                "attn_k",
                kv,
                s.hidden,
                s.qkv_bias,
                Some(s.n_kv_heads),
            ),
            ("self_attn.v_proj", "attn_v", kv, s.hidden, s.qkv_bias, None),
            (
                "self_attn.o_proj",
                "attn_output",
                s.hidden,
                q,
                s.o_bias,
                None,
            ),
            (
                "mlp.gate_proj",
                "ffn_gate",
                s.ffn,
                s.hidden,
                s.mlp_bias,
                None,
            ),
            ("mlp.up_proj", "ffn_up", s.ffn, s.hidden, s.mlp_bias, None),
            (
                "mlp.down_proj",
                "ffn_down",
                s.hidden,
                s.ffn,
                s.mlp_bias,
                None,
            ),
        ];
        let norms = [
            ("input_layernorm", "attn_norm"),
            ("post_attention_layernorm", "ffn_norm"),
        ];
        for (from, to) in norms {
            let from = format!("model.layers.{layer}.{from}.weight");
            self.take(&from, &format!("blk.{layer}.{to}.weight"), &[s.hidden])?;
        }
        for (from, to, rows, cols, bias, heads) in linears {
            let from = format!("model.layers.{layer}.{from}");
            let to = format!("blk.{layer}.{to}");
            let first = self.plan.len();
            self.take(
                &format!("{from}.weight"),
                &format!("{to}.weight"),
                &[rows, cols],
            )?;
            if bias {
                self.take(&format!("{from}.bias"), &format!("{to}.bias"), &[rows])?;
            }
            if s.interleaved {
                for planned in &mut self.plan[first..] {
                    planned.interleave = heads;
                }
            }
        }
        Ok(())
    }

    fn refuse_rest(&self, sizes: &Sizes, family: &'static str) -> Result<(), ConvertError> {
        let unknown = self.source.tensors().map(TensorInfo::name).find(|name| {
            let computed = name.ends_with(".rotary_emb.inv_freq");
            // A tied model's file may hold the output matrix too; the config says which counts.
            let tied = sizes.tied && *name == "lm_head.weight";
            !(computed || tied || self.used.contains(name))
        });
        match unknown {
            None => Ok(()),
            Some(tensor) => Err(ConvertError::UnknownTensor {
                tensor: tensor.into(),
                family,
            }),
        }
    }
}

fn planned<'a>(name: &str, info: &'a TensorInfo) -> Planned<'a> {
    Planned {
        name: name.into(),
        shape: info.shape().to_vec(),
        dtype: info.dtype(),
        origin: Origin::Tensor(info),
        interleave: None,
    }
}

/// Llama 3's scaling as GGUF has it, in `rope_freqs.weight`: what each pair's frequency is divided
/// by; `None` for a config without such a scaling.
pub fn rope_factors(config: &ModelConfig) -> Option<Vec<f32>> {
    let (theta, scaling, head_dim) = match config {
        ModelConfig::Qwen2(c) => (c.rope_theta, c.rope_scaling.as_ref()?, c.head_dim()),
        ModelConfig::Llama(c) => (c.rope_theta, c.rope_scaling.as_ref()?, c.head_dim()),
    };
    if scaling.rope_type != RopeType::Llama3 {
        return None;
    }
    let low = scaling.low_freq_factor?;
    let high = scaling.high_freq_factor?;
    let original = scaling.original_max_position_embeddings? as f64;
    let factors = (0..head_dim / 2).map(|i| {
        let frequency = libm::pow(theta, -2.0 * i as f64 / head_dim as f64);
        let wavelength = std::f64::consts::TAU / frequency;
        if wavelength < original / high {
            1.0
        } else if wavelength > original / low {
            scaling.factor as f32
        } else {
            let smooth = (original / wavelength - low) / (high - low);
            (1.0 / ((1.0 - smooth) / scaling.factor + smooth)) as f32
        }
    });
    Some(factors.collect())
}
