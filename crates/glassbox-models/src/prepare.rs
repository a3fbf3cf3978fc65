use crate::load::is_finite;
use crate::{DecoderSpec, ModelError, check};
use glassbox_core::Backend;
use glassbox_weights::Checkpoint;
use std::path::PathBuf;

/// Keeps a model's weights, as `backend` lays them out, in a file beside the model, so that it
/// loads at once from then on; see [`glassbox_weights::prepare`]. `progress` is told how many bytes
/// of how many are done, and says whether to go on.
///
/// # Errors
/// A model that would not load, weights that are not finite numbers, a device that keeps no
/// layout, and what the file system says.
pub fn prepare<B: Backend>(
    backend: &mut B,
    checkpoint: &Checkpoint,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<PathBuf, ModelError> {
    let layout = backend.weight_layout().ok_or(ModelError::NoLayout)?;
    let spec = DecoderSpec::from_checkpoint(checkpoint)?.checked()?;
    check::tensors(checkpoint, &spec)?;
    let mut lay_out = |view: &_| match is_finite(backend, view) {
        true => backend.lay_out(view).map_err(ModelError::backend),
        false => Err(ModelError::NotFinite {
            name: view.name().into(),
        }),
    };
    glassbox_weights::prepare(checkpoint, layout, &mut lay_out, progress)
}
