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

/// Every row of logits that is wanted, in order, and the index of its part.
pub(crate) struct Logits {
    values: Vec<f32>,
    vocab: usize,
    owners: Vec<usize>,
}

impl Logits {
    pub(crate) fn rows(&self) -> impl Iterator<Item = (usize, &[f32])> {
        let owners = self.owners.iter().copied();
        owners.zip(self.values.chunks_exact(self.vocab))
    }
}

/// Computes one batch, whose places in the cache are reserved; the sequences are longer by their
/// parts then.
///
/// `proceed` is asked before each layer. After an error all sequences are as they were.
pub(crate) fn forward(
    engine: &Engine,
    parts: &mut [Part<'_>],
    proceed: &mut dyn FnMut() -> bool,
) -> Result<Logits, EngineError> {
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
    let mut values = vec![0.0; wanted.len() * vocab];
    // Whoever shares the model takes turns batch by batch.
    engine.model().forward(&batch, &mut values, proceed)?;
    for part in parts.iter_mut() {
        part.sequence.computed(part.ids);
    }
    Ok(Logits {
        values,
        vocab,
        owners,
    })
}
