use crate::DType;

/// What can be wrong with weights and batches, before any arithmetic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CoreError {
    /// A quantised row must be a whole number of blocks.
    #[error(
        "tensor {name}: a row of {cols} elements is not a whole number of {dtype} blocks of {}",
        dtype.block_len()
    )]
    RaggedRow {
        /// The tensor.
        name: String,
        /// Its type.
        dtype: DType,
        /// Elements of a row.
        cols: usize,
    },
    /// The bytes do not fit the shape.
    #[error("tensor {name}: {got} bytes for [{rows}, {cols}] of {dtype}")]
    WeightBytes {
        /// The tensor.
        name: String,
        /// Its type.
        dtype: DType,
        /// Rows of the shape.
        rows: usize,
        /// Elements of a row.
        cols: usize,
        /// Bytes found.
        got: usize,
    },
    /// A batch's sequences must cover its tokens, in order and without rest.
    #[error("batch: the sequences hold {in_sequences} tokens, the batch {tokens}")]
    BatchTokens {
        /// Tokens counted over the sequences.
        in_sequences: usize,
        /// Token ids in the batch.
        tokens: usize,
    },
    /// A sequence's page table is too short for its last position.
    #[error("batch: sequence {sequence} reaches position {last} with {pages} pages of 64")]
    BatchPages {
        /// Index of the sequence in the batch.
        sequence: usize,
        /// Its last position in this batch.
        last: usize,
        /// Pages in its table.
        pages: usize,
    },
    /// Rows that want logits are ascending indices of tokens of the batch.
    #[error("batch: row {row} of {tokens} cannot want logits here")]
    BatchRows {
        /// The row that is out of range or out of order.
        row: usize,
        /// Tokens in the batch.
        tokens: usize,
    },
}
