/// The type in which a cache keeps keys and values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KvType {
    /// Exactly what the model computed.
    F32,
    /// In 16 bits an element: as integers with one scale for the key or value of a head, within
    /// 2⁻¹¹ of its largest magnitude, or as f16; whichever the device multiplies best.
    #[default]
    Half,
    /// In 8 bits an element, as integers with one scale for the key or value of a head, within
    /// 1/254 of its largest magnitude: half the bytes, for long contexts.
    Q8,
}

impl KvType {
    /// All of them.
    pub const ALL: [KvType; 3] = [KvType::Half, KvType::F32, KvType::Q8];

    /// The name on the command line and in documents.
    pub const fn name(self) -> &'static str {
        match self {
            KvType::F32 => "f32",
            KvType::Half => "half",
            KvType::Q8 => "q8",
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

    /// Bytes of one position's key and value in a cache of type `kv`.
    pub const fn kv_bytes(&self, kv: KvType) -> usize {
        match kv {
            KvType::F32 => 2 * self.kv_width() * 4,
            // Two scales a head.
            KvType::Half => 2 * self.kv_width() * 2 + 2 * self.n_kv_heads * 4,
            KvType::Q8 => 2 * self.kv_width() + 2 * self.n_kv_heads * 4,
        }
    }

    /// The factor on scores, `1 / sqrt(head_dim)`.
    pub fn scale(&self) -> f32 {
        1.0 / (self.head_dim as f32).sqrt()
    }
}
