//! Pages that leave the device and come back.

use super::Failure;
use super::data::{MAX_ROWS, Rng, device, equal, equal_bytes, filled, no_rope, read};
use crate::{AttentionShape, Backend, Batch, KvType, PAGE, Sequence};

const SHAPE: AttentionShape = AttentionShape {
    n_heads: 4,
    n_kv_heads: 2,
    head_dim: 32,
};

/// A written page is read back to the byte and is where attention looks; a copied page is the
/// same page; both leave other pages alone; and attention writes the position that it should, in
/// f32 with the documented layout.
pub(super) fn pages<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    for kv_type in KvType::ALL {
        let case = format!("pages, {kv_type:?}");
        let fail = device::<B>(&case);
        let mut rng = Rng(11);
        let width = SHAPE.kv_width();
        let mut kv = backend.kv(5, SHAPE, kv_type).map_err(&fail)?;
        let mut empty = Vec::new();
        backend.read_page(&mut empty, &kv, 0).map_err(&fail)?;
        // Any bytes are a page, as long as its floats are numbers.
        let mut bytes: Vec<Vec<u8>> = (0..5)
            .map(|_| rng.floats(empty.len() / 4, 2.0))
            .map(|words| words.into_iter().flat_map(f32::to_le_bytes).collect())
            .collect();
        for (i, page) in bytes.iter().enumerate() {
            backend.write_page(&mut kv, i as u32, page).map_err(&fail)?;
        }
        same_pages(backend, &case, &kv, &bytes)?;
        backend.copy_page(&mut kv, 3, 1).map_err(&fail)?;
        bytes[1] = bytes[3].clone();
        same_pages(backend, &case, &kv, &bytes)?;

        // The token at position 64 + 63 of a sequence whose first page is page 3 or its copy.
        let q = rng.floats(SHAPE.q_width(), 2.0);
        let (k, v) = (rng.floats(width, 2.0), rng.floats(width, 2.0));
        let mut outputs = Vec::new();
        for first in [3, 1] {
            let table = [first, 4];
            let sequence = [Sequence {
                n_tokens: 1,
                start: 2 * PAGE - 1,
                pages: &table,
            }];
            let mut dst = backend.buffer(MAX_ROWS, SHAPE.q_width()).map_err(&fail)?;
            let q = filled(backend, &case, &q, SHAPE.q_width())?;
            let k = filled(backend, &case, &k, width)?;
            let v = filled(backend, &case, &v, width)?;
            let batch = Batch::new(&[0], &sequence, &[]).expect("the pages cover the token");
            backend.begin(&batch, &no_rope()).map_err(&fail)?;
            backend
                .attention(&mut dst, &q, &k, &v, &mut kv, SHAPE)
                .map_err(&fail)?;
            outputs.push(read(backend, &case, &dst, SHAPE.q_width())?);
        }
        equal(&case, &outputs[1], &outputs[0])?;

        // Attention stored one position: the last of page 4.
        match kv_type {
            KvType::F32 => {
                let (keys, values) = bytes[4].split_at_mut(PAGE * width * 4);
                for (page, new) in [(keys, &k), (values, &v)] {
                    let new: Vec<u8> = new.iter().flat_map(|x| x.to_le_bytes()).collect();
                    page[(PAGE - 1) * width * 4..].copy_from_slice(&new);
                }
            }
            // Where in a page it is, is the device's affair.
            KvType::Half | KvType::Q8 => {
                bytes[4].clear();
                backend.read_page(&mut bytes[4], &kv, 4).map_err(&fail)?;
            }
        }
        same_pages(backend, &case, &kv, &bytes)?;
    }
    Ok(())
}

fn same_pages<B: Backend>(
    backend: &B,
    case: &str,
    kv: &B::Kv,
    expected: &[Vec<u8>],
) -> Result<(), Failure> {
    for (i, expected) in expected.iter().enumerate() {
        let mut got = Vec::new();
        backend
            .read_page(&mut got, kv, i as u32)
            .map_err(device::<B>(case))?;
        equal_bytes(&format!("{case}, page {i}"), &got, expected)?;
    }
    Ok(())
}
