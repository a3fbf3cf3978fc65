use glassbox_core::DType;
use std::path::Path;
use std::sync::Arc;

/// What a file says of one of its tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    pub(crate) name: String,
    pub(crate) dtype: DType,
    pub(crate) shape: Vec<u64>,
    pub(crate) offset: u64,
    pub(crate) n_bytes: u64,
    pub(crate) file: Arc<Path>,
    /// Index of the file in its checkpoint.
    pub(crate) source: usize,
}

impl TensorInfo {
    /// The name in its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Sizes, outermost first: `[out, in]` for a linear layer. (GGUF files store the reverse.)
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Elements: the product of the shape, which was checked not to overflow.
    pub fn n_elements(&self) -> u64 {
        self.shape.iter().product()
    }

    /// Bytes of the tensor.
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Where in [`file`](Self::file) the tensor starts.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The file that holds the tensor.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// `(rows, cols)`: a vector is one row; `None` for other ranks than 1 and 2.
    pub(crate) fn rows_cols(&self) -> Option<(usize, usize)> {
        let (rows, cols) = match self.shape[..] {
            [cols] => (1, cols),
            [rows, cols] => (rows, cols),
            _ => return None,
        };
        Some((usize::try_from(rows).ok()?, usize::try_from(cols).ok()?))
    }
}
