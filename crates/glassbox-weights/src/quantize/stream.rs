//! One tensor from source to file, a slab of rows at a time.

use super::encode::{EncodeProblem, encode_row};
use super::{Origin, Planned};
use crate::gguf::TensorWriter;
use crate::{Checkpoint, WeightsError};
use glassbox_core::{DType, SharedBytes, quant};
use rayon::prelude::*;

/// Elements that are encoded before they are written: enough for all threads, little memory.
const SLAB: usize = 1 << 22;

/// The rows of a tensor in the source, whatever its rank.
struct Rows {
    data: SharedBytes,
    dtype: DType,
    n_rows: usize,
    cols: usize,
    interleave: Option<usize>,
}

pub(super) fn tensor(
    source: &Checkpoint,
    planned: &Planned<'_>,
    out: &mut TensorWriter,
) -> Result<(), WeightsError> {
    let (data, dtype) = match &planned.origin {
        Origin::Tensor(info) => (source.bytes(info)?, info.dtype()),
        Origin::Values(values) => {
            let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
            (bytes.into(), DType::F32)
        }
    };
    // Interleaving moves rows, and a bias is as many rows of one.
    let one_wide = planned.interleave.is_some() && planned.shape.len() == 1;
    let cols = match planned.shape.last() {
        Some(&cols) if !one_wide => cols as usize,
        _ => 1,
    };
    let (Some(src_bytes), Some(dst_bytes)) = (dtype.row_bytes(cols), planned.dtype.row_bytes(cols))
    else {
        // The source's parser and the choice of types saw to whole blocks.
        return Ok(());
    };
    if src_bytes == 0 {
        return Ok(());
    }
    let rows = Rows {
        n_rows: data.len() / src_bytes,
        data,
        dtype,
        cols,
        interleave: planned.interleave.map(|heads| heads as usize),
    };
    let slab_rows = (SLAB / cols).max(1);
    let mut slab = vec![0u8; slab_rows.min(rows.n_rows) * dst_bytes];
    for start in (0..rows.n_rows).step_by(slab_rows) {
        let n = slab_rows.min(rows.n_rows - start);
        let slab = &mut slab[..n * dst_bytes];
        slab.par_chunks_exact_mut(dst_bytes)
            .enumerate()
            .try_for_each_init(
                || vec![0.0f32; cols],
                |values, (i, dst)| {
                    let row = rows.source_row(start + i);
                    rows.encode(row, planned.dtype, values, dst)
                        .map_err(|problem| WeightsError::Encode {
                            tensor: planned.name.clone(),
                            row: row as u64,
                            dtype: planned.dtype,
                            problem,
                        })
                },
            )?;
        out.write(slab)?;
    }
    Ok(())
}

impl Rows {
    /// The row of the source that becomes row `row` of the file.
    ///
    /// Hugging Face turns dimension `i` of a head with `i + half`, llama.cpp's Llama `2i` with
    /// `2i + 1`: row `2i + p` of a head in the file is row `p * half + i` in the source.
    fn source_row(&self, row: usize) -> usize {
        let Some(heads) = self.interleave else {
            return row;
        };
        let head_dim = self.n_rows / heads;
        let (head, within) = (row / head_dim, row % head_dim);
        head * head_dim + (within % 2) * (head_dim / 2) + within / 2
    }

    fn encode(
        &self,
        row: usize,
        dtype: DType,
        values: &mut [f32],
        dst: &mut [u8],
    ) -> Result<(), EncodeProblem> {
        let n_bytes = self.data.len() / self.n_rows;
        let src = &self.data[row * n_bytes..][..n_bytes];
        if dtype == self.dtype {
            dst.copy_from_slice(src);
            return Ok(());
        }
        debug_assert_eq!(values.len(), self.cols);
        quant::dequantize(self.dtype, src, values);
        encode_row(dtype, values, dst)
    }
}
