//! The GGUF format, versions 2 and 3, little-endian.
//!
//! Source: `docs/gguf.md` of the ggml project. A file is a magic and a version, counts, key-value
//! metadata, tensor descriptors, padding to the alignment, and tensor data. The parser holds to
//! these rules, each checked before anything is reserved or read because of it:
//!
//! 1. a count is at most the bytes that remain ÷ the smallest entry it could count;
//! 2. a length reaches no further than the end of the file;
//! 3. keys and tensor names are unique and UTF-8;
//! 4. arrays nest at most [`MAX_DEPTH`] deep, and the parser does not recurse;
//! 5. `general.alignment` is a u32, a power of two, and at most [`MAX_ALIGNMENT`];
//! 6. products and offsets are checked u64 arithmetic, the round-up of padding included;
//! 7. a quantised row is a whole number of blocks;
//! 8. tensors lie one after the other from the start of the data, padded to the alignment, without
//!    overlap or hole, in any order;
//! 9. the last tensor ends inside the file (not for [`Header::parse`], which sees no data).

mod array;
mod cursor;
mod error;
mod header;
mod metadata;
mod value;
mod writer;

pub use array::{Array, Strings};
pub use error::{GgufError, Place};
pub use header::{Header, TensorDescriptor};
pub use metadata::Metadata;

pub(crate) use metadata::sorted_unique;
pub use value::{Value, ValueType};
pub use writer::{TensorWriter, Writer};

/// The alignment of tensor data where the file states none.
pub const DEFAULT_ALIGNMENT: u32 = 32;
/// The largest alignment that is accepted.
pub const MAX_ALIGNMENT: u32 = 1 << 20;
/// How deep arrays may nest.
pub const MAX_DEPTH: usize = 8;
/// The most dimensions a tensor has.
pub const MAX_DIMS: u32 = 4;
/// The longest key, as the specification says.
pub const MAX_KEY: u64 = 65_535;
