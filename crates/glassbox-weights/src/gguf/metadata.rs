use super::cursor::Cursor;
use super::{Array, GgufError, MAX_KEY, Place, Strings, Value, ValueType};
use crate::WeightsError;
use std::sync::Arc;

/// The key-value metadata of a GGUF file, read through accessors that check types.
///
/// An accessor gives `Ok(None)` when the key is absent and an error that names the key, the
/// expected and the found type when the value is of another type. Integers of any width are
/// accepted where their value fits.
#[derive(Clone, Debug)]
pub struct Metadata {
    version: u32,
    alignment: u32,
    entries: Vec<(String, Value)>,
    /// Indices of `entries`, ordered by key.
    by_key: Vec<u32>,
}

impl Metadata {
    /// The file's GGUF version, 2 or 3.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The alignment of tensor data.
    pub fn alignment(&self) -> u32 {
        self.alignment
    }

    /// Entries in file order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of `key`, whatever its type.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.by_key
            .binary_search_by(|&i| self.entries[i as usize].0.as_str().cmp(key))
            .ok()
            .map(|at| &self.entries[self.by_key[at] as usize].1)
    }

    /// An integer that fits u32.
    pub fn u32(&self, key: &str) -> Result<Option<u32>, WeightsError> {
        self.typed(key, "u32", integer)
    }

    /// An integer that fits i32.
    pub fn i32(&self, key: &str) -> Result<Option<i32>, WeightsError> {
        self.typed(key, "i32", integer)
    }

    /// An integer that fits u64.
    pub fn u64(&self, key: &str) -> Result<Option<u64>, WeightsError> {
        self.typed(key, "u64", integer)
    }

    /// An f32.
    pub fn f32(&self, key: &str) -> Result<Option<f32>, WeightsError> {
        self.typed(key, "f32", |value| match value {
            Value::F32(x) => Some(*x),
            _ => None,
        })
    }

    /// A boolean.
    pub fn bool(&self, key: &str) -> Result<Option<bool>, WeightsError> {
        self.typed(key, "bool", |value| match value {
            Value::Bool(b) => Some(*b),
            _ => None,
        })
    }

    /// A string.
    pub fn str(&self, key: &str) -> Result<Option<&str>, WeightsError> {
        self.typed(key, "string", |value| match value {
            Value::String(s) => Some(s.as_str()),
            _ => None,
        })
    }

    /// An array of any element type.
    pub fn array(&self, key: &str) -> Result<Option<&Array>, WeightsError> {
        self.typed(key, "array", |value| match value {
            Value::Array(array) => Some(array),
            _ => None,
        })
    }

    /// The elements of an array of strings.
    pub fn strings(&self, key: &str) -> Result<Option<Strings<'_>>, WeightsError> {
        self.typed(key, "array of string", |value| match value {
            Value::Array(array) => array.strings(),
            _ => None,
        })
    }

    /// The elements of an array of integers that all fit u32.
    pub fn u32s(&self, key: &str) -> Result<Option<Vec<u32>>, WeightsError> {
        self.typed(key, "array of u32", integers)
    }

    /// The elements of an array of integers that all fit i32.
    pub fn i32s(&self, key: &str) -> Result<Option<Vec<i32>>, WeightsError> {
        self.typed(key, "array of i32", integers)
    }

    /// The elements of an array of f32.
    pub fn f32s(&self, key: &str) -> Result<Option<Vec<f32>>, WeightsError> {
        self.typed(key, "array of f32", |value| match value {
            Value::Array(array) if array.element_type() == ValueType::F32 => Some(
                array
                    .raw()
                    .as_chunks()
                    .0
                    .iter()
                    .map(|x| f32::from_le_bytes(*x))
                    .collect(),
            ),
            _ => None,
        })
    }

    fn typed<'a, T>(
        &'a self,
        key: &str,
        expected: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, WeightsError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        match read(value) {
            Some(typed) => Ok(Some(typed)),
            None => Err(WeightsError::MetadataType {
                key: key.to_owned(),
                expected,
                found: value.clone(),
            }),
        }
    }

    /// `n` keys and values from `cursor`, which walks over `header`.
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        header: &Arc<[u8]>,
        version: u32,
        n: u64,
    ) -> Result<Metadata, GgufError> {
        let mut entries = Vec::new();
        let mut offsets = Vec::new();
        for index in 0..n {
            let offset = cursor.offset();
            let key = read_key(cursor, index)?;
            let value = Value::read(cursor, header, &key)?;
            offsets.push(offset);
            entries.push((key, value));
        }
        let by_key =
            sorted_unique(entries.len(), |i| &entries[i].0).map_err(|(first, second)| {
                GgufError::DuplicateKey {
                    key: entries[first].0.clone(),
                    first: offsets[first],
                    second: offsets[second],
                }
            })?;
        let mut metadata = Metadata {
            version,
            alignment: super::DEFAULT_ALIGNMENT,
            entries,
            by_key,
        };
        metadata.alignment = match metadata.get("general.alignment") {
            None => super::DEFAULT_ALIGNMENT,
            Some(&Value::U32(n)) if n.is_power_of_two() && n <= super::MAX_ALIGNMENT => n,
            Some(found) => {
                return Err(GgufError::Alignment {
                    found: found.clone(),
                });
            }
        };
        Ok(metadata)
    }
}

fn integer<T: TryFrom<i128>>(value: &Value) -> Option<T> {
    T::try_from(value.as_integer()?).ok()
}

fn integers<T: TryFrom<i128>>(value: &Value) -> Option<Vec<T>> {
    match value {
        Value::Array(array) => array.scalars()?.map(|value| integer(&value)).collect(),
        _ => None,
    }
}

fn read_key(cursor: &mut Cursor<'_>, index: u64) -> Result<String, GgufError> {
    let offset = cursor.offset();
    let key = cursor.str(|| Place::Key(index))?;
    if key.len() as u64 > MAX_KEY {
        return Err(GgufError::KeyTooLong {
            index,
            offset,
            len: key.len() as u64,
        });
    }
    Ok(key.to_owned())
}

/// The indices below `n` ordered by name, or the first two that share one.
///
/// A sorted index costs four bytes a name where a hash map would cost a copy of it, and it can't
/// be made slow by names chosen to collide.
pub(crate) fn sorted_unique<'a>(
    n: usize,
    name: impl Fn(usize) -> &'a str,
) -> Result<Vec<u32>, (usize, usize)> {
    let mut order: Vec<u32> = (0..n as u32).collect();
    order.sort_by_key(|&i| name(i as usize));
    match order
        .windows(2)
        .find(|pair| name(pair[0] as usize) == name(pair[1] as usize))
    {
        Some(pair) => Err((pair[0] as usize, pair[1] as usize)),
        None => Ok(order),
    }
}
