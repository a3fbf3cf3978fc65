use super::cursor::Cursor;
use super::{Array, GgufError, Place};
use std::fmt;
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
    pub(super) fn smallest(self) -> u64 {
        match self {
            ValueType::String => 8,
            ValueType::Array => 12,
            scalar => scalar.size().unwrap_or(1),
        }
    }

    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        place: &impl Fn() -> Place,
    ) -> Result<Self, GgufError> {
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

pub(super) fn check_bools<'a>(
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

/// One scalar; `bytes` has its size.
pub(super) fn scalar(value_type: ValueType, bytes: &[u8]) -> Value {
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
