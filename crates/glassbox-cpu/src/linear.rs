use crate::CpuError;
use crate::team::Team;
use glassbox_core::{DType, WeightView};
use glassbox_kernels::{ActBlock, Activations, Kernels, Rows, Tile};

/// Tokens whose activations stay in a core's cache while all weights pass by.
const ROWS: usize = 128;
/// Outputs that a thread takes at a time.
const COLS: usize = 32;

/// A weight on the CPU: the file's own bytes, and for a vector its elements as f32.
pub struct Weight {
    pub(crate) view: WeightView,
    pub(crate) vector: Vec<f32>,
}

impl Weight {
    pub(crate) fn new(view: WeightView) -> Self {
        let mut vector = Vec::new();
        if view.rows() == 1 {
            vector.resize(view.cols(), 0.0);
            view.dequantize_row(0, &mut vector);
        }
        Weight { view, vector }
    }

    /// The elements of a vector of `len`, such as a gain or a bias.
    pub(crate) fn vector(&self, what: &'static str, len: usize) -> Result<&[f32], CpuError> {
        if self.vector.len() != len {
            let got = self.vector.len();
            return Err(CpuError::Shape {
                what,
                got,
                expected: len,
            });
        }
        Ok(&self.vector)
    }
}

/// Space for the quantised rows of a layer's input, in either block.
#[derive(Default)]
pub(crate) struct Scratch {
    small: Quantized,
    large: Quantized,
}

impl Scratch {
    /// Makes room for `rows` rows of `width`, so that no operation allocates.
    pub(crate) fn reserve(&mut self, rows: usize, width: usize) -> Result<(), CpuError> {
        let len = rows.saturating_mul(width);
        for (space, block) in [(&mut self.small, 32), (&mut self.large, 256)] {
            reserve(&mut space.q, len)?;
            reserve(&mut space.d, len / block)?;
            reserve(&mut space.sums, len / 16)?;
        }
        Ok(())
    }
}

/// Makes room for `len` elements, or gives an error instead of an abort.
pub(crate) fn reserve<T>(space: &mut Vec<T>, len: usize) -> Result<(), CpuError> {
    let more = len.saturating_sub(space.len());
    let bytes = len.saturating_mul(size_of::<T>());
    let refused = |_| CpuError::Memory {
        what: "a layer's input",
        bytes,
    };
    space.try_reserve_exact(more).map_err(refused)
}

#[derive(Default)]
struct Quantized {
    q: Vec<i8>,
    d: Vec<f32>,
    sums: Vec<i16>,
}

impl Quantized {
    fn fill(&mut self, kernels: &Kernels, x: Rows<'_>, block: ActBlock) {
        let (len, size) = (x.data.len(), block.size());
        self.q.resize(len, 0);
        self.d.resize(len / size, 0.0);
        self.sums.resize(len / 16, 0);
        // Rows are whole blocks, so that all of them can be taken as one long row.
        kernels.quantize(&mut self.q, &mut self.d, &mut self.sums, x.data, block);
    }
}

/// `dst[i] = x · weight[i]ᵀ + bias[i]`; what the input needs is done once for all.
pub(crate) fn linear<const N: usize>(
    (kernels, team, scratch): (&'static Kernels, &mut Team, &mut Scratch),
    dst: [&mut [f32]; N],
    x: Rows<'_>,
    weight: [&Weight; N],
    bias: [Option<&Weight>; N],
) -> Result<(), CpuError> {
    let mut filled: [Option<ActBlock>; 2] = [None; 2];
    for ((dst, weight), bias) in dst.into_iter().zip(weight).zip(bias) {
        let view = &weight.view;
        if view.cols() != x.width {
            let (got, expected) = (x.width, view.cols());
            return Err(CpuError::Shape {
                what: "input of a linear layer",
                got,
                expected,
            });
        }
        let bias = match bias {
            Some(bias) => Some(bias.vector("bias of a linear layer", view.rows())?),
            None => None,
        };
        let input = match ActBlock::for_weights(view.dtype().block_len()) {
            None => Input::Float(x),
            Some(block) => {
                let (slot, space) = match block {
                    ActBlock::Small => (&mut filled[0], &mut scratch.small),
                    ActBlock::Super => (&mut filled[1], &mut scratch.large),
                };
                if slot.replace(block).is_none() {
                    space.fill(kernels, x, block);
                }
                let Quantized { q, d, sums } = &*space;
                Input::Quantized(Activations {
                    q,
                    d,
                    sums,
                    width: x.width,
                    block,
                })
            }
        };
        let (dtype, row_bytes) = (view.dtype(), view.row_bytes());
        team.for_each(Tile::whole(dst, view.rows()), ROWS, COLS, |mut tile| {
            let (row, col) = (tile.first_row(), tile.first_col());
            let n_cols = tile.n_cols();
            let w = &view.data()[col * row_bytes..][..n_cols * row_bytes];
            input
                .rows(row, tile.n_rows())
                .times(kernels, &mut tile, w, dtype);
            if let Some(bias) = bias {
                for r in 0..tile.n_rows() {
                    kernels.add(tile.row(r), &bias[col..][..n_cols]);
                }
            }
        });
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Input<'a> {
    Float(Rows<'a>),
    Quantized(Activations<'a>),
}

impl<'a> Input<'a> {
    fn rows(&self, first: usize, n: usize) -> Input<'a> {
        match *self {
            Input::Float(Rows { data, width }) => Input::Float(Rows {
                data: &data[first * width..][..n * width],
                width,
            }),
            Input::Quantized(a) => {
                let (blocks, sums) = (a.width / a.block.size(), a.width / 16);
                Input::Quantized(Activations {
                    q: &a.q[first * a.width..][..n * a.width],
                    d: &a.d[first * blocks..][..n * blocks],
                    sums: &a.sums[first * sums..][..n * sums],
                    ..a
                })
            }
        }
    }

    fn times(&self, kernels: &Kernels, dst: &mut Tile<'_>, w: &[u8], dtype: DType) {
        match self {
            Input::Float(x) => kernels.linear_float(dst, *x, w, dtype),
            Input::Quantized(x) => kernels.linear_quant(dst, x, w, dtype),
        }
    }
}
