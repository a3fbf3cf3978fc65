use super::{MAX_DIMS, MAX_HEADER};
use crate::error::EscapedBytes;
use glassbox_core::DType;

/// What can be wrong with a safetensors file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SafeTensorsError {
    /// Too short for the length of a header.
    #[error("{len} bytes, expected 8 bytes of header length at least")]
    TooShort {
        /// The file's size.
        len: u64,
    },
    /// A header that is too long to be one.
    #[error("offset 0: a header of {found} bytes, at most {MAX_HEADER} are allowed")]
    HeaderTooLong {
        /// The length.
        found: u64,
    },
    /// A header that ends past the end of the file.
    #[error("offset 8: a header of {found} bytes, {present} remain")]
    HeaderPastEnd {
        /// The length.
        found: u64,
        /// The bytes there are.
        present: u64,
    },
    /// A header that is not text.
    #[error("offset {offset}: \"{bytes}\" in the header is not UTF-8")]
    NotUtf8 {
        /// Where in the file.
        offset: u64,
        /// The first bytes from there.
        bytes: EscapedBytes,
    },
    /// A header that is not the JSON it should be.
    #[error("header: {0}")]
    Json(#[from] serde_json::Error),
    /// The same name twice.
    #[error("tensor {name:?} stands twice in the header, with data at {first} and at {second}")]
    Duplicate {
        /// The name.
        name: String,
        /// Data offset of the first entry.
        first: u64,
        /// Data offset of the second entry.
        second: u64,
    },
    /// `__metadata__` twice.
    #[error("__metadata__ stands twice in the header")]
    DuplicateMetadata,
    /// A type that glassbox does not read.
    #[error(
        "tensor {tensor:?}: dtype {found:?} is not supported, the supported are F32, F16, BF16"
    )]
    DType {
        /// The tensor.
        tensor: String,
        /// Its type.
        found: String,
    },
    /// Too many dimensions.
    #[error("tensor {tensor:?}: {found} dimensions, at most {MAX_DIMS}")]
    Dims {
        /// The tensor.
        tensor: String,
        /// The number of dimensions.
        found: usize,
    },
    /// Shape, type and bytes disagree.
    #[error(
        "tensor {tensor:?}: data from {start} to {end}, but {shape:?} {dtype} {}",
        .expected.map(|n| format!("is {n} bytes")).unwrap_or("overflows 64 bits".into())
    )]
    Bytes {
        /// The tensor.
        tensor: String,
        /// Its type.
        dtype: DType,
        /// Its shape.
        shape: Vec<u64>,
        /// Where its data starts, after the header.
        start: u64,
        /// Where its data ends.
        end: u64,
        /// The bytes of the shape, unless they overflow.
        expected: Option<u64>,
    },
    /// Two tensors share bytes.
    #[error("tensors {first:?} and {second:?} overlap at {offset} of the tensor data")]
    Overlap {
        /// The one that starts first.
        first: String,
        /// The one that starts inside it.
        second: String,
        /// Where the second starts.
        offset: u64,
    },
    /// Bytes that belong to no tensor.
    #[error(
        "a hole of {bytes} bytes{}{}",
        .first.as_ref().map(|t| format!(" after tensor {t:?}")).unwrap_or_default(),
        .second.as_ref().map(|t| format!(" before tensor {t:?}")).unwrap_or_default()
    )]
    Hole {
        /// The tensor before the hole, if there is one.
        first: Option<String>,
        /// The tensor after it; none at the end of the file.
        second: Option<String>,
        /// Its size.
        bytes: u64,
    },
    /// A tensor reaches past the end of the file.
    #[error(
        "tensor {tensor:?} past the end: needs {needed} bytes at {offset} of the tensor data, \
         {present} remain"
    )]
    PastEnd {
        /// The tensor.
        tensor: String,
        /// Where it starts.
        offset: u64,
        /// Its bytes.
        needed: u64,
        /// The bytes that the file has from there on.
        present: u64,
    },
}

/// What can be wrong with `model.safetensors.index.json`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// Not the JSON it should be.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// The same tensor twice.
    #[error("tensor {tensor:?} stands twice, in {first:?} and in {second:?}")]
    Duplicate {
        /// The tensor.
        tensor: String,
        /// The first shard named for it.
        first: String,
        /// The second.
        second: String,
    },
    /// A shard that is not a file of the same folder.
    #[error("tensor {tensor:?}: shard {shard:?} is not the name of a file in the same folder")]
    ShardPath {
        /// The tensor.
        tensor: String,
        /// The path given.
        shard: String,
    },
    /// A shard that is not there.
    #[error("shard {shard:?} is missing")]
    MissingShard {
        /// The shard.
        shard: String,
    },
    /// A tensor that the index promises and the shard lacks.
    #[error("tensor {tensor:?} is not in shard {shard:?}, where the index puts it")]
    NotInShard {
        /// The tensor.
        tensor: String,
        /// The shard.
        shard: String,
    },
    /// A tensor that a shard holds and the index does not put there.
    #[error("shard {shard:?} holds tensor {tensor:?}, which the index does not put there")]
    NotInIndex {
        /// The tensor.
        tensor: String,
        /// The shard.
        shard: String,
    },
}
