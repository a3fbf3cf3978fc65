//! Inputs from a seed, and comparisons.

use super::Failure;
use crate::{Backend, Batch, DType, Rope, RopeLayout, Sequence, WeightView};
use half::{bf16, f16};

/// The relative error of one rounding to f32.
pub(super) const U: f64 = 1.0 / (1u64 << 24) as f64;

/// Rows of every buffer of the suite, and the most tokens of its batches: a model's buffers are all
/// of one height, and a backend may hold batches to the lowest.
pub(super) const MAX_ROWS: usize = 200;

/// SplitMix64.
pub(super) struct Rng(pub(super) u64);

impl Rng {
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// In −1 … 1.
    pub(super) fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    /// `n` numbers in −`size` … `size`.
    pub(super) fn floats(&mut self, n: usize, size: f32) -> Vec<f32> {
        (0..n).map(|_| self.unit() * size).collect()
    }

    /// A matrix of any type with elements of about `size`: any integers in the blocks, any finite
    /// scales.
    pub(super) fn weight(
        &mut self,
        dtype: DType,
        rows: usize,
        cols: usize,
        size: f32,
    ) -> WeightView {
        let n = rows * cols;
        let bytes: Vec<u8> = match dtype {
            DType::F32 => bytes_of(&self.floats(n, size)),
            DType::F16 => (0..n)
                .flat_map(|_| f16::from_f32(self.unit() * size).to_le_bytes())
                .collect(),
            DType::BF16 => (0..n)
                .flat_map(|_| bf16::from_f32(self.unit() * size).to_le_bytes())
                .collect(),
            _ => self.blocks(dtype, n / dtype.block_len(), size),
        };
        WeightView::new(format!("{dtype}"), dtype, rows, cols, bytes.into())
            .expect("whole rows of whole blocks")
    }

    fn blocks(&mut self, dtype: DType, n: usize, size: f32) -> Vec<u8> {
        // Where the block keeps its f16 scales, and the largest factor that multiplies them.
        let (offsets, largest): (&[usize], f32) = match dtype {
            DType::Q4_0 => (&[0], 8.0),
            DType::Q4_1 => (&[0, 2], 15.0),
            DType::Q5_0 => (&[0], 16.0),
            DType::Q5_1 => (&[0, 2], 31.0),
            DType::Q2_K => (&[80, 82], 45.0),
            DType::Q3_K => (&[108], 128.0),
            DType::Q4_K => (&[0, 2], 945.0),
            DType::Q5_K => (&[0, 2], 1953.0),
            DType::Q6_K => (&[208], 4096.0),
            _ => (&[0], 128.0),
        };
        let mut bytes = Vec::new();
        for _ in 0..n {
            let at = bytes.len();
            bytes.extend((0..dtype.block_bytes()).map(|_| self.bits() as u8));
            for offset in offsets {
                let scale = f16::from_f32(self.unit() * size / largest);
                bytes[at + offset..][..2].copy_from_slice(&scale.to_le_bytes());
            }
        }
        bytes
    }
}

/// A matrix of f32.
pub(super) fn matrix(rows: usize, cols: usize, data: &[f32]) -> WeightView {
    WeightView::new("f32", DType::F32, rows, cols, bytes_of(data).into())
        .expect("as many elements as the shape says")
}

fn bytes_of(data: &[f32]) -> Vec<u8> {
    data.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// All rows of a weight as f32, the definition of what it holds.
pub(super) fn dequantized(weight: &WeightView) -> Vec<f32> {
    let mut all = vec![0.0; weight.rows() * weight.cols()];
    for (i, row) in all.chunks_exact_mut(weight.cols()).enumerate() {
        weight.dequantize_row(i, row);
    }
    all
}

/// For cases without positions that matter.
pub(super) fn no_rope() -> Rope {
    Rope {
        inv_freq: Vec::new(),
        magnitude: 1.0,
        layout: RopeLayout::Half,
    }
}

/// Names the case in a backend's error.
pub(super) fn device<B: Backend>(case: &str) -> impl Fn(B::Error) -> Failure {
    move |source| Failure::Device {
        case: case.to_owned(),
        source: Box::new(source),
    }
}

/// A batch of one sequence of `n` tokens from position 0, whose rows `logits` are wanted.
pub(super) fn begin<B: Backend>(
    backend: &mut B,
    case: &str,
    ids: &[u32],
    logits: &[usize],
) -> Result<(), Failure> {
    let pages: Vec<u32> = (0..ids.len().div_ceil(crate::PAGE) as u32).collect();
    let sequences = [Sequence {
        n_tokens: ids.len(),
        start: 0,
        pages: &pages,
    }];
    let batch = Batch::new(ids, &sequences, logits).expect("the pages cover the tokens");
    backend.begin(&batch, &no_rope()).map_err(device::<B>(case))
}

/// A buffer that holds `data`, `[rows, width]`; the batch that it belongs to is left begun.
///
/// A backend has no operation that writes a buffer from the host, and needs none, so the rows
/// come through an embedding whose ids count them.
pub(super) fn filled<B: Backend>(
    backend: &mut B,
    case: &str,
    data: &[f32],
    width: usize,
) -> Result<B::Buf, Failure> {
    let rows = data.len() / width;
    let ids: Vec<u32> = (0..rows as u32).collect();
    let fail = device::<B>(case);
    let table = backend.upload(matrix(rows, width, data)).map_err(&fail)?;
    let mut buf = backend.buffer(MAX_ROWS, width).map_err(&fail)?;
    begin(backend, case, &ids, &[])?;
    backend.embed(&mut buf, &table).map_err(&fail)?;
    Ok(buf)
}

/// The first `n` elements of a buffer.
pub(super) fn read<B: Backend>(
    backend: &B,
    case: &str,
    src: &B::Buf,
    n: usize,
) -> Result<Vec<f32>, Failure> {
    let mut dst = vec![f32::NAN; n];
    backend.read(&mut dst, src).map_err(device::<B>(case))?;
    Ok(dst)
}

/// Holds each element to `(expected, bound)`; a NaN is near nothing.
pub(super) fn near(
    case: &str,
    got: &[f32],
    expected: impl IntoIterator<Item = (f64, f64)>,
) -> Result<(), Failure> {
    let mut count = 0;
    for (index, (expected, bound)) in expected.into_iter().enumerate() {
        count += 1;
        let Some(&got) = got.get(index) else { continue };
        let got = f64::from(got);
        // One per cent more, for the products of two roundings that the bounds leave out.
        let near = (got - expected).abs() <= 1.01 * bound;
        if !near {
            return Err(Failure::Value {
                case: case.to_owned(),
                got,
                expected,
                bound,
                index,
            });
        }
    }
    same_length(case, got.len(), count)
}

/// Holds all elements to the same bits.
pub(super) fn equal(case: &str, got: &[f32], expected: &[f32]) -> Result<(), Failure> {
    same_length(case, got.len(), expected.len())?;
    let differ = |(g, e): (&f32, &f32)| g.to_bits() != e.to_bits();
    match got.iter().zip(expected).position(differ) {
        None => Ok(()),
        Some(index) => Err(Failure::Value {
            case: case.to_owned(),
            got: got[index].into(),
            expected: expected[index].into(),
            bound: 0.0,
            index,
        }),
    }
}

/// Holds all bytes to be the same.
pub(super) fn equal_bytes(case: &str, got: &[u8], expected: &[u8]) -> Result<(), Failure> {
    same_length(case, got.len(), expected.len())?;
    match got.iter().zip(expected).position(|(g, e)| g != e) {
        None => Ok(()),
        Some(index) => Err(Failure::Byte {
            case: case.to_owned(),
            got: got[index],
            expected: expected[index],
            index,
        }),
    }
}

fn same_length(case: &str, got: usize, expected: usize) -> Result<(), Failure> {
    if got == expected {
        return Ok(());
    }
    Err(Failure::Length {
        case: case.to_owned(),
        got,
        expected,
    })
}
