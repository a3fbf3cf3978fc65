use super::cursor::Cursor;
use super::value::{check_bools, scalar};
use super::{GgufError, MAX_DEPTH, Place, Value, ValueType};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

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

    pub(super) fn read(
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
