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
#[derive(Clone, Copy, Debug)]
pub struct Activations<'a> {
    /// The integers, `[n_rows, width]`.
    pub q: &'a [i8],
    /// A scale a block, `[n_rows, width / block]`.
    pub d: &'a [f32],
    /// Sums of 16 integers, `[n_rows, width / 16]`.
    pub sums: &'a [i16],
    /// Elements of a row, a multiple of the block.
    pub width: usize,
    /// How many share a scale.
    pub block: ActBlock,
}

impl<'a> Activations<'a> {
    /// The integers of row `row`.
    #[inline(always)]
    pub(crate) fn q_row(&self, row: usize) -> &'a [i8] {
        &self.q[row * self.width..][..self.width]
    }

    /// The scales of row `row`.
    #[inline(always)]
    pub(crate) fn d_row(&self, row: usize) -> &'a [f32] {
        let n = self.width / self.block.size();
        &self.d[row * n..][..n]
    }

    /// The sums of row `row`.
    #[inline(always)]
    pub(crate) fn sums_row(&self, row: usize) -> &'a [i16] {
        let n = self.width / SUM;
        &self.sums[row * n..][..n]
    }
}
