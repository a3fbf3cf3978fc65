//! The law of replay: a sequence's logits do not depend on how it was cut into batches, nor on
//! what else was in them.

use super::Failure;
use super::data::{Rng, equal};
use super::toy::{Toy, VOCAB};
use crate::{Backend, Batch, KvType, Sequence};

/// Tokens of the sequence that is watched: a page and a bit.
const LEN: usize = 70;
/// Its pages, and those of the sequences that come along.
const PAGES: [u32; 2] = [9, 0];
const OTHERS: [[u32; 2]; 2] = [[1, 11], [7, 3]];

fn ids(seed: u64, n: usize) -> Vec<u32> {
    let mut rng = Rng(seed);
    (0..n).map(|_| (rng.bits() % VOCAB as u64) as u32).collect()
}

/// The same sequence as one prefill, in chunks of 1, 7 and 64, and amid two others that are
/// prefilled and decoded beside it: the same bits. The types of cache share the chunks.
pub(super) fn replay<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    let types = [
        (KvType::F32, &[7][..]),
        (KvType::Half, &[1, 64]),
        (KvType::Q8, &[5]),
    ];
    for (kv_type, chunks) in types {
        let expected = alone(backend, kv_type, LEN)?;
        if let Some(index) = expected.iter().position(|x| !x.is_finite()) {
            return Err(Failure::Value {
                case: "replay: a logit that is no number".to_owned(),
                got: expected[index].into(),
                expected: 0.0,
                bound: f64::INFINITY,
                index,
            });
        }
        for &chunk in chunks {
            let case = format!("replay, {kv_type:?}, chunks of {chunk} against one prefill");
            equal(&case, &alone(backend, kv_type, chunk)?, &expected)?;
        }
        let case = format!("replay, {kv_type:?}, in a batch with others against alone");
        equal(&case, &in_company(backend, &case, kv_type)?, &expected)?;
    }
    Ok(())
}

/// Logits of every position of a fixed sequence of a fixed small decoder, `[n_tokens, vocab]`.
///
/// They use every operation and nearly every weight type. Two backends, or two settings of one,
/// that promise the same results to the bit have the same fingerprint.
pub fn fingerprint<B: Backend>(backend: &mut B) -> Result<Vec<f32>, Failure> {
    alone(backend, KvType::Half, 50)
}

/// All logits of the sequence, in batches of `chunk` tokens.
fn alone<B: Backend>(backend: &mut B, kv_type: KvType, chunk: usize) -> Result<Vec<f32>, Failure> {
    let case = format!("replay, {kv_type:?}, chunks of {chunk}");
    let mut toy = Toy::new(backend, &case, kv_type)?;
    let mut all = Vec::new();
    for (i, ids) in ids(13, LEN).chunks(chunk).enumerate() {
        let sequence = [Sequence {
            n_tokens: ids.len(),
            start: i * chunk,
            pages: &PAGES,
        }];
        let wanted: Vec<usize> = (0..ids.len()).collect();
        let batch = Batch::new(ids, &sequence, &wanted).expect("the pages cover the tokens");
        all.extend(toy.forward(backend, &case, &batch)?);
    }
    Ok(all)
}

/// All logits of the sequence when others stand before and behind it in each batch.
fn in_company<B: Backend>(
    backend: &mut B,
    case: &str,
    kv_type: KvType,
) -> Result<Vec<f32>, Failure> {
    let mut toy = Toy::new(backend, case, kv_type)?;
    // Tokens of the first neighbour, of the sequence, and of the second, in each batch.
    let steps = [[0, 40, 1], [70, 1, 1], [1, 20, 50], [1, 9, 1]];
    let texts = [ids(14, 72), ids(13, LEN), ids(15, 53)];
    let pages: [&[u32]; 3] = [&OTHERS[0], &PAGES, &OTHERS[1]];
    let mut start = [0; 3];
    let mut all = Vec::new();
    for step in steps {
        let mut ids = Vec::new();
        let mut sequences = Vec::new();
        for which in 0..3 {
            let n_tokens = step[which];
            ids.extend(&texts[which][start[which]..][..n_tokens]);
            sequences.push(Sequence {
                n_tokens,
                start: start[which],
                pages: pages[which],
            });
            start[which] += n_tokens;
        }
        let wanted: Vec<usize> = (step[0]..step[0] + step[1]).collect();
        let batch = Batch::new(&ids, &sequences, &wanted).expect("the pages cover the tokens");
        all.extend(toy.forward(backend, case, &batch)?);
    }
    Ok(all)
}
