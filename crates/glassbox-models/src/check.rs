use crate::{DecoderSpec, ModelError, Tensor};
use glassbox_weights::{Checkpoint, Format};
use std::collections::HashMap;

/// Checks that a checkpoint has just the tensors of a model, each of its shape; reads no weights
/// but those of a head that ought to be the embedding.
///
/// A tensor that nothing would use could change the mathematics, so it is an error too.
pub(crate) fn tensors(checkpoint: &Checkpoint, spec: &DecoderSpec) -> Result<(), ModelError> {
    let all = checkpoint.tensors().map(|t| (t.name(), t.shape()));
    shapes(all, checkpoint.format(), spec)?;
    let head = Tensor::Head.name(checkpoint.format());
    let embed = Tensor::Embed.name(checkpoint.format());
    if spec.tie_embeddings
        && let (Some(head), Some(embed)) = (checkpoint.tensor(&head)?, checkpoint.tensor(&embed)?)
        && (head.dtype() != embed.dtype() || head.data()[..] != embed.data()[..])
    {
        let name = head.name().to_owned();
        return Err(ModelError::TiedHead { name });
    }
    Ok(())
}

/// The same for names and shapes alone, `[out, in]` each.
pub(crate) fn shapes<'a>(
    tensors: impl Iterator<Item = (&'a str, &'a [u64])>,
    format: Format,
    spec: &DecoderSpec,
) -> Result<(), ModelError> {
    let mut left: HashMap<&str, &[u64]> = tensors.collect();
    for tensor in Tensor::all(spec) {
        let (name, expected) = (tensor.name(format), tensor.shape(spec));
        let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let got = match left.remove(&*name) {
            None => return Err(ModelError::MissingTensor { name }),
            Some(&[cols]) => (1, size(cols)),
            Some(&[rows, cols]) => (size(rows), size(cols)),
            // Of another rank, which the reader of the tensor names.
            Some(_) => continue,
        };
        if got != expected {
            return Err(ModelError::TensorShape {
                name,
                got,
                expected,
            });
        }
    }
    // The head of a tied model is the embedding once more; frequencies are in the spec.
    let harmless = |name: &str| {
        (spec.tie_embeddings && name == Tensor::Head.name(format))
            || name == "rope_freqs.weight"
            || name.ends_with(".rotary_emb.inv_freq")
    };
    match left.into_keys().filter(|name| !harmless(name)).min() {
        Some(name) => {
            let (name, family) = (name.to_owned(), spec.family.name());
            Err(ModelError::UnknownTensor { name, family })
        }
        None => Ok(()),
    }
}
