//! The tables: the portable source compiled with the instructions of each kind of machine.

use crate::Kernels;

/// What every instantiation needs in scope.
mod imports {
    pub(super) use super::bodies;
    pub(super) use crate::Tile;
    pub(super) use crate::activations::{ActBlock, Activations, Rows};
    pub(super) use crate::portable::attention::{KvPages, Queries};
    pub(super) use glassbox_core::{AttentionShape, DType, RopeLayout};
    pub(super) use half::f16;
}

/// The bodies of the kernels under the names of the table's fields.
mod bodies {
    pub(super) use crate::portable::attention::{
        attention as attention_f32, attention as attention_f16,
    };
    pub(super) use crate::portable::elementwise::{add, swiglu};
    pub(super) use crate::portable::limits::{fma_chains, madd_chains};
    pub(super) use crate::portable::linear_float::linear_float;
    pub(super) use crate::portable::quantize::quantize;
    pub(super) use crate::portable::rms_norm::rms_norm;
    pub(super) use crate::portable::rope::rope;

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
        crate::panels::avx512::Avx512,
        "avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"
    );
}

#[cfg(target_arch = "aarch64")]
mod neon {
    crate::table::instantiate!("neon", crate::panels::Plain, "neon");
}

/// Every table that this machine runs, the best first.
pub(crate) fn available() -> Vec<&'static Kernels> {
    let mut tables = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        let avx2 = has!("avx2") && has!("fma") && has!("f16c");
        let avx512 = has!("avx512f") && has!("avx512bw") && has!("avx512vl");
        if avx2 && avx512 && has!("avx512dq") && has!("avx512vnni") {
            tables.push(&avx512::TABLE);
        }
        if avx2 {
            tables.push(&avx2::TABLE);
        }
    }
    #[cfg(target_arch = "aarch64")]
    if std::arch::is_aarch64_feature_detected!("neon") {
        tables.push(&neon::TABLE);
    }
    tables.push(&portable::TABLE);
    tables
}
