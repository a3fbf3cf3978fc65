use glassbox_core::DType;
use std::fmt;

/// What to quantise to.
///
/// All but the mix name one type for every matrix, except that the output matrix (or the
/// embedding, where it is both) is `q6_k` when the type has fewer bits, as llama.cpp does.
#[allow(missing_docs, non_camel_case_types)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    F32,
    F16,
    BF16,
    Q8_0,
    Q4_0,
    Q4_1,
    Q4_K,
    Q6_K,
    /// `q4_k`, with `q6_k` for half of the value and down projections and for the output.
    Q4_K_M,
}

impl Target {
    /// Every target.
    pub const ALL: [Target; 9] = [
        Target::F32,
        Target::F16,
        Target::BF16,
        Target::Q8_0,
        Target::Q4_0,
        Target::Q4_1,
        Target::Q4_K,
        Target::Q6_K,
        Target::Q4_K_M,
    ];

    /// The name, in lower case: `q4_k_m`.
    pub const fn name(self) -> &'static str {
        match self {
            Target::Q4_K_M => "q4_k_m",
            other => other.dtype().name(),
        }
    }

    /// The target of this name, in any case.
    pub fn from_name(name: &str) -> Option<Target> {
        Target::ALL
            .into_iter()
            .find(|t| t.name().eq_ignore_ascii_case(name))
    }

    /// The type of most matrices.
    pub const fn dtype(self) -> DType {
        match self {
            Target::F32 => DType::F32,
            Target::F16 => DType::F16,
            Target::BF16 => DType::BF16,
            Target::Q8_0 => DType::Q8_0,
            Target::Q4_0 => DType::Q4_0,
            Target::Q4_1 => DType::Q4_1,
            Target::Q4_K | Target::Q4_K_M => DType::Q4_K,
            Target::Q6_K => DType::Q6_K,
        }
    }

    /// The value of `general.file_type`, from llama.cpp's `llama_ftype`.
    pub const fn file_type(self) -> u32 {
        match self {
            Target::F32 => 0,
            Target::F16 => 1,
            Target::Q4_0 => 2,
            Target::Q4_1 => 3,
            Target::Q8_0 => 7,
            // The list has no uniform q4_k; 14 is the mix nearest to it.
            Target::Q4_K => 14,
            Target::Q4_K_M => 15,
            Target::Q6_K => 18,
            Target::BF16 => 32,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
