use super::RopeScaling;

/// The fields of a Qwen2 `config.json` that decide what is computed, under their own names.
#[derive(Clone, Debug, PartialEq)]
pub struct Qwen2Config {
    /// Entries of the embedding, padding rows included.
    pub vocab_size: u64,
    /// Width of the residual stream.
    pub hidden_size: u64,
    /// Width between the two halves of the feed-forward network.
    pub intermediate_size: u64,
    /// Layers.
    pub num_hidden_layers: u64,
    /// Query heads.
    pub num_attention_heads: u64,
    /// Heads of keys and values; as many as query heads when the config is silent.
    pub num_key_value_heads: u64,
    /// Elements of a head, where it is not `hidden_size / num_attention_heads`.
    pub head_dim: Option<u64>,
    /// The activation: `silu`, or nothing gets here.
    pub hidden_act: String,
    /// Positions that the model was made for.
    pub max_position_embeddings: u64,
    /// The epsilon of every norm.
    pub rms_norm_eps: f64,
    /// The base of rotary embedding.
    pub rope_theta: f64,
    /// How positions are stretched, if they are.
    pub rope_scaling: Option<RopeScaling>,
    /// Whether the output matrix is the embedding.
    pub tie_word_embeddings: bool,
    /// Whether `sliding_window` counts.
    pub use_sliding_window: bool,
    /// The window, in positions.
    pub sliding_window: Option<u64>,
    /// The first layers attend to everything, this many.
    pub max_window_layers: Option<u64>,
    /// Per layer `full_attention` or `sliding_attention`; newer configs have it.
    pub layer_types: Option<Vec<String>>,
    /// Beginning of sequence.
    pub bos_token_id: Option<u32>,
    /// Ends of sequence; generation configs may name more.
    pub eos_token_id: Vec<u32>,
}

impl Qwen2Config {
    /// Elements of a head.
    pub fn head_dim(&self) -> u64 {
        self.head_dim
            .unwrap_or(self.hidden_size / self.num_attention_heads)
    }

    /// The window and the layers that have it, if any layer has one.
    ///
    /// Follows `transformers`: without `use_sliding_window` there is none; `layer_types` decides
    /// where it is given, and otherwise the layers from `max_window_layers` on.
    pub fn sliding_layers(&self) -> Option<(u64, Vec<u64>)> {
        if !self.use_sliding_window {
            return None;
        }
        let window = self.sliding_window?;
        let layers: Vec<u64> = match &self.layer_types {
            Some(types) => (0u64..)
                .zip(types)
                .filter(|(_, t)| *t == "sliding_attention")
                .map(|(layer, _)| layer)
                .collect(),
            None => (self.max_window_layers.unwrap_or(0)..self.num_hidden_layers).collect(),
        };
        (!layers.is_empty()).then_some((window, layers))
    }
}
