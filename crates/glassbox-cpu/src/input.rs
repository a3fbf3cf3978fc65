//! A layer's input in the form that its weights want.

use crate::CpuError;
use crate::team::{Chunks, Team};
use glassbox_core::DType;
use glassbox_kernels::{ActBlock, Activations, Kernels, Rows, Step, Steps, TILE, Tile, Turns};

/// How activations are laid out.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Form {
    /// In eight bits.
    Quantized(ActBlock),
    /// In steps, for float weights.
    Steps(Step),
}

impl Form {
    /// What weights of `dtype` want.
    pub(crate) fn of(dtype: DType, kernels: &Kernels) -> Form {
        match ActBlock::for_weights(dtype.block_len()) {
            Some(block) => Form::Quantized(block),
            None => Form::Steps(kernels.step(dtype)),
        }
    }
}

/// Space for the rows of a layer's input in every form.
#[derive(Default)]
pub(crate) struct Scratch {
    small: Quantized,
    large: Quantized,
    floats: Vec<u32>,
    bf16: Vec<u32>,
}

#[derive(Default)]
struct Quantized {
    q: Vec<i8>,
    d: Vec<f32>,
    sums: Vec<i16>,
    turns: Turns,
}

impl Scratch {
    /// Makes room for `rows` rows of `width`, so that no operation allocates.
    pub(crate) fn reserve(&mut self, rows: usize, width: usize) -> Result<(), CpuError> {
        let len = rows.next_multiple_of(TILE).saturating_mul(width);
        let spaces = [
            (&mut self.small, ActBlock::Small),
            (&mut self.large, ActBlock::Super),
        ];
        for (space, block) in spaces {
            reserve(&mut space.q, len)?;
            reserve(&mut space.d, block.floats(len))?;
            reserve(&mut space.sums, block.sums(len))?;
        }
        reserve(&mut self.floats, len)?;
        reserve(
            &mut self.bf16,
            rows.saturating_mul(Step::Rounded.per_row(width)),
        )
    }

    /// Puts `x` into a form.
    pub(crate) fn fill(&mut self, form: Form, kernels: &Kernels, team: &mut Team, x: Rows<'_>) {
        match form {
            Form::Quantized(ActBlock::Small) => self.small.fill(kernels, team, x, ActBlock::Small),
            Form::Quantized(ActBlock::Super) => self.large.fill(kernels, team, x, ActBlock::Super),
            Form::Steps(step) => {
                let per_row = step.per_row(x.width);
                let steps = match step {
                    Step::One => &mut self.floats,
                    Step::Rounded | Step::Two => &mut self.bf16,
                };
                let steps = Chunks::new(grow(steps, n_rows(x) * per_row), TILE * per_row);
                team.for_each_part(steps, |i, steps| {
                    kernels.steps_of_rows(steps, tile_of(x, i), step);
                });
            }
        }
    }

    /// What [`fill`](Self::fill) put there of rows of `width`, and what stood behind it before.
    pub(crate) fn input(&self, form: Form, width: usize) -> Input<'_> {
        match form {
            Form::Quantized(ActBlock::Small) => self.small.view(width, ActBlock::Small),
            Form::Quantized(ActBlock::Super) => self.large.view(width, ActBlock::Super),
            Form::Steps(step) => Input::Steps(Steps {
                words: match step {
                    Step::One => &self.floats,
                    Step::Rounded | Step::Two => &self.bf16,
                },
                per_row: step.per_row(width),
            }),
        }
    }
}

impl Quantized {
    fn fill(&mut self, kernels: &Kernels, team: &mut Team, x: Rows<'_>, block: ActBlock) {
        let turns = kernels.turns(n_rows(x), block);
        let len = turns.room(n_rows(x)) * x.width;
        let (width, floats, sums) = (x.width, block.floats(x.width), block.sums(x.width));
        let whole = (
            Chunks::new(grow(&mut self.q, len), TILE * width),
            Chunks::new(grow(&mut self.d, block.floats(len)), TILE * floats),
            Chunks::new(grow(&mut self.sums, block.sums(len)), TILE * sums),
        );
        self.turns = turns;
        team.for_each_part(whole, |i, parts| {
            kernels.quantize_rows(parts, tile_of(x, i), block, turns);
        });
    }

    fn view(&self, width: usize, block: ActBlock) -> Input<'_> {
        Input::Quantized(Activations {
            q: &self.q,
            d: &self.d,
            sums: &self.sums,
            width,
            block,
            turns: self.turns,
        })
    }
}

/// The first `len` elements of a space.
fn grow<T: Default + Clone>(space: &mut Vec<T>, len: usize) -> &mut [T] {
    if space.len() < len {
        space.resize(len, T::default());
    }
    &mut space[..len]
}

pub(crate) fn n_rows(x: Rows<'_>) -> usize {
    x.data.len() / x.width.max(1)
}

/// The `i`th [`TILE`] rows.
fn tile_of(x: Rows<'_>, i: usize) -> Rows<'_> {
    x.part(i * TILE, n_rows(x).min((i + 1) * TILE))
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

/// Rows of activations in some form.
#[derive(Clone, Copy)]
pub(crate) enum Input<'a> {
    Quantized(Activations<'a>),
    Steps(Steps<'a>),
}

impl<'a> Input<'a> {
    /// Rows `first` to `first + n`; `first` is the first of a tile.
    pub(crate) fn rows(&self, first: usize, n: usize) -> Input<'a> {
        match *self {
            Input::Steps(Steps { words, per_row }) => Input::Steps(Steps {
                words: &words[first * per_row..][..n * per_row],
                per_row,
            }),
            Input::Quantized(a) => {
                let (floats, sums) = (a.block.floats(a.width), a.block.sums(a.width));
                let n = a.turns.room(n);
                Input::Quantized(Activations {
                    q: &a.q[first * a.width..][..n * a.width],
                    d: &a.d[first * floats..][..n * floats],
                    sums: &a.sums[first * sums..][..n * sums],
                    ..a
                })
            }
        }
    }

    /// `dst = self · wᵀ` for panels `w`.
    pub(crate) fn times(&self, kernels: &Kernels, dst: &mut Tile<'_>, w: &[u8], dtype: DType) {
        match self {
            Input::Steps(x) => kernels.linear_float(dst, x, w, dtype),
            Input::Quantized(x) => kernels.linear_quant(dst, x, w, dtype),
        }
    }
}
