//! Pages that leave the device and come back.

use super::Failure;
use super::attention::kept;
use super::data::{MAX_ROWS, Rng, device, equal, equal_bytes, filled, no_rope, read};
use crate::{AttentionShape, Backend, Batch, KvType, PAGE, Sequence};
use half::f16;

const SHAPE: AttentionShape = AttentionShape {
    n_heads: 4,
    n_kv_heads: 2,
    head_dim: 32,
};

/// A written page is read back to the byte and is where attention looks; a copied page is the
/// same page; both leave other pages alone; and a page that attention wrote has the documented
/// layout.
pub(super) fn pages<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    for kv_type in [KvType::F32, KvType::F16] {
        let case = format!("pages, {kv_type:?}");
        let fail = device::<B>(&case);
        let mut rng = Rng(11);
        let width = SHAPE.kv_width();
        let mut kv = backend.kv(5, SHAPE, kv_type).map_err(&fail)?;
        let contents: Vec<(Vec<f32>, Vec<f32>)> = (0..5)
            .map(|_| (rng.floats(PAGE * width, 2.0), rng.floats(PAGE * width, 2.0)))
            .collect();
        let mut bytes: Vec<Vec<u8>> = contents
            .iter()
            .map(|(keys, values)| page_bytes(keys, values, kv_type))
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
        let (mut keys, mut values) = contents[4].clone();
        keys[(PAGE - 1) * width..].copy_from_slice(&k);
        values[(PAGE - 1) * width..].copy_from_slice(&v);
        bytes[4] = page_bytes(&keys, &values, kv_type);
        same_pages(backend, &case, &kv, &bytes)?;
    }
    Ok(())
}

/// A page as the host sees it: keys, then values, each `[PAGE, width]`, little-endian.
fn page_bytes(keys: &[f32], values: &[f32], kv_type: KvType) -> Vec<u8> {
    let all = keys.iter().chain(values).map(|&x| kept(x, kv_type));
    match kv_type {
        KvType::F32 => all.flat_map(f32::to_le_bytes).collect(),
        KvType::F16 => all.flat_map(|x| f16::from_f32(x).to_le_bytes()).collect(),
    }
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
