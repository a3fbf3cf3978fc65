//! The safetensors format, and the index of a model that is split into several such files.
//!
//! Source: the format section of the safetensors project's README. A file is the length of a JSON
//! header, the header, and tensor data. Its rules, with those that the project's own parser does
//! not check marked *:
//!
//! 1. the header is at most [`MAX_HEADER`] bytes, ends inside the file and starts with `{`;
//! 2. names are unique *, and so are the keys of an entry;
//! 3. the bytes of a tensor are exactly those of its shape and type;
//! 4. tensors cover the data from the first to the last byte, without overlap or hole.

mod error;
mod header;
mod index;

pub use error::{IndexError, SafeTensorsError};
pub use header::{Entry, Header, parse};
pub use index::{Index, parse_index};

pub(crate) use header::parse_header;
pub(crate) use index::is_plain_name;

/// The largest header that is accepted, as in the format's own implementation.
pub const MAX_HEADER: u64 = 100_000_000;
/// The most dimensions that an entry may have.
pub const MAX_DIMS: usize = 8;
