use crate::CpuError;
use crate::input::{Form, Input, Scratch, n_rows};
use crate::team::Team;
use crate::weight::Weight;
use glassbox_kernels::{Kernels, Rows, TILE, Tile};

/// Bytes of activations that stay in a core's cache while all weights pass by.
const CACHED: usize = 1 << 20;
/// Outputs that a thread takes at a time.
const COLS: usize = 32;
/// The most that it takes of rows that are one tile, which wait for the memory: with every part that has to find its
/// pace again. A multiple of [`COLS`].
const MOST_COLS: usize = 512;
/// Rows of a gated layer that a thread takes at the most, a multiple of [`TILE`].
const GATED: usize = 256;

/// `dst[i] = x · weight[i]ᵀ + bias[i]`, in one parallel loop; what the input needs is done once
/// for all.
pub(crate) fn linear<const N: usize>(
    (kernels, team, scratch): (&'static Kernels, &mut Team, &mut Scratch),
    dst: [&mut [f32]; N],
    x: Rows<'_>,
    weight: [&Weight; N],
    bias: [Option<&Weight>; N],
) -> Result<(), CpuError> {
    let mut biases = [None; N];
    for i in 0..N {
        if let Some(bias) = bias[i] {
            biases[i] = Some(bias.vector("bias of a linear layer", weight[i].rows)?);
        }
    }
    let inputs = inputs((kernels, team, scratch), x, weight)?;
    let rows = rows_at_once(x.width);
    let cols = cols_at_once(n_rows(x), weight[0], team.threads());
    let mut weights = weight.iter();
    let grids = dst.map(|dst| {
        let n_cols = weights.next().map_or(0, |weight| weight.rows);
        Tile::whole(dst, n_cols).grid(rows, cols)
    });
    team.for_each_part(grids, |_, (i, mut tile)| {
        let (col, n_cols) = (tile.first_col(), tile.n_cols());
        let w = weight[i].panels(col);
        let x = inputs[i].rows(tile.first_row(), tile.n_rows());
        x.times(kernels, &mut tile, &w, weight[i].dtype);
        if let Some(bias) = biases[i] {
            for r in 0..tile.n_rows() {
                kernels.add(tile.row(r), &bias[col..][..n_cols]);
            }
        }
    });
    Ok(())
}

/// `dst = silu(x · gateᵀ) * (x · upᵀ)` for the weights `[gate, up]`; the two products are seen by
/// the cache alone.
pub(crate) fn gated(
    (kernels, team, scratch): (&'static Kernels, &mut Team, &mut Scratch),
    dst: &mut [f32],
    x: Rows<'_>,
    weight: [&Weight; 2],
) -> Result<(), CpuError> {
    let inputs = inputs((kernels, team, scratch), x, weight)?;
    let rows = rows_at_once(x.width).min(GATED);
    let cols = cols_at_once(n_rows(x), weight[0], team.threads());
    let grid = Tile::whole(dst, weight[0].rows).grid(rows, cols);
    team.for_each_part(grid, |_, tile| match tile.n_rows() {
        ..=TILE => gated_part::<{ TILE * MOST_COLS }>(kernels, tile, &inputs, weight),
        _ => gated_part::<{ GATED * COLS }>(kernels, tile, &inputs, weight),
    });
    Ok(())
}

/// One part, of at most `N` elements.
fn gated_part<const N: usize>(
    kernels: &Kernels,
    mut tile: Tile<'_>,
    inputs: &[Input<'_>; 2],
    weight: [&Weight; 2],
) {
    let (n_rows, n_cols) = (tile.n_rows(), tile.n_cols());
    let [gate, up] = [0, 1].map(|i| {
        let w = weight[i].panels(tile.first_col());
        (inputs[i].rows(tile.first_row(), n_rows), w, weight[i].dtype)
    });
    gate.0.times(kernels, &mut tile, &gate.1, gate.2);
    let mut space = [0.0; N];
    let mut ups = Tile::whole(&mut space[..n_rows * n_cols], n_cols);
    up.0.times(kernels, &mut ups, &up.1, up.2);
    let mut gate = [0.0; MOST_COLS];
    let gate = &mut gate[..n_cols];
    for r in 0..n_rows {
        gate.copy_from_slice(tile.row(r));
        kernels.swiglu(tile.row(r), gate, ups.row(r));
    }
}

/// The input in the form of each weight, made once for all of one form.
fn inputs<'s, const N: usize>(
    (kernels, team, scratch): (&'static Kernels, &mut Team, &'s mut Scratch),
    x: Rows<'_>,
    weight: [&Weight; N],
) -> Result<[Input<'s>; N], CpuError> {
    let wrong = weight.iter().find(|weight| weight.cols != x.width);
    if let Some(weight) = wrong {
        let (got, expected) = (x.width, weight.cols);
        return Err(CpuError::Shape {
            what: "input of a linear layer",
            got,
            expected,
        });
    }
    let forms = weight.map(|weight| Form::of(weight.dtype, kernels));
    for (i, form) in forms.into_iter().enumerate() {
        if !forms[..i].contains(&form) {
            scratch.fill(form, kernels, team, x);
        }
    }
    let scratch = &*scratch;
    Ok(forms.map(|form| scratch.input(form, x.width)))
}

/// Outputs that a thread takes at a time of `n_rows` rows; all threads take as many where they can.
fn cols_at_once(n_rows: usize, weight: &Weight, threads: usize) -> usize {
    if n_rows > TILE {
        return COLS;
    }
    let all = weight.rows.max(1);
    let turns = all.div_ceil(threads * MOST_COLS);
    all.div_ceil(threads * turns).next_multiple_of(COLS)
}

/// Rows of activations that a thread takes at a time.
fn rows_at_once(width: usize) -> usize {
    (CACHED / width.max(1)).next_multiple_of(TILE)
}
