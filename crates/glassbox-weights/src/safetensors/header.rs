use super::{MAX_DIMS, MAX_HEADER, SafeTensorsError};
use crate::error::EscapedBytes;
use crate::gguf::sorted_unique;
use glassbox_core::DType;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The header of a safetensors file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The tensors, in file order of the header.
    pub tensors: Vec<Entry>,
    /// Where tensor data starts in the file.
    pub data_offset: u64,
}

/// What a safetensors file says of one of its tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The element type.
    pub dtype: DType,
    /// Sizes, outermost first.
    pub shape: Vec<u64>,
    /// Where the tensor starts, counted from [`Header::data_offset`].
    pub offset: u64,
    /// Bytes of the tensor.
    pub n_bytes: u64,
}

/// Parses a whole file: the header, and whether the data behind it is what the header says.
pub fn parse(bytes: &[u8]) -> Result<Header, SafeTensorsError> {
    parse_header(bytes.len() as u64, |start, len| {
        // `parse_header` asks for ranges inside the file only.
        Ok(&bytes[start as usize..][..len as usize])
    })
}

/// Parses a file of `total` bytes of which `range(start, len)` gives a part.
pub(crate) fn parse_header<B, E>(
    total: u64,
    range: impl Fn(u64, u64) -> Result<B, E>,
) -> Result<Header, E>
where
    B: std::ops::Deref<Target = [u8]>,
    E: From<SafeTensorsError>,
{
    if total < 8 {
        return Err(SafeTensorsError::TooShort { len: total }.into());
    }
    let mut len = [0; 8];
    len.copy_from_slice(&range(0, 8)?);
    let found = u64::from_le_bytes(len);
    if found > MAX_HEADER {
        return Err(SafeTensorsError::HeaderTooLong { found }.into());
    }
    let present = total - 8;
    if found > present {
        return Err(SafeTensorsError::HeaderPastEnd { found, present }.into());
    }
    let json = range(8, found)?;
    Ok(entries(&json, 8 + found, present - found)?)
}

fn entries(json: &[u8], data_offset: u64, data: u64) -> Result<Header, SafeTensorsError> {
    let text = std::str::from_utf8(json).map_err(|e| {
        let at = e.valid_up_to();
        SafeTensorsError::NotUtf8 {
            offset: 8 + at as u64,
            bytes: EscapedBytes::new(&json[at..]),
        }
    })?;
    let raw: RawHeader = serde_json::from_str(text)?;
    if raw.metadata > 1 {
        return Err(SafeTensorsError::DuplicateMetadata);
    }
    sorted_unique(raw.tensors.len(), |i| &raw.tensors[i].0).map_err(|(first, second)| {
        SafeTensorsError::Duplicate {
            name: raw.tensors[first].0.clone(),
            first: raw.tensors[first].1.data_offsets[0],
            second: raw.tensors[second].1.data_offsets[0],
        }
    })?;
    let mut tensors = Vec::with_capacity(raw.tensors.len());
    for (name, entry) in raw.tensors {
        tensors.push(check_entry(name, entry)?);
    }
    check_layout(&tensors, data)?;
    Ok(Header {
        tensors,
        data_offset,
    })
}

fn check_entry(name: String, raw: RawEntry) -> Result<Entry, SafeTensorsError> {
    let dtype = match raw.dtype.as_str() {
        "F32" => DType::F32,
        "F16" => DType::F16,
        "BF16" => DType::BF16,
        _ => {
            return Err(SafeTensorsError::DType {
                tensor: name,
                found: raw.dtype,
            });
        }
    };
    if raw.shape.n_dims > MAX_DIMS {
        return Err(SafeTensorsError::Dims {
            tensor: name,
            found: raw.shape.n_dims,
        });
    }
    let [start, end] = raw.data_offsets;
    let expected = raw
        .shape
        .dims
        .iter()
        .try_fold(dtype.block_bytes() as u64, |n, &dim| n.checked_mul(dim));
    if expected.is_none() || expected != end.checked_sub(start) {
        return Err(SafeTensorsError::Bytes {
            tensor: name,
            dtype,
            shape: raw.shape.dims,
            start,
            end,
            expected,
        });
    }
    Ok(Entry {
        name,
        dtype,
        shape: raw.shape.dims,
        offset: start,
        n_bytes: end - start,
    })
}

fn check_layout(tensors: &[Entry], data: u64) -> Result<(), SafeTensorsError> {
    let mut order: Vec<&Entry> = tensors.iter().collect();
    order.sort_by_key(|t| (t.offset, t.n_bytes));
    let mut previous: Option<&Entry> = None;
    let mut end = 0;
    for tensor in order {
        if tensor.offset < end {
            return Err(SafeTensorsError::Overlap {
                first: previous.map(|t| t.name.clone()).unwrap_or_default(),
                second: tensor.name.clone(),
                offset: tensor.offset,
            });
        }
        if tensor.offset > end {
            return Err(SafeTensorsError::Hole {
                first: previous.map(|t| t.name.clone()),
                second: Some(tensor.name.clone()),
                bytes: tensor.offset - end,
            });
        }
        let present = data.saturating_sub(tensor.offset);
        if tensor.n_bytes > present {
            return Err(SafeTensorsError::PastEnd {
                tensor: tensor.name.clone(),
                offset: tensor.offset,
                needed: tensor.n_bytes,
                present,
            });
        }
        end = tensor.offset + tensor.n_bytes;
        previous = Some(tensor);
    }
    if end < data {
        return Err(SafeTensorsError::Hole {
            first: previous.map(|t| t.name.clone()),
            second: None,
            bytes: data - end,
        });
    }
    Ok(())
}

/// The header as JSON says it, in order, with every repeat.
struct RawHeader {
    tensors: Vec<(String, RawEntry)>,
    metadata: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    dtype: String,
    shape: Shape,
    data_offsets: [u64; 2],
}

impl<'de> Deserialize<'de> for RawHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeaderVisitor;
        impl<'de> Visitor<'de> for HeaderVisitor {
            type Value = RawHeader;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawHeader, A::Error> {
                let mut header = RawHeader {
                    tensors: Vec::new(),
                    metadata: 0,
                };
                while let Some(name) = map.next_key::<String>()? {
                    if name == "__metadata__" {
                        map.next_value::<IgnoredAny>()?;
                        header.metadata += 1;
                    } else {
                        let entry = map
                            .next_value()
                            .map_err(|e| A::Error::custom(format_args!("tensor {name:?}: {e}")))?;
                        header.tensors.push((name, entry));
                    }
                }
                Ok(header)
            }
        }
        deserializer.deserialize_map(HeaderVisitor)
    }
}

/// A shape that keeps counting dimensions when there are too many, without keeping them.
struct Shape {
    dims: Vec<u64>,
    n_dims: usize,
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ShapeVisitor;
        impl<'de> Visitor<'de> for ShapeVisitor {
            type Value = Shape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of sizes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Shape, A::Error> {
                let mut shape = Shape {
                    dims: Vec::new(),
                    n_dims: 0,
                };
                while let Some(dim) = seq.next_element()? {
                    if shape.n_dims < MAX_DIMS {
                        shape.dims.push(dim);
                    }
                    shape.n_dims += 1;
                }
                Ok(shape)
            }
        }
        deserializer.deserialize_seq(ShapeVisitor)
    }
}
