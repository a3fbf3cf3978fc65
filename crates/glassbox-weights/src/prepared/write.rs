use super::{ARCHITECTURE, HASHES, LAYOUT, Prepared, SOURCE, Unusable, hash, identity};
use crate::gguf::{Array, Value, Writer};
use crate::{Checkpoint, TensorInfo, WeightsError};
use glassbox_core::{SharedBytes, WeightView};
use std::path::{Path, PathBuf};

/// A line of the processor's cache, at which tensors begin.
const LINE: u32 = 64;

/// Writes the weights of `checkpoint` as `lay_out` gives them to a file beside it, in place of one
/// that is there, and gives its path. From then on, [`Checkpoint::open`] finds it, and
/// [`Checkpoint::laid_out`] has what `lay_out` gave.
///
/// `layout` names what `lay_out` makes and must change when that does. It is called twice for each
/// matrix, since the hashes stand before the bytes, and must give whole rows of the matrix's type,
/// or `None` where the matrix is not to be kept. `progress` is told how many bytes of how many are
/// done, and says whether to go on.
///
/// # Errors
/// Those of `lay_out`; a checkpoint that is not on disk; a file in that place that is none of
/// prepared weights; and whatever the file system says. What was there is then left as it was.
pub fn prepare<E: From<WeightsError>>(
    checkpoint: &Checkpoint,
    layout: &str,
    lay_out: &mut dyn FnMut(&WeightView) -> Result<Option<SharedBytes>, E>,
    progress: &mut dyn FnMut(u64, u64) -> bool,
) -> Result<PathBuf, E> {
    let path = checkpoint.prepared_place().ok_or(WeightsError::NoPlace)?;
    refuse_others(&path, checkpoint)?;

    let matrices: Vec<_> = checkpoint
        .tensors()
        .filter(|t| t.shape().len() == 2)
        .collect();
    let total = 2 * matrices.iter().map(|t| t.n_bytes()).sum::<u64>();
    let mut done = 0;
    let mut each = |of: &TensorInfo| {
        let laid_out = lay_out(&checkpoint.view(of)?)?;
        done += of.n_bytes();
        match progress(done, total) {
            true => Ok(laid_out),
            false => Err(E::from(WeightsError::Cancelled)),
        }
    };

    let mut writer = Writer::new();
    writer.align(LINE);
    let mut hashes = Vec::new();
    let mut kept = Vec::new();
    for of in matrices {
        let Some(bytes) = each(of)? else { continue };
        let [rows, cols] = [of.shape()[0], of.shape()[1]];
        let row_bytes = of.n_bytes().checked_div(rows).unwrap_or(0).max(1);
        let rows = bytes.len() as u64 / row_bytes;
        writer.tensor(of.name(), of.dtype(), &[rows, cols]);
        hashes.push(hash(of, &bytes));
        kept.push(of);
    }
    let text = |text: &str| Value::String(text.into());
    writer.set("general.architecture", text(ARCHITECTURE));
    writer.set(LAYOUT, text(layout));
    writer.set(SOURCE, text(&identity(checkpoint)));
    writer.set(HASHES, Value::Array(Array::from_strings(&hashes)));

    let mut file = writer.create(&path)?;
    for of in kept {
        if let Some(bytes) = each(of)? {
            file.write(&bytes)?;
        }
    }
    file.finish()?;
    Ok(path)
}

/// Nothing but an older file of the kind is written over.
fn refuse_others(path: &Path, checkpoint: &Checkpoint) -> Result<(), WeightsError> {
    match Prepared::open(path, checkpoint) {
        Prepared::Absent | Prepared::Fresh(_) => Ok(()),
        Prepared::Unusable(Unusable::Outdated { .. }) => Ok(()),
        Prepared::Unusable(_) => Err(WeightsError::Taken {
            path: path.to_path_buf(),
        }),
    }
}
