/// Which two dimensions of a head turn together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RopeLayout {
    /// Dimension `i` with `i + head_dim / 2`: Hugging Face checkpoints, and Qwen2 in GGUF.
    Half,
    /// Dimension `2 i` with `2 i + 1`: Llama in GGUF, whose q and k rows are permuted for it.
    Interleaved,
}

/// Rotary position embedding, with every scaling already folded in: pair `i` of a head at
/// position `p` turns by `p * inv_freq[i]`, and cosine and sine are multiplied by `magnitude`.
///
/// Source: Su et al., RoFormer (arXiv 2104.09864).
#[derive(Clone, Debug, PartialEq)]
pub struct Rope {
    /// Radians per position, `[head_dim / 2]`.
    pub inv_freq: Vec<f32>,
    /// 1, except for YaRN's attention factor.
    pub magnitude: f32,
    /// Which dimensions turn together.
    pub layout: RopeLayout,
}
