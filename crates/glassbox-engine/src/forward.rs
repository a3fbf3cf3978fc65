use crate::sequence::Sequence;
use crate::{Engine, EngineError};
use glassbox_core::Batch;
use glassbox_models::ModelError;

/// What one sequence has in a batch: its next tokens, from whose `first`-th on every row of logits
/// is wanted.
pub(crate) struct Part<'a> {
    pub(crate) sequence: &'a mut Sequence,
    pub(crate) ids: &'a [u32],
    pub(crate) first: usize,
}

/// Computes one batch, whose places in the cache are reserved; the sequences are longer by their
/// parts then, and `each` has had every row that is wanted, by the index of its part.
///
/// `proceed` is asked before each layer. After an error all sequences are as they were.
pub(crate) fn forward(
    engine: &Engine,
    parts: &mut [Part<'_>],
    proceed: &mut dyn FnMut() -> bool,
    mut each: impl FnMut(usize, &[f32]),
) -> Result<(), EngineError> {
    let vocab = engine.spec().vocab;
    let (mut ids, mut wanted, mut owners) = (Vec::new(), Vec::new(), Vec::new());
    for (i, part) in parts.iter().enumerate() {
        for row in part.first..part.ids.len() {
            wanted.push(ids.len() + row);
            owners.push(i);
        }
        ids.extend_from_slice(part.ids);
    }
    let shares: Vec<_> = parts
        .iter()
        .map(|p| p.sequence.share(p.ids.len()))
        .collect();
    let batch = Batch::new(&ids, &shares, &wanted).map_err(ModelError::from)?;
    let mut logits = vec![0.0; wanted.len() * vocab];
    // Whoever shares the model takes turns batch by batch.
    engine.model().forward(&batch, &mut logits, proceed)?;
    for part in parts.iter_mut() {
        part.sequence.computed(part.ids);
    }
    for (&owner, logits) in owners.iter().zip(logits.chunks_exact(vocab)) {
        each(owner, logits);
    }
    Ok(())
}
