//! Linear layers of panels are what the specification says of rows, to the bit, on every table.

mod common;

use common::run::{self, Cell, Heads, Quantized};
use common::{FLAVOURS, FLOATS, Flavour, QUANTS, Rng, difference};
use glassbox_core::quant::Format;
use glassbox_core::{AttentionShape, DType, PAGE, with_format};
use glassbox_kernels::portable::attention_i16::attention_i16;
use glassbox_kernels::portable::bf16;
use glassbox_kernels::portable::linear_float::linear_float;
use glassbox_kernels::portable::linear_quant::linear_quant;
use glassbox_kernels::{ActBlock, Kernels, Rows, panels};
use proptest::prelude::*;
use proptest::sample::select;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn panels_equal_rows(seed: u64, dtype in select(&QUANTS[..]), n_tokens in 1usize..20,
                         n_out in 1usize..40, n_blocks in 1usize..5,
                         flavour in select(&FLAVOURS[..])) {
        let mut rng = Rng(seed);
        let block = ActBlock::for_weights(dtype.block_len()).unwrap();
        let width = n_blocks * dtype.block_len();
        let x = rng.floats(n_tokens * width, flavour);
        let w = rng.weights(dtype, n_out * width, flavour);
        let quantized = |table| Quantized::new(table, &x, width, block);
        let x_rows = quantized(Kernels::named("portable").unwrap());
        let shape = (n_tokens, n_out);
        let expected = run::in_part(shape, (0, 0, 0), |dst| {
            with_format!(dtype, F => linear_quant::<F>(dst, &x_rows.view(), &w), float => unreachable!());
        });
        let packed = run::in_panels(&w, width, dtype);
        for table in Kernels::available() {
            let x = quantized(table);
            let got = run::in_part(shape, (1, 1, 1), |dst| {
                table.linear_quant(dst, &x.view(), &packed, dtype);
            });
            difference(&got, &expected)
                .map_err(|e| TestCaseError::fail(format!("{dtype} on {}: {e}", table.name())))?;
        }
    }

    #[test]
    fn panels_of_floats_equal_rows(seed: u64, dtype in select(&FLOATS[..]), n_tokens in 1usize..20,
                                   n_out in 1usize..40, width in 1usize..400,
                                   flavour in select(&FLAVOURS[..])) {
        let mut rng = Rng(seed);
        let x = rng.floats(n_tokens * width, flavour);
        let w = rng.weights(dtype, n_out * width, flavour);
        let expected = run::in_part((n_tokens, n_out), (0, 0, 0), |dst| {
            linear_float(dst, Rows { data: &x, width }, &w, dtype);
        });
        for table in Kernels::available() {
            let got = run::linear(table, &x, width, &w, dtype, (1, 1, 1));
            difference(&got, &expected)
                .map_err(|e| TestCaseError::fail(format!("{dtype} on {}: {e}", table.name())))?;
        }
    }

    #[test]
    fn a_row_comes_back_from_a_panel(seed: u64, dtype in select(&DType::ALL[..]),
                                     n_rows in 1usize..17, n_blocks in 1usize..5) {
        let row_bytes = n_blocks * dtype.block_bytes();
        let width = n_blocks * dtype.block_len();
        let mut rng = Rng(seed);
        let mut rows: Vec<u8> = (0..n_rows * row_bytes).map(|_| rng.bits() as u8).collect();
        let mut panel = vec![99; panels::bytes(width, dtype)];
        panels::pack(&mut panel, &rows, width, dtype);
        if dtype == DType::BF16 {
            for element in rows.as_chunks_mut().0 {
                *element = bf16::flush(u16::from_le_bytes(*element)).to_le_bytes();
            }
        }
        let mut row = vec![99; row_bytes];
        for r in 0..panels::ROWS {
            panels::unpack_row(&mut row, &panel, r, dtype);
            let zeros = vec![0; row_bytes];
            let expected = rows.chunks(row_bytes).nth(r).unwrap_or(&zeros);
            prop_assert_eq!(&row[..], expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn attention_of_panels_equals_rows(
        seed: u64, start in 0usize..150, rows in 1usize..9, group in 1usize..8, kv_heads in 1usize..4,
        head_dim in 1usize..257, flavour in select(&FLAVOURS[..]), narrow: bool,
    ) {
        let shape = AttentionShape { n_heads: group * kv_heads, n_kv_heads: kv_heads, head_dim };
        let start = start.min(60_000 / (rows * group * head_dim));
        match narrow {
            true => attention::<i8>(seed, (start, rows), shape, flavour)?,
            false => attention::<i16>(seed, (start, rows), shape, flavour)?,
        }
    }
}

/// The largest weights times the largest activations: no partial sum is cut off.
#[test]
fn extremes_equal_rows() {
    let bytes = QUANTS
        .iter()
        .flat_map(|dtype| [0xff, 0x80, 0x7f].map(|byte| (*dtype, byte)));
    for (dtype, byte, x) in bytes.flat_map(|(dtype, byte)| [1.0, -1.0].map(|x| (dtype, byte, x))) {
        let (width, n_out) = (2 * dtype.block_len(), 20);
        let mut w = vec![byte; n_out * dtype.row_bytes(width).unwrap()];
        with_format!(dtype, F => {
            for block in w.chunks_exact_mut(dtype.block_bytes()) {
                for at in F::FLOATS {
                    block[*at..][..2].copy_from_slice(&half::f16::ONE.to_le_bytes());
                }
            }
        }, float => unreachable!());
        for n_tokens in [1, 2, 4, 8] {
            let x = vec![x; n_tokens * width];
            let block = ActBlock::for_weights(dtype.block_len()).unwrap();
            let quantized = |table| Quantized::new(table, &x, width, block);
            let x_rows = quantized(Kernels::named("portable").unwrap());
            let expected = run::in_part((n_tokens, n_out), (0, 0, 0), |dst| {
                with_format!(dtype, F => linear_quant::<F>(dst, &x_rows.view(), &w), float => unreachable!());
            });
            let packed = run::in_panels(&w, width, dtype);
            for table in Kernels::available() {
                let x = quantized(table);
                let got = run::in_part((n_tokens, n_out), (0, 0, 0), |dst| {
                    table.linear_quant(dst, &x.view(), &packed, dtype);
                });
                let named = format!("{dtype} of {byte:#x} on {}", table.name());
                difference(&got, &expected).unwrap_or_else(|e| panic!("{named}: {e}"));
            }
        }
    }
}

/// Every table does with cells `C` what the specification does with their integers.
fn attention<C: Cell>(
    seed: u64,
    (start, rows): (usize, usize),
    shape: AttentionShape,
    flavour: Flavour,
) -> Result<(), TestCaseError> {
    let mut rng = Rng(seed);
    let (kv_heads, head_dim) = (shape.n_kv_heads, shape.head_dim);
    let group = shape.n_heads / kv_heads;
    let n_pages = (start + rows).div_ceil(PAGE);
    let table = rng.pages(n_pages, n_pages + 2);
    let len = (n_pages + 2) * PAGE * shape.kv_width();
    let portable = Kernels::named("portable").unwrap();
    let keys = Heads::<C>::keys(portable, &rng.floats(len, flavour), shape);
    let values = Heads::<C>::values(portable, &rng.floats(len, flavour), shape);
    let q = rng.floats(rows * shape.q_width(), flavour);
    let kv_head = rng.below(kv_heads);
    let mut expected = vec![0.0; rows * group * head_dim];
    for (i, out) in expected.chunks_exact_mut(head_dim).enumerate() {
        let (row, head) = (i / group, kv_head * group + i % group);
        let query = &q[row * shape.q_width() + head * head_dim..][..head_dim];
        let (keys, key_scales) = keys.head(kv_head, start + row + 1, &table);
        let (values, value_scales) = values.head(kv_head, start + row + 1, &table);
        let (keys, values) = (
            (&keys[..], &key_scales[..]),
            (&values[..], &value_scales[..]),
        );
        attention_i16(out, query, keys, values, shape.scale());
    }
    for kernels in Kernels::available() {
        let heads = (&keys, &values);
        let got = run::attention_int(kernels, heads, &q, start, &table, kv_head, (1, 1, 1));
        difference(&got, &expected)
            .map_err(|e| TestCaseError::fail(format!("{}: {e}", kernels.name())))?;
    }
    Ok(())
}

/// Files keep panels under the name of their layout: another layout needs another name, and then
/// another sum here.
#[test]
fn the_layout_has_its_name() {
    let mut sum = 0xcbf2_9ce4_8422_2325_u64;
    for dtype in QUANTS.into_iter().chain(FLOATS) {
        let row_bytes = dtype.row_bytes(512).unwrap();
        // Seventeen rows, of which the last has a panel to itself.
        let rows: Vec<u8> = (0..17 * row_bytes).map(|i| (i % 251) as u8).collect();
        for byte in run::in_panels(&rows, 512, dtype) {
            sum = (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
    assert_eq!(
        (panels::LAYOUT, sum),
        ("panels of 16 rows, 1", 0x332a_1e9d_3ada_52b8)
    );
}
