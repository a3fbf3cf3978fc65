use super::{GgufError, Place};
use crate::error::EscapedBytes;

/// Checked reads from the first bytes of a file.
///
/// `bytes` may be a prefix of the file: lengths and counts are held against `total`, the file's
/// own size. A read that would fit the file but not the prefix is a `Truncated` error whose
/// `needed` is not above `present`; `Header::parse_prefix` turns that into a request for more.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    total: u64,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], total: u64) -> Self {
        Cursor {
            bytes,
            at: 0,
            total,
        }
    }

    /// The same place in `bytes`, which are equal to these.
    pub(super) fn over<'b>(&self, bytes: &'b [u8]) -> Cursor<'b> {
        Cursor {
            bytes,
            at: self.at,
            total: self.total,
        }
    }

    pub(super) fn offset(&self) -> u64 {
        self.at as u64
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn take(
        &mut self,
        needed: u64,
        place: impl FnOnce() -> Place,
    ) -> Result<&'a [u8], GgufError> {
        let rest = &self.bytes[self.at..];
        match usize::try_from(needed).ok().and_then(|n| rest.get(..n)) {
            Some(taken) => {
                self.at += taken.len();
                Ok(taken)
            }
            None => Err(GgufError::Truncated {
                place: place(),
                offset: self.offset(),
                needed,
                present: self.total.saturating_sub(self.offset()),
            }),
        }
    }

    pub(super) fn array<const N: usize>(
        &mut self,
        place: impl FnOnce() -> Place,
    ) -> Result<[u8; N], GgufError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N as u64, place)?);
        Ok(array)
    }

    pub(super) fn u32(&mut self, place: impl FnOnce() -> Place) -> Result<u32, GgufError> {
        self.array(place).map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self, place: impl FnOnce() -> Place) -> Result<u64, GgufError> {
        self.array(place).map(u64::from_le_bytes)
    }

    /// A count of entries of at least `smallest` bytes each, held against what remains (rule 1).
    pub(super) fn count(
        &mut self,
        what: &'static str,
        smallest: u64,
        place: impl Fn() -> Place,
    ) -> Result<u64, GgufError> {
        let offset = self.offset();
        let count = self.u64(&place)?;
        let most = self.total.saturating_sub(self.offset()) / smallest;
        if count > most {
            return Err(GgufError::Count {
                place: place(),
                what,
                offset,
                count,
                most,
            });
        }
        Ok(count)
    }

    /// A length and as many bytes of UTF-8 (rules 2 and 3).
    pub(super) fn str(&mut self, place: impl Fn() -> Place) -> Result<&'a str, GgufError> {
        let len = self.u64(&place)?;
        let offset = self.offset();
        let bytes = self.take(len, &place)?;
        std::str::from_utf8(bytes).map_err(|_| GgufError::NotUtf8 {
            place: place(),
            offset,
            bytes: EscapedBytes::new(bytes),
        })
    }
}
