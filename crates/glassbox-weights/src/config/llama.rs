use super::RopeScaling;

/// The fields of a Llama `config.json` that decide what is computed, under their own names.
#[derive(Clone, Debug, PartialEq)]
pub struct LlamaConfig {
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
    /// Whether q, k, v and o have biases.
    pub attention_bias: bool,
    /// Whether the feed-forward network has biases.
    pub mlp_bias: bool,
    /// Beginning of sequence.
    pub bos_token_id: Option<u32>,
    /// Ends of sequence; generation configs may name more.
    pub eos_token_id: Vec<u32>,
}

impl LlamaConfig {
    /// Elements of a head.
    pub fn head_dim(&self) -> u64 {
        self.head_dim
            .unwrap_or(self.hidden_size / self.num_attention_heads)
    }
}
