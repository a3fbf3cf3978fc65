use crate::CpuError;
use crate::input::{Form, Scratch, TILE};
use crate::team::Team;
use crate::weight::Weight;
use glassbox_kernels::{Kernels, Rows, Tile};

/// Bytes of activations that stay in a core's cache while all weights pass by.
const CACHED: usize = 384 << 10;
/// Outputs that a thread takes at a time.
const COLS: usize = 32;

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
        if weight[i].cols != x.width {
            let (got, expected) = (x.width, weight[i].cols);
            return Err(CpuError::Shape {
                what: "input of a linear layer",
                got,
                expected,
            });
        }
        if let Some(bias) = bias[i] {
            biases[i] = Some(bias.vector("bias of a linear layer", weight[i].rows)?);
        }
    }
    let forms = weight.map(|weight| Form::of(weight.dtype));
    for (i, form) in forms.into_iter().enumerate() {
        if !forms[..i].contains(&form) {
            scratch.fill(form, kernels, team, x);
        }
    }
    let inputs = forms.map(|form| scratch.input(form, x.width));
    let rows = (CACHED / x.width.max(1)).next_multiple_of(TILE);
    let mut weights = weight.iter();
    let grids = dst.map(|dst| {
        let n_cols = weights.next().map_or(0, |weight| weight.rows);
        Tile::whole(dst, n_cols).grid(rows, COLS)
    });
    team.for_each_part(grids, |_, (i, mut tile)| {
        let (row, col) = (tile.first_row(), tile.first_col());
        let n_cols = tile.n_cols();
        let w = weight[i].panels(col, n_cols);
        let x = inputs[i].rows(row, tile.n_rows());
        x.times(kernels, &mut tile, &w, weight[i].dtype);
        if let Some(bias) = biases[i] {
            for r in 0..tile.n_rows() {
                kernels.add(tile.row(r), &bias[col..][..n_cols]);
            }
        }
    });
    Ok(())
}
