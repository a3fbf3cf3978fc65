use super::cursor::Cursor;
use super::metadata::sorted_unique;
use super::{GgufError, MAX_DIMS, Metadata, Place};
use glassbox_core::DType;
use std::sync::Arc;

/// All of a GGUF file but its tensor data.
#[derive(Clone, Debug)]
pub struct Header {
    metadata: Metadata,
    tensors: Vec<TensorDescriptor>,
    data_offset: u64,
}

/// What a GGUF file says of one of its tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorDescriptor {
    /// The name.
    pub name: String,
    /// The element type.
    pub dtype: DType,
    /// Sizes, outermost first, the reverse of their order in the file.
    pub shape: Vec<u64>,
    /// Where the tensor starts, counted from [`Header::data_offset`].
    pub offset: u64,
    /// Bytes of the tensor.
    pub n_bytes: u64,
}

/// Bytes that are parsed first: the headers of models with 150,000 tokens fit, and are walked once.
const FIRST_PREFIX: u64 = 8 << 20;
/// The smallest key-value pair: two lengths' worth of key and a byte of value.
const SMALLEST_ENTRY: u64 = 8 + 4 + 1;
/// The smallest descriptor: an empty name, no dimensions, type and offset.
const SMALLEST_DESCRIPTOR: u64 = 8 + 4 + 4 + 8;

impl Header {
    /// Parses a file, or at least its header; tensor data may be cut off or absent.
    pub fn parse(bytes: &[u8]) -> Result<Header, GgufError> {
        let total = bytes.len() as u64;
        Header::parse_growing(total, |len| Ok(&bytes[..len.min(total) as usize]))
    }

    /// Parses growing prefixes of a file of `total` bytes until one holds the header: nothing in a
    /// file says how long its header is.
    pub(crate) fn parse_growing<B, E>(
        total: u64,
        prefix: impl Fn(u64) -> Result<B, E>,
    ) -> Result<Header, E>
    where
        B: std::ops::Deref<Target = [u8]>,
        E: From<GgufError>,
    {
        let mut len = FIRST_PREFIX;
        loop {
            if let Some(header) = Header::parse_prefix(&prefix(len)?, total)? {
                return Ok(header);
            }
            len *= 4;
        }
    }

    /// Parses the first bytes of a file of `total` bytes; `None` when the header is longer than
    /// `bytes` and the rest of it may be in the file.
    pub fn parse_prefix(bytes: &[u8], total: u64) -> Result<Option<Header>, GgufError> {
        match Header::read(bytes, total) {
            Ok(header) => Ok(Some(header)),
            Err(GgufError::Truncated {
                needed, present, ..
            }) if needed <= present => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The key-value metadata.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The tensors in file order.
    pub fn tensors(&self) -> &[TensorDescriptor] {
        &self.tensors
    }

    /// Where tensor data starts in the file.
    pub fn data_offset(&self) -> u64 {
        self.data_offset
    }

    /// Checks that every tensor, even an empty one, lies within a file of `total` bytes (rule 9).
    pub fn check_data(&self, total: u64) -> Result<(), GgufError> {
        for tensor in &self.tensors {
            let offset = self.data_offset.saturating_add(tensor.offset);
            let present = total.saturating_sub(offset);
            if offset > total || tensor.n_bytes > present {
                return Err(GgufError::PastEnd {
                    tensor: tensor.name.clone(),
                    offset,
                    needed: tensor.n_bytes,
                    present,
                });
            }
        }
        Ok(())
    }

    pub(crate) fn into_parts(self) -> (Metadata, Vec<TensorDescriptor>, u64) {
        (self.metadata, self.tensors, self.data_offset)
    }

    fn read(bytes: &[u8], total: u64) -> Result<Header, GgufError> {
        let mut cursor = Cursor::new(bytes, total);
        let preamble = || Place::Preamble;
        let found = cursor.array(preamble)?;
        if found != *b"GGUF" {
            return Err(GgufError::Magic { found });
        }
        let version = cursor.u32(preamble)?;
        if !matches!(version, 2 | 3) {
            let swapped = version.swap_bytes();
            return Err(if matches!(swapped, 1..=3) {
                GgufError::BigEndian { version: swapped }
            } else {
                GgufError::Version { found: version }
            });
        }
        let n_tensors = cursor.count("tensors", SMALLEST_DESCRIPTOR, preamble)?;
        let n_entries = cursor.count("keys", SMALLEST_ENTRY, preamble)?;
        // Arrays keep pointing into the header, so it is copied once, out of a map that another
        // process could write to. The copy ends where the prefix does: the file's own bytes are
        // a bound on it, and callers hand in prefixes.
        let header: Arc<[u8]> = bytes.into();
        let mut cursor = cursor.over(&header);
        let metadata = Metadata::read(&mut cursor, &header, version, n_entries)?;
        let alignment = metadata.alignment();
        let mut tensors = Vec::new();
        let mut offsets = Vec::new();
        for index in 0..n_tensors {
            offsets.push(cursor.offset());
            tensors.push(TensorDescriptor::read(&mut cursor, index, alignment)?);
        }
        sorted_unique(tensors.len(), |i| &tensors[i].name).map_err(|(first, second)| {
            GgufError::DuplicateTensor {
                name: tensors[first].name.clone(),
                first: offsets[first],
                second: offsets[second],
            }
        })?;
        check_layout(&tensors, alignment)?;
        // No overflow: the offset is within a file, and the alignment at most 2^20.
        let data_offset = cursor.offset().next_multiple_of(u64::from(alignment));
        Ok(Header {
            metadata,
            tensors,
            data_offset,
        })
    }
}

impl TensorDescriptor {
    fn read(
        cursor: &mut Cursor<'_>,
        index: u64,
        alignment: u32,
    ) -> Result<TensorDescriptor, GgufError> {
        let name = cursor.str(|| Place::TensorName(index))?.to_owned();
        let place = || Place::Tensor(name.clone());
        let at = cursor.offset();
        let n_dims = cursor.u32(place)?;
        if n_dims > MAX_DIMS {
            return Err(GgufError::Dims {
                tensor: name,
                offset: at,
                found: n_dims,
            });
        }
        let mut shape = Vec::with_capacity(n_dims as usize);
        for _ in 0..n_dims {
            shape.push(cursor.u64(place)?);
        }
        shape.reverse();
        let id = cursor.u32(place)?;
        let offset = cursor.u64(place)?;
        let Some(dtype) = DType::from_gguf_id(id) else {
            return Err(GgufError::TensorType { tensor: name, id });
        };
        let cols = shape.last().copied().unwrap_or(1);
        if !cols.is_multiple_of(dtype.block_len() as u64) {
            return Err(GgufError::RaggedRow {
                tensor: name,
                dtype,
                cols,
            });
        }
        let Some(n_bytes) = padded_end(&shape, dtype, offset, alignment) else {
            return Err(GgufError::Overflow {
                tensor: name,
                dtype,
                shape,
                offset,
            });
        };
        if !offset.is_multiple_of(u64::from(alignment)) {
            return Err(GgufError::Misaligned {
                tensor: name,
                offset,
                alignment,
            });
        }
        Ok(TensorDescriptor {
            name,
            dtype,
            shape,
            offset,
            n_bytes,
        })
    }
}

/// The bytes of a tensor, if they, their elements, and their padded end all fit 63 bits (rule 6):
/// sums of two such numbers then fit 64.
fn padded_end(shape: &[u64], dtype: DType, offset: u64, alignment: u32) -> Option<u64> {
    let cap = |n: &u64| *n <= i64::MAX as u64;
    let elements = shape
        .iter()
        .try_fold(1u64, |product, &dim| product.checked_mul(dim))
        .filter(cap)?;
    let n_bytes = (elements / dtype.block_len() as u64)
        .checked_mul(dtype.block_bytes() as u64)
        .filter(cap)?;
    offset
        .checked_add(n_bytes)?
        .checked_next_multiple_of(u64::from(alignment))
        .filter(cap)?;
    Some(n_bytes)
}

/// Tensors follow one another, padded to the alignment (rule 8).
fn check_layout(tensors: &[TensorDescriptor], alignment: u32) -> Result<(), GgufError> {
    let mut order: Vec<&TensorDescriptor> = tensors.iter().collect();
    // An empty tensor takes no room and may share its offset with the one after it.
    order.sort_by_key(|t| (t.offset, t.n_bytes));
    let mut previous: Option<&TensorDescriptor> = None;
    let mut end = 0;
    for tensor in order {
        if tensor.offset < end {
            return Err(GgufError::Overlap {
                first: previous.map(|t| t.name.clone()).unwrap_or_default(),
                second: tensor.name.clone(),
                offset: tensor.offset,
            });
        }
        if tensor.offset > end {
            return Err(GgufError::Hole {
                first: previous.map(|t| t.name.clone()),
                second: tensor.name.clone(),
                bytes: tensor.offset - end,
            });
        }
        end = (tensor.offset + tensor.n_bytes).next_multiple_of(u64::from(alignment));
        previous = Some(tensor);
    }
    Ok(())
}
