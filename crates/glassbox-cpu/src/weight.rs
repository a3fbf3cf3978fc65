use crate::CpuError;
use crate::memory::Zeroed;
use crate::team::{Chunks, Team};
use glassbox_core::{DType, SharedBytes, WeightView, quant};
use glassbox_kernels::panels;
use std::borrow::Cow;
use std::sync::Arc;

/// A weight on the CPU.
pub struct Weight {
    pub(crate) dtype: DType,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    row_bytes: usize,
    data: Data,
}

enum Data {
    /// Panels, from the start of a cache line on.
    Panels(SharedBytes),
    /// A single row, such as a gain or a bias, and its elements. Its bytes are a copy, as panels
    /// are: when all are loaded, nothing holds the file any longer.
    Row {
        bytes: Zeroed<u8>,
        vector: Zeroed<f32>,
    },
}

impl Weight {
    pub(crate) fn new(view: &WeightView, team: &mut Team) -> Result<Self, CpuError> {
        let data = match view.rows() {
            1 => {
                let mut vector = Zeroed::new(view.cols())?;
                view.dequantize_row(0, &mut vector);
                let mut bytes = Zeroed::new(view.row_bytes())?;
                bytes.copy_from_slice(view.data());
                Data::Row { bytes, vector }
            }
            _ => Data::Panels(in_panels(view, team)?),
        };
        Ok(Weight::of(view, data))
    }

    /// A weight whose panels are made already.
    pub(crate) fn laid_out(view: &WeightView, bytes: SharedBytes) -> Result<Self, CpuError> {
        let (got, expected) = (bytes.len(), panel_bytes(view));
        if got != expected {
            return Err(CpuError::Shape {
                what: "bytes of prepared panels",
                got,
                expected,
            });
        }
        Ok(Weight::of(view, Data::Panels(bytes)))
    }

    fn of(view: &WeightView, data: Data) -> Self {
        Weight {
            dtype: view.dtype(),
            rows: view.rows(),
            cols: view.cols(),
            row_bytes: view.row_bytes(),
            data,
        }
    }

    /// The panels of the rows from `first` on, `first` being the first of a panel.
    pub(crate) fn panels(&self, first: usize) -> Cow<'_, [u8]> {
        let panel_bytes = panels::bytes(self.cols, self.dtype);
        match &self.data {
            Data::Panels(bytes) => Cow::Borrowed(&bytes[first / panels::ROWS * panel_bytes..]),
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

/// The panels of a matrix, as a file may keep them; `None` for a vector, and where panels are not
/// whole rows of the file's, since a row of bf16 has an odd element.
pub(crate) fn lay_out(view: &WeightView, team: &mut Team) -> Result<Option<SharedBytes>, CpuError> {
    if view.rows() == 1 || !panel_bytes(view).is_multiple_of(view.row_bytes().max(1)) {
        return Ok(None);
    }
    in_panels(view, team).map(Some)
}

/// Bytes of all panels of a matrix.
fn panel_bytes(view: &WeightView) -> usize {
    let n_panels = view.rows().div_ceil(panels::ROWS);
    n_panels.saturating_mul(panels::bytes(view.cols(), view.dtype()))
}

fn in_panels(view: &WeightView, team: &mut Team) -> Result<SharedBytes, CpuError> {
    let (row_bytes, cols, dtype) = (view.row_bytes(), view.cols(), view.dtype());
    let panel_bytes = panels::bytes(cols, dtype);
    let mut bytes = Zeroed::in_large_pages(self::panel_bytes(view))?;
    team.for_each_part(Chunks::new(&mut bytes, panel_bytes), |i, panel| {
        let first = i * panels::ROWS;
        let n = panels::ROWS.min(view.rows() - first);
        let rows = &view.data()[first * row_bytes..][..n * row_bytes];
        panels::pack(panel, rows, cols, dtype);
    });
    Ok(SharedBytes::new(Arc::new(bytes)))
}

/// A bf16 weight as an f32 one.
pub(crate) fn widened(view: &WeightView) -> Result<WeightView, CpuError> {
    let mut bytes: Zeroed<u8> = Zeroed::new(view.data().len().saturating_mul(2))?;
    let halves = view.data().as_chunks::<2>().0;
    for (wide, half) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(halves) {
        *wide = [0, 0, half[0], half[1]];
    }
    let (name, rows, cols) = (view.name(), view.rows(), view.cols());
    let bytes = SharedBytes::new(Arc::new(bytes));
    Ok(WeightView::new(name, DType::F32, rows, cols, bytes)?)
}
