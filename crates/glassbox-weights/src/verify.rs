use crate::{Checkpoint, TensorInfo, WeightsError};
use glassbox_core::{DType, quant};
use rayon::prelude::*;

/// The elements of one tensor that are not finite numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonFinite {
    /// The tensor.
    pub tensor: String,
    /// Elements that are not a number.
    pub nan: u64,
    /// Elements that are infinite, of either sign.
    pub infinite: u64,
}

/// Reads every element of every tensor and gives the tensors that hold NaN or infinity, in the
/// order of [`Checkpoint::tensors`]; an empty list means that all weights are finite.
///
/// A quantised element counts as what it dequantises to. Tensors are read one after the other and
/// each by all threads of the current rayon pool.
pub fn verify(checkpoint: &Checkpoint) -> Result<Vec<NonFinite>, WeightsError> {
    let mut found = Vec::new();
    for info in checkpoint.tensors() {
        let (nan, infinite) = count(checkpoint, info)?;
        if nan + infinite > 0 {
            found.push(NonFinite {
                tensor: info.name().to_owned(),
                nan,
                infinite,
            });
        }
    }
    Ok(found)
}

fn count(checkpoint: &Checkpoint, info: &TensorInfo) -> Result<(u64, u64), WeightsError> {
    /// Elements that a thread dequantises at a time: whole blocks of any type.
    const CHUNK: usize = 4096;
    let bytes = checkpoint.bytes(info)?;
    let dtype = info.dtype();
    let chunk_bytes = dtype.row_bytes(CHUNK).unwrap_or(DType::F32.block_bytes());
    Ok(bytes
        .par_chunks(chunk_bytes)
        .map(|src| {
            let mut values = [0.0f32; CHUNK];
            let n = src.len() / dtype.block_bytes() * dtype.block_len();
            let values = &mut values[..n];
            quant::dequantize(dtype, src, values);
            let nan = values.iter().filter(|x| x.is_nan()).count() as u64;
            let infinite = values.iter().filter(|x| x.is_infinite()).count() as u64;
            (nan, infinite)
        })
        .reduce(|| (0, 0), |a, b| (a.0 + b.0, a.1 + b.1)))
}
