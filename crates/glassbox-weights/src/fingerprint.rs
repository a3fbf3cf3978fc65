use crate::{Checkpoint, WeightsError};
use blake3::Hasher;
use std::fmt;
use std::str::FromStr;

/// A BLAKE3 hash of a model's weights: of the name, type, shape and bytes of every tensor, in the
/// order of the names. Files that say the same have the same, however they are cut into shards.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Reads all of `checkpoint`, with the threads of the current rayon pool.
    ///
    /// # Errors
    /// A file that can't be read any more.
    pub fn of(checkpoint: &Checkpoint) -> Result<Self, WeightsError> {
        let mut tensors: Vec<_> = checkpoint.tensors().collect();
        tensors.sort_by_key(|info| info.name());
        let mut hasher = Hasher::new_derive_key("glassbox weights 1");
        for info in tensors {
            let head = format!("{:?} {} {:?}", info.name(), info.dtype(), info.shape());
            hasher.update(head.as_bytes());
            let bytes = checkpoint.bytes(info)?;
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update_rayon(&bytes);
        }
        Ok(Fingerprint(*hasher.finalize().as_bytes()))
    }

    /// The hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from(self.0).to_hex())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = blake3::HexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Fingerprint(*blake3::Hash::from_hex(text)?.as_bytes()))
    }
}
