//! A row is computed alike alone, in a batch, and in whatever tile a thread takes.

mod common;

use common::run::{self, Cache, Heads16};
use common::{FLAVOURS, FLOATS, Flavour, QUANTS, Rng, difference};
use glassbox_core::{AttentionShape, DType, PAGE};
use glassbox_kernels::Kernels;
use proptest::prelude::*;
use proptest::sample::select;

/// Linear layer of all tokens against one token and one output at a time, on every table.
fn linear_alone(
    seed: u64,
    (tokens, out, width): (usize, usize, usize),
    dtype: DType,
    flavour: Flavour,
) -> Result<(), TestCaseError> {
    let mut rng = Rng(seed);
    let x = rng.floats(tokens * width, flavour);
    let w = rng.weights(dtype, out * width, flavour);
    let row_bytes = dtype.row_bytes(width).unwrap();
    for kernels in Kernels::available() {
        let whole = run::linear(kernels, &x, width, &w, dtype, (0, 0, 0));
        for (x, whole) in x.chunks_exact(width).zip(whole.chunks_exact(out)) {
            let row = run::linear(kernels, x, width, &w, dtype, (0, 0, 0));
            difference(&row, whole).map_err(TestCaseError::fail)?;
            for (w, whole) in w.chunks_exact(row_bytes).zip(whole) {
                let one = run::linear(kernels, x, width, w, dtype, (0, 0, 0));
                difference(&one, &[*whole]).map_err(TestCaseError::fail)?;
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn linear_float(seed: u64, tokens in 1usize..20, out in 1usize..20, width in 1usize..60,
                    dtype in select(&FLOATS[..]), flavour in select(&FLAVOURS[..])) {
        linear_alone(seed, (tokens, out, width), dtype, flavour)?;
    }

    #[test]
    fn linear_quant(seed: u64, tokens in 1usize..20, out in 1usize..20, blocks in 1usize..3,
                    dtype in select(&QUANTS[..]), flavour in select(&FLAVOURS[..])) {
        linear_alone(seed, (tokens, out, blocks * dtype.block_len()), dtype, flavour)?;
    }

    #[test]
    fn attention(seed: u64, start in 0usize..140, rows in 1usize..9, group in 1usize..5,
                 half: bool, flavour in select(&FLAVOURS[..])) {
        let mut rng = Rng(seed);
        let shape = AttentionShape { n_heads: 2 * group, n_kv_heads: 2, head_dim: 24 };
        let n_pages = (start + rows).div_ceil(PAGE);
        let table = rng.pages(n_pages, n_pages + 1);
        let len = (n_pages + 1) * PAGE * shape.kv_width();
        let (keys, values) = (rng.floats(len, flavour), rng.floats(len, flavour));
        let q = rng.floats(rows * shape.q_width(), flavour);
        for kernels in Kernels::available() {
            let heads = (
                &Heads16::keys(kernels, &keys, shape),
                &Heads16::values(kernels, &values, shape),
            );
            let cache = Cache { keys: keys.clone(), values: values.clone() };
            let attend = |q: &[f32], start| match half {
                true => run::attention_int(kernels, heads, q, start, &table, 1, (0, 0, 0)),
                false => cache.attention(kernels, q, start, &table, 1, shape, (0, 0, 0)),
            };
            let whole = attend(&q, start);
            let row_by_row: Vec<f32> = q
                .chunks_exact(shape.q_width())
                .enumerate()
                .flat_map(|(i, q)| attend(q, start + i))
                .collect();
            difference(&row_by_row, &whole).map_err(TestCaseError::fail)?;
        }
    }
}
