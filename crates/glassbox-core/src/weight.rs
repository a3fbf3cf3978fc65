use crate::{CoreError, DType, SharedBytes, quant};

/// A matrix of weights as a file holds it: rows of whole blocks, row-major, little-endian.
///
/// `[rows, cols]` is `[out, in]` for a linear layer and `[vocab, hidden]` for an embedding; a
/// vector, such as a bias or a norm's gain, is a matrix of one row.
#[derive(Clone, Debug)]
pub struct WeightView {
    name: String,
    dtype: DType,
    rows: usize,
    cols: usize,
    data: SharedBytes,
}

impl WeightView {
    /// Checks that `data` is exactly `rows` rows of `cols` elements of `dtype`.
    pub fn new(
        name: impl Into<String>,
        dtype: DType,
        rows: usize,
        cols: usize,
        data: SharedBytes,
    ) -> Result<Self, CoreError> {
        let name = name.into();
        let Some(row) = dtype.row_bytes(cols) else {
            return Err(CoreError::RaggedRow { name, dtype, cols });
        };
        match row.checked_mul(rows) {
            Some(expected) if expected == data.len() => Ok(WeightView {
                name,
                dtype,
                rows,
                cols,
                data,
            }),
            _ => {
                let got = data.len();
                Err(CoreError::WeightBytes {
                    name,
                    dtype,
                    rows,
                    cols,
                    got,
                })
            }
        }
    }

    /// The tensor's name in its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Outputs of a linear layer, or entries of an embedding.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Elements of a row.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// All rows, as they stand in the file.
    pub fn data(&self) -> &SharedBytes {
        &self.data
    }

    /// Bytes of one row.
    pub fn row_bytes(&self) -> usize {
        self.data.len().checked_div(self.rows).unwrap_or(0)
    }

    /// Row `row` as f32, exactly as the format's specification defines it.
    ///
    /// # Panics
    /// When `row` is not below [`rows`](Self::rows) or `dst` is not [`cols`](Self::cols) long.
    pub fn dequantize_row(&self, row: usize, dst: &mut [f32]) {
        let n_bytes = self.row_bytes();
        assert!(row < self.rows, "row {row} of {}", self.rows);
        assert_eq!(dst.len(), self.cols);
        quant::dequantize(self.dtype, &self.data[row * n_bytes..][..n_bytes], dst);
    }
}
