use crate::CpuError;
use crate::kv::zeros;
use crate::team::{Chunks, Team};
use glassbox_core::{DType, WeightView, quant};
use glassbox_kernels::panels;

/// A cache line, at which panels begin.
const LINE: usize = 64;

/// A weight on the CPU.
pub struct Weight {
    pub(crate) dtype: DType,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) row_bytes: usize,
    data: Data,
    /// For a vector, its elements.
    vector: Vec<f32>,
}

enum Data {
    /// The file's own bytes: float types.
    File(WeightView),
    /// Panels, from the first cache line on: quantised types.
    Panels { bytes: Vec<u8>, start: usize },
}

impl Weight {
    pub(crate) fn new(view: WeightView, team: &mut Team) -> Result<Self, CpuError> {
        let mut vector = Vec::new();
        if view.rows() == 1 {
            vector.resize(view.cols(), 0.0);
            view.dequantize_row(0, &mut vector);
        }
        Ok(Weight {
            dtype: view.dtype(),
            rows: view.rows(),
            cols: view.cols(),
            row_bytes: view.row_bytes(),
            vector,
            data: match view.dtype().block_len() {
                1 => Data::File(view),
                _ => in_panels(&view, team)?,
            },
        })
    }

    /// The bytes of rows `first` to `first + n`, `first` being the first of a panel: rows of a
    /// float type, whole panels of a quantised one.
    pub(crate) fn rows(&self, first: usize, n: usize) -> &[u8] {
        match &self.data {
            Data::File(view) => &view.data()[first * self.row_bytes..][..n * self.row_bytes],
            Data::Panels { bytes, start } => {
                let n = n.next_multiple_of(panels::ROWS);
                &bytes[start + first * self.row_bytes..][..n * self.row_bytes]
            }
        }
    }

    /// Row `row`, as f32; `space` has room for the bytes of a row.
    pub(crate) fn dequantize_row(&self, row: usize, dst: &mut [f32], space: &mut Vec<u8>) {
        match &self.data {
            Data::File(view) => view.dequantize_row(row, dst),
            Data::Panels { .. } => {
                space.resize(self.row_bytes, 0);
                let in_panel = row % panels::ROWS;
                let panel = self.rows(row - in_panel, panels::ROWS);
                panels::unpack_row(space, panel, in_panel, self.dtype);
                quant::dequantize(self.dtype, space, dst);
            }
        }
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

fn in_panels(view: &WeightView, team: &mut Team) -> Result<Data, CpuError> {
    let row_bytes = view.row_bytes();
    let panel_bytes = panels::ROWS * row_bytes;
    let n_panels = view.rows().div_ceil(panels::ROWS);
    let mut bytes = zeros::<u8>(n_panels.saturating_mul(panel_bytes).saturating_add(LINE))?;
    let start = bytes.as_ptr().align_offset(LINE).min(LINE);
    let whole = &mut bytes[start..][..n_panels * panel_bytes];
    team.for_each_part(Chunks::new(whole, panel_bytes), |i, panel| {
        let first = i * panels::ROWS;
        let n = panels::ROWS.min(view.rows() - first);
        let rows = &view.data()[first * row_bytes..][..n * row_bytes];
        panels::pack(panel, rows, view.dtype());
    });
    Ok(Data::Panels { bytes, start })
}
