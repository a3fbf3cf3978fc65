/// The type in which a cache keeps keys and values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KvType {
    /// Exactly what the model computed.
    F32,
    /// Rounded to the nearest f16 on writing: half the memory.
    #[default]
    F16,
}

impl KvType {
    /// Bytes of one element.
    pub const fn bytes(self) -> usize {
        match self {
            KvType::F32 => 4,
            KvType::F16 => 2,
        }
    }
}

/// The heads of one attention layer; `n_heads` is a multiple of `n_kv_heads` (grouped queries).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttentionShape {
    /// Query heads.
    pub n_heads: usize,
    /// Heads of keys and values, each shared by `n_heads / n_kv_heads` query heads.
    pub n_kv_heads: usize,
    /// Elements of a head.
    pub head_dim: usize,
}

impl AttentionShape {
    /// Width of a row of queries: `n_heads * head_dim`.
    pub const fn q_width(&self) -> usize {
        self.n_heads * self.head_dim
    }

    /// Width of a row of keys or values: `n_kv_heads * head_dim`.
    pub const fn kv_width(&self) -> usize {
        self.n_kv_heads * self.head_dim
    }

    /// The factor on scores, `1 / sqrt(head_dim)`.
    pub fn scale(&self) -> f32 {
        1.0 / (self.head_dim as f32).sqrt()
    }
}
