use std::fmt;

/// The type of a tensor's elements, as published by the GGUF specification and by safetensors.
#[allow(non_camel_case_types, missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DType {
    F32,
    F16,
    BF16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q2_K,
    Q3_K,
    Q4_K,
    Q5_K,
    Q6_K,
}

/// What the formats' specifications say of a type: name, GGUF id, elements and bytes of a block.
struct Facts(&'static str, u32, usize, usize);

impl DType {
    /// Every type, in the order of their GGUF ids' families.
    pub const ALL: [DType; 13] = [
        DType::F32,
        DType::F16,
        DType::BF16,
        DType::Q4_0,
        DType::Q4_1,
        DType::Q5_0,
        DType::Q5_1,
        DType::Q8_0,
        DType::Q2_K,
        DType::Q3_K,
        DType::Q4_K,
        DType::Q5_K,
        DType::Q6_K,
    ];

    const fn facts(self) -> Facts {
        match self {
            DType::F32 => Facts("f32", 0, 1, 4),
            DType::F16 => Facts("f16", 1, 1, 2),
            DType::BF16 => Facts("bf16", 30, 1, 2),
            DType::Q4_0 => Facts("q4_0", 2, 32, 18),
            DType::Q4_1 => Facts("q4_1", 3, 32, 20),
            DType::Q5_0 => Facts("q5_0", 6, 32, 22),
            DType::Q5_1 => Facts("q5_1", 7, 32, 24),
            DType::Q8_0 => Facts("q8_0", 8, 32, 34),
            DType::Q2_K => Facts("q2_k", 10, 256, 84),
            DType::Q3_K => Facts("q3_k", 11, 256, 110),
            DType::Q4_K => Facts("q4_k", 12, 256, 144),
            DType::Q5_K => Facts("q5_k", 13, 256, 176),
            DType::Q6_K => Facts("q6_k", 14, 256, 210),
        }
    }

    /// The published name, in lower case: `q4_k`.
    pub const fn name(self) -> &'static str {
        self.facts().0
    }

    /// The id that a GGUF tensor descriptor carries.
    pub const fn gguf_id(self) -> u32 {
        self.facts().1
    }

    /// Elements in a block; 1 for the float types.
    pub const fn block_len(self) -> usize {
        self.facts().2
    }

    /// Bytes of a block.
    pub const fn block_bytes(self) -> usize {
        self.facts().3
    }

    /// Whether a block holds integers and scales rather than one float.
    pub const fn is_quantized(self) -> bool {
        self.block_len() > 1
    }

    /// The type with this GGUF id, if glassbox knows it.
    pub fn from_gguf_id(id: u32) -> Option<DType> {
        DType::ALL.into_iter().find(|t| t.gguf_id() == id)
    }

    /// The type with this name, in any case: `Q4_K` or `q4_k`.
    pub fn from_name(name: &str) -> Option<DType> {
        DType::ALL
            .into_iter()
            .find(|t| t.name().eq_ignore_ascii_case(name))
    }

    /// Bytes of a row of `cols` elements; `None` when `cols` is not a whole number of blocks or
    /// the product overflows.
    pub const fn row_bytes(self, cols: usize) -> Option<usize> {
        if !cols.is_multiple_of(self.block_len()) {
            return None;
        }
        (cols / self.block_len()).checked_mul(self.block_bytes())
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
