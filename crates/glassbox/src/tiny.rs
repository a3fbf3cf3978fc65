//! The embedded model, of the feature `tiny`.

use glassbox_tiny::{FILES, NAME};
use glassbox_weights::{Checkpoint, WeightsError};

/// The problems that the embedded model is measured by, as lines of JSON.
pub use glassbox_tiny::SUITE;

/// The embedded model's files.
pub fn checkpoint() -> Result<Checkpoint, WeightsError> {
    let files = FILES.map(|(name, bytes)| (name, bytes.into()));
    Checkpoint::from_memory(NAME, files)
}
