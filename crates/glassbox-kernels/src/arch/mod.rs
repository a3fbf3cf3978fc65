//! The tables: the portable source compiled with the instructions of each kind of machine.

use crate::Kernels;

/// What every instantiation needs in scope.
mod imports {
    pub(super) use super::bodies;
    pub(super) use crate::Tile;
    pub(super) use crate::activations::{ActBlock, Activations, Rows, Step, Steps, Turns};
    pub(super) use crate::panels::attention::KvPanels;
    pub(super) use crate::portable::attention::{KvPages, Queries};
    pub(super) use glassbox_core::{AttentionShape, DType, RopeLayout};
}

/// The bodies of the kernels under the names of the table's fields.
mod bodies {
    pub(super) use crate::portable::attention::attention as attention_f32;
    pub(super) use crate::portable::elementwise::{add, swiglu};
    pub(super) use crate::portable::fixed::fixed_rows;
    pub(super) use crate::portable::rms_norm::rms_norm;
    pub(super) use crate::portable::rope::rope;
    pub(super) use crate::portable::steps::steps;

    pub(super) use crate::panels::attention::{attention_i8, attention_i16};
    pub(super) use crate::panels::limits::{dot_bf16_chains, dot_chains, fma_chains, madd_chains};
    pub(super) use crate::panels::linear_float;
    pub(super) use crate::panels::quantize::quantize;
    use crate::panels::{self, lanes::Lanes};
    use crate::{Activations, Tile};
    use glassbox_core::{DType, with_format};

    /// Picks the format at run time.
    #[inline(always)]
    pub(super) fn linear_quant<V: Lanes>(
        dst: &mut Tile<'_>,
        x: &Activations<'_>,
        w: &[u8],
        dtype: DType,
    ) {
        with_format!(dtype, F => panels::linear_panels::<V, F>(dst, x, w),
            float => panic!("{dtype} is not a quantised type"));
    }
}

mod portable {
    crate::table::instantiate!("portable", crate::panels::Plain);
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    crate::table::instantiate!("avx2", crate::panels::avx2::Avx2, "avx2,fma,f16c");
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    crate::table::instantiate!(
        "avx512",
        crate::panels::avx512::Avx512<false>,
        "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"
    );
}

/// The same with products of bf16.
#[cfg(target_arch = "x86_64")]
mod avx512bf16 {
    use super::imports::*;
    use crate::Kernels;
    use crate::panels::avx512::Avx512;

    pub(crate) static TABLE: Kernels = Kernels {
        name: "avx512bf16",
        pairs: true,
        linear_float,
        dot_bf16_chains,
        ..super::avx512::TABLE
    };

    #[target_feature(
        enable = "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16"
    )]
    fn linear_float(dst: &mut Tile<'_>, x: &Steps<'_>, w: &[u8], dtype: DType) {
        bodies::linear_float::<Avx512<true>>(dst, x, w, dtype);
    }

    #[target_feature(
        enable = "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16"
    )]
    fn dot_bf16_chains(dst: &mut [f32; 16], w: &[u8; 64], a: &[u8; 64], rounds: usize) {
        bodies::dot_bf16_chains::<Avx512<true>>(dst, w, a, rounds);
    }
}

/// The same with products of bytes by tiles.
#[cfg(target_arch = "x86_64")]
mod amx {
    use super::imports::*;
    use crate::Kernels;
    use crate::panels::amx::linear_lines;
    use crate::panels::avx512::Avx512;
    use glassbox_core::with_format;

    pub(crate) static TABLE: Kernels = Kernels {
        name: "amx",
        lines_from: [33, 12],
        linear_quant,
        ..super::avx512bf16::TABLE
    };

    #[target_feature(enable = "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")]
    fn linear_quant(dst: &mut Tile<'_>, x: &Activations<'_>, w: &[u8], dtype: DType) {
        if x.turns == Turns::Fours {
            return bodies::linear_quant::<Avx512<false>>(dst, x, w, dtype);
        }
        with_format!(dtype, F => linear_lines::<F>(dst, x, w),
            float => panic!("{dtype} is not a quantised type"));
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    crate::table::instantiate!("neon", crate::panels::neon::Neon<false>, "neon");
}

/// The same with products of bytes.
#[cfg(target_arch = "aarch64")]
mod dotprod {
    crate::table::instantiate!("dotprod", crate::panels::neon::Neon<true>, "neon,dotprod");
}

/// Every table that this machine runs, the best first.
pub(crate) fn available() -> Vec<&'static Kernels> {
    let mut tables = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        let avx2 = has!("avx2") && has!("fma") && has!("f16c");
        let avx512 = has!("avx512f") && has!("avx512bw") && has!("avx512vl");
        let avx512 = avx2 && avx512 && has!("avx512dq") && has!("avx512vnni");
        if avx512 && has!("avx512bf16") && crate::panels::amx::tiles::are_allowed() {
            tables.push(&amx::TABLE);
        }
        if avx512 && has!("avx512bf16") {
            tables.push(&avx512bf16::TABLE);
        }
        if avx512 {
            tables.push(&avx512::TABLE);
        }
        if avx2 {
            tables.push(&avx2::TABLE);
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        use std::arch::is_aarch64_feature_detected as has;
        if has!("neon") && has!("dotprod") {
            tables.push(&dotprod::TABLE);
        }
        if has!("neon") {
            tables.push(&neon::TABLE);
        }
    }
    tables.push(&portable::TABLE);
    tables
}
