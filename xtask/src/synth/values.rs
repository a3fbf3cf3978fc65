use anyhow::{Result, bail};
use glassbox_core::DType;
use glassbox_models::{DecoderSpec, Tensor};
use glassbox_sampling::rng::philox4x32_10;
use glassbox_weights::quantize::encode_row;

/// Pieces of a pool: enough that no two rows of a model are made of the same.
const PIECES: usize = 4096;
/// The largest piece, in elements: a block of the k-quants.
const PIECE: usize = 256;

/// How the elements of a tensor are spread.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Spread {
    mean: f32,
    deviation: f32,
}

impl Spread {
    /// Activations stay near 1: matrices keep the size of what they multiply, and what a layer adds
    /// to the residual stream is small enough that all of them together only double it.
    pub(super) fn of(tensor: Tensor, spec: &DecoderSpec) -> Spread {
        let (_, cols) = tensor.shape(spec);
        let keep = 1.0 / (cols as f32).sqrt();
        let (mean, deviation) = match tensor {
            Tensor::Embed => (0.0, 1.0),
            Tensor::AttnNorm(_) | Tensor::FfnNorm(_) | Tensor::FinalNorm => (1.0, 0.1),
            Tensor::QBias(_) | Tensor::KBias(_) | Tensor::VBias(_) => (0.0, 0.1),
            Tensor::O(_) | Tensor::Down(_) => (0.0, keep / (2.0 * spec.n_layers as f32).sqrt()),
            _ => (0.0, keep),
        };
        Spread { mean, deviation }
    }
}

/// Encoded pieces of rows, for each type and spread. Encoding a model element by element would take
/// an hour; putting rows together from pieces takes as long as writing them.
pub(super) struct Pools {
    seed: [u32; 2],
    pools: Vec<Pool>,
}

struct Pool {
    dtype: DType,
    spread: Spread,
    /// Elements of a piece.
    piece: usize,
    bytes: Vec<u8>,
}

/// Where the rows of one tensor come from.
pub(super) struct Source<'a> {
    pieces: &'a [u8],
    piece_bytes: usize,
    pieces_in_row: usize,
    seed: [u32; 2],
    tensor: u32,
}

impl Pools {
    pub(super) fn new(seed: u64) -> Self {
        Pools {
            seed: [seed as u32, (seed >> 32) as u32],
            pools: Vec::new(),
        }
    }

    /// The rows of tensor number `tensor`, which has this shape.
    pub(super) fn source(
        &mut self,
        dtype: DType,
        spread: Spread,
        shape: &[u64],
        tensor: u32,
    ) -> Result<Source<'_>> {
        let cols = usize::try_from(shape.last().copied().unwrap_or(1))?;
        // The type was chosen so that rows are whole blocks, and blocks are powers of two.
        let piece = PIECE.min(1 << cols.trailing_zeros());
        let known = |p: &Pool| (p.dtype, p.spread, p.piece) == (dtype, spread, piece);
        let index = match self.pools.iter().position(known) {
            Some(index) => index,
            None => {
                self.pools.push(Pool::new(dtype, spread, piece, self.seed)?);
                self.pools.len() - 1
            }
        };
        let pieces = &self.pools[index].bytes;
        Ok(Source {
            pieces,
            piece_bytes: pieces.len() / PIECES,
            pieces_in_row: cols / piece,
            seed: self.seed,
            tensor,
        })
    }
}

impl Pool {
    fn new(dtype: DType, spread: Spread, piece: usize, seed: [u32; 2]) -> Result<Self> {
        let Some(n_bytes) = dtype.row_bytes(PIECES * piece) else {
            bail!("pieces of {piece} elements are no blocks of {dtype}");
        };
        let values: Vec<f32> = (0..(PIECES * piece) as u32)
            .map(|i| spread.mean + spread.deviation * normal(i, seed))
            .collect();
        let mut bytes = vec![0; n_bytes];
        if let Err(problem) = encode_row(dtype, &values, &mut bytes) {
            bail!("{dtype}: {problem}");
        }
        Ok(Pool {
            dtype,
            spread,
            piece,
            bytes,
        })
    }
}

impl Source<'_> {
    pub(super) fn row_bytes(&self) -> usize {
        self.pieces_in_row * self.piece_bytes
    }

    /// Appends row `row`: pieces drawn by number of tensor, row and place.
    pub(super) fn append_row(&self, row: u64, dst: &mut Vec<u8>) {
        for place in 0..self.pieces_in_row {
            let counter = [row as u32, place as u32, self.tensor, DRAWS_PIECES];
            let piece = philox4x32_10(counter, self.seed)[0] as usize % PIECES;
            dst.extend_from_slice(&self.pieces[piece * self.piece_bytes..][..self.piece_bytes]);
        }
    }
}

/// The last word of the counter, so that the two kinds of draws never meet.
const DRAWS_PIECES: u32 = 1;
const DRAWS_VALUES: u32 = 2;

/// Number `i` of a nearly normal distribution of mean 0 and variance 1: a sum of eight uniform
/// numbers, which has no tail beyond 4.9.
fn normal(i: u32, seed: [u32; 2]) -> f32 {
    let words = philox4x32_10([i, 0, 0, DRAWS_VALUES], seed);
    let sum: u32 = words.iter().map(|w| (w & 0xFFFF) + (w >> 16)).sum();
    // Eight uniform numbers on 0 ..= 65535: each has the mean 32767.5 and the variance 65536²/12.
    let deviation = 65536.0 * (8.0f32 / 12.0).sqrt();
    (sum as f32 - 8.0 * 32767.5) / deviation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_normal_enough() {
        let n = 1 << 16;
        let values: Vec<f64> = (0..n).map(|i| f64::from(normal(i, [3, 4]))).collect();
        let moment = |k| values.iter().map(|x| x.powi(k)).sum::<f64>() / f64::from(n);
        assert!(moment(1).abs() < 0.02, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.02, "{}", moment(2));
        // 3 for a normal distribution, 1.8 for a uniform one.
        assert!((moment(4) - 2.85).abs() < 0.1, "{}", moment(4));
    }

    #[test]
    fn rows_and_tensors_differ_and_repeat_by_seed() {
        let spread = Spread {
            mean: 0.0,
            deviation: 1.0,
        };
        let row = |seed, tensor, row| {
            let mut pools = Pools::new(seed);
            let source = pools.source(DType::Q8_0, spread, &[9, 96], tensor).unwrap();
            let mut bytes = Vec::new();
            source.append_row(row, &mut bytes);
            assert_eq!(bytes.len(), source.row_bytes());
            bytes
        };
        let first = row(1, 0, 0);
        assert_eq!(first.len(), 3 * 34);
        assert_eq!(first, row(1, 0, 0));
        for other in [
            row(2, 0, 0),
            row(1 << 32 | 1, 0, 0),
            row(1, 1, 0),
            row(1, 0, 1),
        ] {
            assert_ne!(first, other);
        }
    }
}
