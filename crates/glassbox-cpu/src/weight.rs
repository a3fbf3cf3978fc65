use crate::CpuError;
use crate::kv::zeros;
use crate::team::{Chunks, Team};
use glassbox_core::{DType, WeightView, quant};
use glassbox_kernels::panels;
use std::borrow::Cow;

/// A cache line, at which panels begin.
const LINE: usize = 64;

/// A weight on the CPU.
pub struct Weight {
    pub(crate) dtype: DType,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    row_bytes: usize,
    data: Data,
}

enum Data {
    /// Panels, from the first cache line on.
    Panels { bytes: Vec<u8>, start: usize },
    /// A single row, such as a gain or a bias, and its elements. Its bytes are a copy, as panels
    /// are: when all are loaded, nothing holds the file any longer.
    Row { bytes: Vec<u8>, vector: Vec<f32> },
}

impl Weight {
    pub(crate) fn new(view: WeightView, team: &mut Team) -> Result<Self, CpuError> {
        Ok(Weight {
            dtype: view.dtype(),
            rows: view.rows(),
            cols: view.cols(),
            row_bytes: view.row_bytes(),
            data: match view.rows() {
                1 => {
                    let mut vector = zeros(view.cols())?;
                    view.dequantize_row(0, &mut vector);
                    let mut bytes = zeros(view.row_bytes())?;
                    bytes.copy_from_slice(view.data());
                    Data::Row { bytes, vector }
                }
                _ => in_panels(&view, team)?,
            },
        })
    }

    /// The panels of the rows from `first` on, `first` being the first of a panel.
    pub(crate) fn panels(&self, first: usize) -> Cow<'_, [u8]> {
        let panel_bytes = panels::bytes(self.cols, self.dtype);
        match &self.data {
            Data::Panels { bytes, start } => {
                Cow::Borrowed(&bytes[start + first / panels::ROWS * panel_bytes..])
            }
            Data::Row { bytes, .. } => {
                let mut panel = vec![0; panel_bytes];
                panels::pack(&mut panel, bytes, self.cols, self.dtype);
                Cow::Owned(panel)
            }
        }
    }

    /// Row `row`, as f32; `space` has room for the bytes of a row.
    pub(crate) fn dequantize_row(&self, row: usize, dst: &mut [f32], space: &mut Vec<u8>) {
        space.resize(self.row_bytes, 0);
        let in_panel = row % panels::ROWS;
        let panel = self.panels(row - in_panel);
        let panel = &panel[..panels::bytes(self.cols, self.dtype)];
        panels::unpack_row(space, panel, in_panel, self.dtype);
        quant::dequantize(self.dtype, space, dst);
    }

    /// The elements of a vector of `len`, such as a gain or a bias.
    pub(crate) fn vector(&self, what: &'static str, len: usize) -> Result<&[f32], CpuError> {
        match &self.data {
            Data::Row { vector, .. } if vector.len() == len => Ok(vector),
            _ => Err(CpuError::Shape {
                what,
                got: self.rows * self.cols,
                expected: len,
            }),
        }
    }
}

fn in_panels(view: &WeightView, team: &mut Team) -> Result<Data, CpuError> {
    let (row_bytes, cols, dtype) = (view.row_bytes(), view.cols(), view.dtype());
    let panel_bytes = panels::bytes(cols, dtype);
    let n_panels = view.rows().div_ceil(panels::ROWS);
    let mut bytes = zeros::<u8>(n_panels.saturating_mul(panel_bytes).saturating_add(LINE))?;
    let start = bytes.as_ptr().align_offset(LINE).min(LINE);
    let whole = &mut bytes[start..][..n_panels * panel_bytes];
    team.for_each_part(Chunks::new(whole, panel_bytes), |i, panel| {
        let first = i * panels::ROWS;
        let n = panels::ROWS.min(view.rows() - first);
        let rows = &view.data()[first * row_bytes..][..n * row_bytes];
        panels::pack(panel, rows, cols, dtype);
    });
    Ok(Data::Panels { bytes, start })
}

/// A bf16 weight as an f32 one.
pub(crate) fn widened(view: &WeightView) -> Result<WeightView, CpuError> {
    let mut bytes: Vec<u8> = zeros(view.data().len().saturating_mul(2))?;
    let halves = view.data().as_chunks::<2>().0;
    for (wide, half) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(halves) {
        *wide = [0, 0, half[0], half[1]];
    }
    let (name, rows, cols) = (view.name(), view.rows(), view.cols());
    Ok(WeightView::new(name, DType::F32, rows, cols, bytes.into())?)
}
