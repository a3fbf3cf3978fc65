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

    /// Floats of a row of `width` elements: the scale of each block and, of a small one, the scale
    /// times the sum of its integers.
    pub const fn floats(self, width: usize) -> usize {
        width / self.size() * self.each()
    }

    /// Sums of a row of `width` elements: of each 16 and, of a large block, of each 32.
    pub const fn sums(self, width: usize) -> usize {
        match self {
            ActBlock::Small => width / SUM,
            ActBlock::Super => width / SUM + width / (2 * SUM),
        }
    }

    /// Floats of a block.
    pub(crate) const fn each(self) -> usize {
        match self {
            ActBlock::Small => 2,
            ActBlock::Super => 1,
        }
    }

    /// Integers of a row that stand together in [`Turns::Lines`].
    pub(crate) const fn line(self) -> usize {
        match self {
            ActBlock::Small => 32,
            ActBlock::Super => 64,
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

/// Activations whose sum is kept, and, of a large block, twice as many: the granularity of formats' minima.
pub(crate) const SUM: usize = 16;

/// Rows of activations in eight bits: `x ≈ d[block] * q`.
///
/// `d = max |x| / 127` over the block and `q = x * (127 / max |x|)` rounded to the nearest, ties
/// to even. A block whose largest magnitude is below 1e-30 is zero. A block that holds an infinity
/// or NaN has that as `d`, so that it shows in every result, and zeros as `q`. With the `d` of a small
/// block goes `d * Σ q`, which its weights' minimum is multiplied by.
///
/// Rows lie in tiles, and within a tile of `n` rows they take [turns](Turns): some integers of
/// each, the floats of each (`[width / block, 1 or 2, n]`), two sums of 16 of each
/// (`[width / 32, n, 2]`) and, of large blocks, then two of 32 (`[width / 64, n, 2]`). So a product of a
/// weight with all rows of a tile reads its activations from one place.
#[derive(Clone, Copy, Debug)]
pub struct Activations<'a> {
    /// The integers, a `width` for each row that there is [room](Turns::room) for.
    pub q: &'a [i8],
    /// The [floats](ActBlock::floats) of every block.
    pub d: &'a [f32],
    /// The [sums](ActBlock::sums) of integers.
    pub sums: &'a [i16],
    /// Elements of a row, a multiple of the block.
    pub width: usize,
    /// How many share a scale.
    pub block: ActBlock,
    /// How rows take turns.
    pub turns: Turns,
}

/// Rows after which every layout of activations begins anew.
pub const TILE: usize = 16;

/// How the rows of a tile of [`Activations`] take turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turns {
    /// Four integers of each: `[width / 4, n, 4]`. Tiles have 8 rows while there are as many, then
    /// at most one each has 4, 2 and 1; a single row lies as it is.
    #[default]
    Fours,
    /// A line of each: `[width / line, n, line]`, with 32 integers for small blocks and 64 for large
    /// ones. Every tile has 16 rows; those that are not there are zeros.
    Lines,
}

impl Turns {
    /// Rows that `n` rows take, with those that fill up the last tile.
    pub const fn room(self, n: usize) -> usize {
        match self {
            Turns::Fours => n,
            Turns::Lines => n.next_multiple_of(TILE),
        }
    }

    /// Rows of the tile that begins where `rest` rows are left, fill included.
    #[inline(always)]
    pub(crate) const fn tile(self, rest: usize) -> usize {
        match self {
            Turns::Fours => tile(rest),
            Turns::Lines if rest == 0 => 0,
            Turns::Lines => TILE,
        }
    }

    /// Integers of a row that stand together.
    #[inline(always)]
    pub(crate) const fn each(self, block: ActBlock) -> usize {
        match self {
            Turns::Fours => 4,
            Turns::Lines => block.line(),
        }
    }
}

/// Rows of the tile that begins where `rest` rows are left, of [`Steps`] and of
/// [`Turns::Fours`].
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

/// What a step of a row of activations is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// An element.
    One,
    /// An element, [rounded](crate::portable::bf16::round) to bf16; a row of odd width has a zero
    /// behind it.
    Rounded,
    /// Two rounded elements as bf16, the first in the low half; likewise for a row of odd width.
    Two,
}

impl Step {
    /// Steps of a row of `width` elements.
    pub fn per_row(self, width: usize) -> usize {
        match self {
            Step::One => width,
            Step::Rounded => width.next_multiple_of(2),
            Step::Two => width.div_ceil(2),
        }
    }
}

/// Rows of activations for float weights, in the same [tiles](tile): within a tile of `n` rows each
/// gives a [step](Step) in turn, `[per_row, n]`.
#[derive(Clone, Copy, Debug)]
pub struct Steps<'a> {
    /// The steps, `n_rows * per_row`.
    pub words: &'a [u32],
    /// Steps of a row.
    pub per_row: usize,
}

/// Rows of [`Activations`] that take turns.
#[derive(Clone, Copy)]
pub(crate) struct ActTile<'a, const T: usize> {
    /// `[width / 4, T]`.
    pub(crate) q: &'a [[i8; 4]],
    /// `[width / block, 1 or 2, T]`.
    pub(crate) d: &'a [f32],
    /// `[width / 32, T]`, sums of 16.
    pub(crate) sums: &'a [[i16; 2]],
    /// `[width / 64, T]`, sums of 32; of large blocks alone.
    pub(crate) wide: &'a [[i16; 2]],
}

impl<'a> Activations<'a> {
    /// The tile of `T` rows that begins with row `first`, of which there is room for all.
    #[inline(always)]
    pub(crate) fn tile<const T: usize>(&self, first: usize) -> ActTile<'a, T> {
        let part = |len: usize| first * len..(first + T) * len;
        let sums = self.sums[part(self.block.sums(self.width))].as_chunks().0;
        let (sums, wide) = sums.split_at(self.width / (2 * SUM) * T);
        ActTile {
            q: self.q[part(self.width)].as_chunks().0,
            d: &self.d[part(self.block.floats(self.width))],
            sums,
            wide,
        }
    }

    /// Row `row` as it would lie alone: its integers, floats and sums of 16.
    pub fn row(&self, row: usize) -> (Vec<i8>, Vec<f32>, Vec<i16>) {
        let room = self.q.len() / self.width.max(1);
        let (mut first, mut n) = (0, self.turns.tile(room));
        while first + n <= row {
            first += n;
            n = self.turns.tile(room - first);
        }
        let t = row - first;
        let (floats, sums) = (self.block.floats(self.width), self.block.sums(self.width));
        let each = self.turns.each(self.block);
        let place = |i| first * self.width + (i / each * n + t) * each + i % each;
        let pair = |p| first * sums + (p * n + t) * 2;
        (
            (0..self.width).map(|i| self.q[place(i)]).collect(),
            (0..floats)
                .map(|f| self.d[first * floats + f * n + t])
                .collect(),
            (0..self.width / SUM / 2)
                .flat_map(|p| [self.sums[pair(p)], self.sums[pair(p) + 1]])
                .collect(),
        )
    }
}
