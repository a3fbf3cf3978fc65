use glassbox_core::DType;

/// Rows of f32 activations, `[n_rows, width]`.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The elements, row after row.
    pub data: &'a [f32],
    /// Elements of a row.
    pub width: usize,
}

impl<'a> Rows<'a> {
    /// Row `row`.
    #[inline(always)]
    pub fn row(&self, row: usize) -> &'a [f32] {
        &self.data[row * self.width..][..self.width]
    }

    /// Rows `first` to `end`, which is not one of them.
    #[inline(always)]
    pub fn part(&self, first: usize, end: usize) -> Rows<'a> {
        Rows {
            data: &self.data[first * self.width..end * self.width],
            width: self.width,
        }
    }
}

/// How many activations share one scale; it is the block length of the weights they meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActBlock {
    /// 32, for `q4_0`, `q4_1`, `q5_0`, `q5_1` and `q8_0`.
    Small,
    /// 256, for the K formats.
    Super,
}

impl ActBlock {
    /// Activations in a block.
    pub const fn size(self) -> usize {
        match self {
            ActBlock::Small => 32,
            ActBlock::Super => 256,
        }
    }

    /// The block for weights in blocks of `weight_block` elements; `None` for float weights.
    pub const fn for_weights(weight_block: usize) -> Option<ActBlock> {
        match weight_block {
            32 => Some(ActBlock::Small),
            256 => Some(ActBlock::Super),
            _ => None,
        }
    }
}

/// Activations whose sum is kept: the granularity of every format's minima.
pub(crate) const SUM: usize = 16;

/// Rows of activations in eight bits: `x ≈ d[block] * q`.
///
/// `d = max |x| / 127` over the block and `q = x * (127 / max |x|)` rounded to the nearest, ties
/// to even. A block whose largest magnitude is below 1e-30 is zero. A block that holds an infinity
/// or NaN has that as `d`, so that it shows in every result, and zeros as `q`.
///
/// Rows lie in [tiles](tile): as many as possible of 8, then at most one each of 4, 2 and 1. Within
/// a tile of `n` rows the rows take turns: 4 integers of each (`[width / 4, n, 4]`), a scale of
/// each (`[width / block, n]`), two sums of each (`[width / 32, n, 2]`). So a product of a weight
/// with all rows of a tile reads its activations from one place. A single row lies as it is.
#[derive(Clone, Copy, Debug)]
pub struct Activations<'a> {
    /// The integers, `n_rows * width`.
    pub q: &'a [i8],
    /// A scale a block, `n_rows * width / block`.
    pub d: &'a [f32],
    /// Sums of 16 integers, `n_rows * width / 16`.
    pub sums: &'a [i16],
    /// Elements of a row, a multiple of the block.
    pub width: usize,
    /// How many share a scale.
    pub block: ActBlock,
}

/// Rows of the tile of [`Activations`] that begins where `rest` rows are left.
#[inline(always)]
pub const fn tile(rest: usize) -> usize {
    match rest {
        0 => 0,
        1 => 1,
        2..4 => 2,
        4..8 => 4,
        _ => 8,
    }
}

/// Rows of activations for float weights, in the same [tiles](tile): within a tile of `n` rows each
/// gives a step in turn, `[per_row, n]`.
///
/// A step is an element; for bf16 weights it is two, as [rounded](crate::portable::bf16::round)
/// bf16, the first in the low half, and a row of odd width has a zero behind it.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    /// The steps, `n_rows * per_row`.
    pub words: &'a [u32],
    /// Steps of a row.
    pub per_row: usize,
}

impl Steps<'_> {
    /// Steps of a row of `width` elements for weights of the float type `dtype`.
    pub fn per_row(width: usize, dtype: DType) -> usize {
        match dtype {
            DType::BF16 => width.div_ceil(2),
            _ => width,
        }
    }
}

/// Rows of [`Activations`] that take turns.
#[derive(Clone, Copy)]
pub(crate) struct ActTile<'a, const T: usize> {
    /// `[width / 4, T]`.
    pub(crate) q: &'a [[i8; 4]],
    /// `[width / block, T]`.
    pub(crate) d: &'a [f32],
    /// `[width / 32, T]`.
    pub(crate) sums: &'a [[i16; 2]],
}

impl<'a> Activations<'a> {
    /// Rows.
    pub fn n_rows(&self) -> usize {
        self.q.len() / self.width.max(1)
    }

    /// The tile of `T` rows that begins with row `first`.
    #[inline(always)]
    pub(crate) fn tile<const T: usize>(&self, first: usize) -> ActTile<'a, T> {
        let part = |len: usize| first * len..(first + T) * len;
        ActTile {
            q: self.q[part(self.width)].as_chunks().0,
            d: &self.d[part(self.width / self.block.size())],
            sums: self.sums[part(self.width / SUM)].as_chunks().0,
        }
    }

    /// Row `row` as it would lie alone: its integers, scales and sums.
    pub fn row(&self, row: usize) -> (Vec<i8>, Vec<f32>, Vec<i16>) {
        let (mut first, mut n) = (0, tile(self.n_rows()));
        while first + n <= row {
            first += n;
            n = tile(self.n_rows() - first);
        }
        fn turn<X: Copy>(of: &[X], each: usize, n: usize, t: usize) -> Vec<X> {
            let turns = of.chunks_exact(each).skip(t).step_by(n);
            turns.flatten().copied().collect()
        }
        let blocks = self.width / self.block.size();
        let part = |len: usize| first * len..(first + n) * len;
        let t = row - first;
        (
            turn(&self.q[part(self.width)], 4, n, t),
            turn(&self.d[part(blocks)], 1, n, t),
            turn(&self.sums[part(self.width / SUM)], 2, n, t),
        )
    }
}
