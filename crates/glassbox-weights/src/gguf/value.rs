use super::cursor::Cursor;
use super::{GgufError, MAX_DEPTH, Place};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The type of a metadata value.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    Bool,
    String,
    Array,
    U64,
    I64,
    F64,
}

impl ValueType {
    /// In the order of their ids, 0 to 12.
    const ALL: [ValueType; 13] = [
        ValueType::U8,
        ValueType::I8,
        ValueType::U16,
        ValueType::I16,
        ValueType::U32,
        ValueType::I32,
        ValueType::F32,
        ValueType::Bool,
        ValueType::String,
        ValueType::Array,
        ValueType::U64,
        ValueType::I64,
        ValueType::F64,
    ];

    /// The id in the file.
    pub fn id(self) -> u32 {
        self as u32
    }

    /// The name, as Rust spells the type.
    pub fn name(self) -> &'static str {
        match self {
            ValueType::U8 => "u8",
            ValueType::I8 => "i8",
            ValueType::U16 => "u16",
            ValueType::I16 => "i16",
            ValueType::U32 => "u32",
            ValueType::I32 => "i32",
            ValueType::F32 => "f32",
            ValueType::Bool => "bool",
            ValueType::String => "string",
            ValueType::Array => "array",
            ValueType::U64 => "u64",
            ValueType::I64 => "i64",
            ValueType::F64 => "f64",
        }
    }

    /// Bytes of one value; `None` for strings and arrays, whose length varies.
    pub(super) fn size(self) -> Option<u64> {
        match self {
            ValueType::U8 | ValueType::I8 | ValueType::Bool => Some(1),
            ValueType::U16 | ValueType::I16 => Some(2),
            ValueType::U32 | ValueType::I32 | ValueType::F32 => Some(4),
            ValueType::U64 | ValueType::I64 | ValueType::F64 => Some(8),
            ValueType::String | ValueType::Array => None,
        }
    }

    /// Bytes of the smallest value: an empty string is its length, an empty array type and length.
    fn smallest(self) -> u64 {
        match self {
            ValueType::String => 8,
            ValueType::Array => 12,
            scalar => scalar.size().unwrap_or(1),
        }
    }

    fn read(cursor: &mut Cursor<'_>, place: &impl Fn() -> Place) -> Result<Self, GgufError> {
        let offset = cursor.offset();
        let found = cursor.u32(place)?;
        ValueType::ALL
            .get(found as usize)
            .copied()
            .ok_or_else(|| GgufError::ValueType {
                place: place(),
                offset,
                found,
            })
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A metadata value.
#[allow(missing_docs)]
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    F32(f32),
    Bool(bool),
    String(String),
    Array(Array),
    U64(u64),
    I64(i64),
    F64(f64),
}

impl Value {
    /// The value's type.
    pub fn value_type(&self) -> ValueType {
        match self {
            Value::U8(_) => ValueType::U8,
            Value::I8(_) => ValueType::I8,
            Value::U16(_) => ValueType::U16,
            Value::I16(_) => ValueType::I16,
            Value::U32(_) => ValueType::U32,
            Value::I32(_) => ValueType::I32,
            Value::F32(_) => ValueType::F32,
            Value::Bool(_) => ValueType::Bool,
            Value::String(_) => ValueType::String,
            Value::Array(_) => ValueType::Array,
            Value::U64(_) => ValueType::U64,
            Value::I64(_) => ValueType::I64,
            Value::F64(_) => ValueType::F64,
        }
    }

    /// The value of any integer type; `None` for the others.
    pub fn as_integer(&self) -> Option<i128> {
        match *self {
            Value::U8(n) => Some(n.into()),
            Value::I8(n) => Some(n.into()),
            Value::U16(n) => Some(n.into()),
            Value::I16(n) => Some(n.into()),
            Value::U32(n) => Some(n.into()),
            Value::I32(n) => Some(n.into()),
            Value::U64(n) => Some(n.into()),
            Value::I64(n) => Some(n.into()),
            _ => None,
        }
    }

    /// Reads a type and a value of it. `header` is the text that `cursor` walks over.
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        header: &Arc<[u8]>,
        key: &str,
    ) -> Result<Value, GgufError> {
        let place = || Place::Value(key.to_owned());
        let value_type = ValueType::read(cursor, &place)?;
        Ok(match value_type {
            ValueType::U8 => Value::U8(u8::from_le_bytes(cursor.array(place)?)),
            ValueType::I8 => Value::I8(i8::from_le_bytes(cursor.array(place)?)),
            ValueType::U16 => Value::U16(u16::from_le_bytes(cursor.array(place)?)),
            ValueType::I16 => Value::I16(i16::from_le_bytes(cursor.array(place)?)),
            ValueType::U32 => Value::U32(cursor.u32(place)?),
            ValueType::I32 => Value::I32(i32::from_le_bytes(cursor.array(place)?)),
            ValueType::F32 => Value::F32(f32::from_le_bytes(cursor.array(place)?)),
            ValueType::U64 => Value::U64(cursor.u64(place)?),
            ValueType::I64 => Value::I64(i64::from_le_bytes(cursor.array(place)?)),
            ValueType::F64 => Value::F64(f64::from_le_bytes(cursor.array(place)?)),
            ValueType::String => Value::String(cursor.str(place)?.to_owned()),
            ValueType::Bool => {
                let offset = cursor.offset();
                Value::Bool(check_bools(cursor.take(1, place)?, offset, &place)? == [1])
            }
            ValueType::Array => Value::Array(Array::read(cursor, header, &place)?),
        })
    }
}

impl fmt::Display for Value {
    /// The value and its type: `13 (u32)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::F32(x) => write!(f, "{x} (f32)"),
            Value::F64(x) => write!(f, "{x} (f64)"),
            Value::Bool(b) => write!(f, "{b} (bool)"),
            Value::String(s) => write!(f, "{s:?} (string)"),
            Value::Array(a) => write!(f, "array of {} {}", a.len(), a.element_type()),
            integer => write!(
                f,
                "{} ({})",
                integer.as_integer().unwrap_or_default(),
                self.value_type()
            ),
        }
    }
}

fn check_bools<'a>(
    bytes: &'a [u8],
    offset: u64,
    place: &impl Fn() -> Place,
) -> Result<&'a [u8], GgufError> {
    match bytes.iter().position(|&b| b > 1) {
        None => Ok(bytes),
        Some(i) => Err(GgufError::Bool {
            place: place(),
            offset: offset + i as u64,
            found: bytes[i],
        }),
    }
}

/// A metadata array: checked when the file was parsed, decoded when it is read.
///
/// A vocabulary is an array of 150,000 strings; most callers never look at it, and the others walk
/// over it once, so it stays as it stood in the file.
#[derive(Clone)]
pub struct Array {
    element_type: ValueType,
    len: u64,
    header: Arc<[u8]>,
    range: Range<usize>,
}

impl Array {
    /// The type of the elements.
    pub fn element_type(&self) -> ValueType {
        self.element_type
    }

    /// The number of elements.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The elements as they stand in the file, little-endian, strings with their lengths.
    pub fn raw(&self) -> &[u8] {
        &self.header[self.range.clone()]
    }

    /// The elements of an array of strings; `None` for other arrays.
    pub fn strings(&self) -> Option<Strings<'_>> {
        (self.element_type == ValueType::String).then(|| Strings {
            rest: self.raw(),
            left: self.len as usize,
        })
    }

    /// The elements of an array of scalars, one by one; `None` for arrays of strings and arrays.
    pub fn scalars(&self) -> Option<impl Iterator<Item = Value> + '_> {
        let size = self.element_type.size()? as usize;
        Some(
            self.raw()
                .chunks_exact(size)
                .map(|bytes| scalar(self.element_type, bytes)),
        )
    }

    fn read(
        cursor: &mut Cursor<'_>,
        header: &Arc<[u8]>,
        place: &impl Fn() -> Place,
    ) -> Result<Array, GgufError> {
        let (element_type, len) = array_head(cursor, place)?;
        let start = cursor.position();
        skip_elements(cursor, element_type, len, place)?;
        Ok(Array {
            element_type,
            len,
            header: header.clone(),
            range: start..cursor.position(),
        })
    }

    fn from_raw(element_type: ValueType, len: usize, raw: Vec<u8>) -> Array {
        let range = 0..raw.len();
        Array {
            element_type,
            len: len as u64,
            header: raw.into(),
            range,
        }
    }

    /// An array of strings, for a [`Writer`](super::Writer).
    pub fn from_strings<S: AsRef<str>>(strings: &[S]) -> Array {
        let mut raw = Vec::new();
        for text in strings {
            raw.extend((text.as_ref().len() as u64).to_le_bytes());
            raw.extend(text.as_ref().as_bytes());
        }
        Array::from_raw(ValueType::String, strings.len(), raw)
    }

    /// An array of i32, for a [`Writer`](super::Writer).
    pub fn from_i32s(values: &[i32]) -> Array {
        let raw = values.iter().flat_map(|n| n.to_le_bytes()).collect();
        Array::from_raw(ValueType::I32, values.len(), raw)
    }

    /// An array of f32, for a [`Writer`](super::Writer).
    pub fn from_f32s(values: &[f32]) -> Array {
        let raw = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        Array::from_raw(ValueType::F32, values.len(), raw)
    }
}

impl PartialEq for Array {
    fn eq(&self, other: &Self) -> bool {
        self.element_type == other.element_type
            && self.len == other.len
            && self.raw() == other.raw()
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Array({} {})", self.len, self.element_type)
    }
}

fn array_head(
    cursor: &mut Cursor<'_>,
    place: &impl Fn() -> Place,
) -> Result<(ValueType, u64), GgufError> {
    let element_type = ValueType::read(cursor, place)?;
    let len = cursor.count("array elements", element_type.smallest(), place)?;
    Ok((element_type, len))
}

/// Walks over the elements of an array and checks them. Arrays in it wait on a small stack of
/// element counts, because a file decides how deep they nest (rule 4).
fn skip_elements(
    cursor: &mut Cursor<'_>,
    element_type: ValueType,
    len: u64,
    place: &impl Fn() -> Place,
) -> Result<(), GgufError> {
    // `left[d]` arrays are still to come at depth `d`.
    let mut left = [0u64; MAX_DEPTH];
    let mut depth = 0;
    let mut next = Some((element_type, len));
    loop {
        match next.take() {
            Some((ValueType::Array, len)) => {
                depth += 1;
                if depth == MAX_DEPTH {
                    return Err(GgufError::Nesting {
                        place: place(),
                        offset: cursor.offset(),
                    });
                }
                left[depth] = len;
            }
            Some((ValueType::String, len)) => {
                for _ in 0..len {
                    cursor.str(place)?;
                }
            }
            Some((scalar, len)) => {
                // No overflow: `count` held `len * size` against the bytes that remain.
                let offset = cursor.offset();
                let bytes = cursor.take(len * scalar.smallest(), place)?;
                if scalar == ValueType::Bool {
                    check_bools(bytes, offset, place)?;
                }
            }
            None => {}
        }
        while depth > 0 && left[depth] == 0 {
            depth -= 1;
        }
        if depth == 0 {
            return Ok(());
        }
        left[depth] -= 1;
        next = Some(array_head(cursor, place)?);
    }
}

/// One scalar; `bytes` has its size.
fn scalar(value_type: ValueType, bytes: &[u8]) -> Value {
    let mut wide = [0; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    let n = u64::from_le_bytes(wide);
    match value_type {
        ValueType::U8 => Value::U8(n as u8),
        ValueType::I8 => Value::I8(n as i8),
        ValueType::U16 => Value::U16(n as u16),
        ValueType::I16 => Value::I16(n as i16),
        ValueType::U32 => Value::U32(n as u32),
        ValueType::I32 => Value::I32(n as i32),
        ValueType::F32 => Value::F32(f32::from_bits(n as u32)),
        ValueType::Bool => Value::Bool(n == 1),
        ValueType::I64 => Value::I64(n as i64),
        ValueType::F64 => Value::F64(f64::from_bits(n)),
        _ => Value::U64(n),
    }
}

/// The strings of an [`Array`].
#[derive(Clone, Debug)]
pub struct Strings<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iterator for Strings<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        // Lengths and UTF-8 were checked when the file was parsed, so nothing here can fail; if it
        // did, the iteration would end early rather than panic.
        self.left = self.left.checked_sub(1)?;
        let (len, rest) = self.rest.split_first_chunk()?;
        let (text, rest) =
            rest.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)?;
        self.rest = rest;
        std::str::from_utf8(text).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Strings<'_> {}
