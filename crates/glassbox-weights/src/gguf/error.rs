use super::{MAX_ALIGNMENT, MAX_DEPTH, MAX_DIMS, MAX_KEY, Value};
use crate::error::{EscapedBytes, dtype_names};
use glassbox_core::DType;
use std::fmt;

/// Which part of a GGUF file is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// Magic, version and counts.
    Preamble,
    /// The name of the key with this index.
    Key(u64),
    /// The value of this key.
    Value(String),
    /// The name of the tensor with this index.
    TensorName(u64),
    /// The descriptor of this tensor.
    Tensor(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Preamble => f.write_str("preamble"),
            Place::Key(index) => write!(f, "key {index}"),
            Place::Value(key) => write!(f, "value of {key:?}"),
            Place::TensorName(index) => write!(f, "name of tensor {index}"),
            Place::Tensor(name) => write!(f, "tensor {name:?}"),
        }
    }
}

/// What can be wrong with a GGUF file. Offsets count from the start of the file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GgufError {
    /// A length reaches past the end of the file.
    #[error("{place}, offset {offset}: needs {needed} bytes, {present} remain")]
    Truncated {
        /// What was being read.
        place: Place,
        /// Where.
        offset: u64,
        /// Bytes that it takes.
        needed: u64,
        /// Bytes between there and the end of the file.
        present: u64,
    },
    /// The first four bytes are not `GGUF`.
    #[error("offset 0: magic \"{}\", expected \"GGUF\"", .found.escape_ascii())]
    Magic {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// A version other than 2 and 3.
    #[error("offset 4: GGUF version {found}, supported are 2 and 3")]
    Version {
        /// The version.
        found: u32,
    },
    /// The file was written for big-endian machines.
    #[error(
        "offset 4: big-endian GGUF (version {version}), only little-endian files are supported"
    )]
    BigEndian {
        /// The version, read the other way round.
        version: u32,
    },
    /// More entries than the rest of the file could hold.
    #[error("{place}, offset {offset}: {count} {what}, but the file has room for {most} at most")]
    Count {
        /// Where the count stands.
        place: Place,
        /// What is counted.
        what: &'static str,
        /// Where.
        offset: u64,
        /// The count.
        count: u64,
        /// The bytes that remain ÷ the smallest entry.
        most: u64,
    },
    /// A key longer than the specification allows.
    #[error("key {index}, offset {offset}: {len} bytes long, at most {MAX_KEY} are allowed")]
    KeyTooLong {
        /// Which key.
        index: u64,
        /// Where its length stands.
        offset: u64,
        /// Its length.
        len: u64,
    },
    /// Text that is not UTF-8.
    #[error("{place}, offset {offset}: \"{bytes}\" is not UTF-8")]
    NotUtf8 {
        /// What was being read.
        place: Place,
        /// Where the text starts.
        offset: u64,
        /// The first bytes of it.
        bytes: EscapedBytes,
    },
    /// A value type that the specification does not have.
    #[error("{place}, offset {offset}: value type {found}, the known ones are 0 to 12")]
    ValueType {
        /// Whose value.
        place: Place,
        /// Where the type stands.
        offset: u64,
        /// The type's id.
        found: u32,
    },
    /// A boolean that is neither 0 nor 1.
    #[error("{place}, offset {offset}: boolean {found}, expected 0 or 1")]
    Bool {
        /// Whose value.
        place: Place,
        /// Where.
        offset: u64,
        /// The byte.
        found: u8,
    },
    /// Arrays in arrays in arrays.
    #[error("{place}, offset {offset}: arrays nested more than {MAX_DEPTH} deep")]
    Nesting {
        /// Whose value.
        place: Place,
        /// Where the first array too many stands.
        offset: u64,
    },
    /// The same key twice.
    #[error("key {key:?} stands twice, at offsets {first} and {second}")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Offset of its first entry.
        first: u64,
        /// Offset of its second entry.
        second: u64,
    },
    /// The same tensor twice.
    #[error("tensor {name:?} stands twice, at offsets {first} and {second}")]
    DuplicateTensor {
        /// The tensor.
        name: String,
        /// Offset of its first descriptor.
        first: u64,
        /// Offset of its second descriptor.
        second: u64,
    },
    /// `general.alignment` breaks the rule.
    #[error(
        "general.alignment is {found}, expected a u32, a power of two, at most {MAX_ALIGNMENT}"
    )]
    Alignment {
        /// The value with its type.
        found: Value,
    },
    /// Too many dimensions.
    #[error("tensor {tensor:?}, offset {offset}: {found} dimensions, at most {MAX_DIMS}")]
    Dims {
        /// The tensor.
        tensor: String,
        /// Where the number stands.
        offset: u64,
        /// The number of dimensions.
        found: u32,
    },
    /// A type that glassbox does not read.
    #[error(
        "tensor {tensor:?}: type {id} is not supported, the supported are {}",
        dtype_names()
    )]
    TensorType {
        /// The tensor.
        tensor: String,
        /// The type's id.
        id: u32,
    },
    /// A row that is not a whole number of blocks.
    #[error(
        "tensor {tensor:?}: a row of {cols} elements is not a whole number of {dtype} blocks of {}",
        .dtype.block_len()
    )]
    RaggedRow {
        /// The tensor.
        tensor: String,
        /// Its type.
        dtype: DType,
        /// Elements of a row.
        cols: u64,
    },
    /// The size does not fit 64 bits.
    #[error("tensor {tensor:?}: the bytes of {shape:?} {dtype} at {offset} overflow 64 bits")]
    Overflow {
        /// The tensor.
        tensor: String,
        /// Its type.
        dtype: DType,
        /// Its sizes, outermost first.
        shape: Vec<u64>,
        /// Its offset in the tensor data.
        offset: u64,
    },
    /// A tensor's offset is not a multiple of the alignment.
    #[error("tensor {tensor:?}: offset {offset} is not a multiple of the alignment {alignment}")]
    Misaligned {
        /// The tensor.
        tensor: String,
        /// Its offset in the tensor data.
        offset: u64,
        /// The alignment.
        alignment: u32,
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
        "a hole of {bytes} bytes before tensor {second:?}{}",
        .first.as_ref().map(|t| format!(", after {t:?}")).unwrap_or_default()
    )]
    Hole {
        /// The tensor before the hole, if there is one.
        first: Option<String>,
        /// The tensor after it.
        second: String,
        /// Its size, padding not counted.
        bytes: u64,
    },
    /// A tensor reaches past the end of the file.
    #[error(
        "tensor {tensor:?} past the end: needs {needed} bytes at offset {offset}, {present} remain"
    )]
    PastEnd {
        /// The tensor.
        tensor: String,
        /// Where it starts in the file.
        offset: u64,
        /// Its bytes.
        needed: u64,
        /// The bytes that the file has from there on.
        present: u64,
    },
    /// One part of a model that was split into several GGUF files.
    #[error("part {part} of a model split into {count} files; merge them first")]
    Split {
        /// Which part, from 1.
        part: u64,
        /// How many there are.
        count: u64,
    },
}
