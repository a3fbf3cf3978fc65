//! Linear layers of panels are what the specification says of rows, to the bit, on every table.

mod common;

use common::run::{self, Quantized};
use common::{FLAVOURS, QUANTS, Rng, difference};
use glassbox_core::with_format;
use glassbox_kernels::portable::linear_quant::linear_quant;
use glassbox_kernels::{ActBlock, Kernels, panels};
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
        let row_bytes = dtype.row_bytes(width).unwrap();
        let x = rng.floats(n_tokens * width, flavour);
        let w = rng.weights(dtype, n_out * width, flavour);
        let x = Quantized::new(Kernels::named("portable").unwrap(), &x, width, block);
        let shape = (n_tokens, n_out);
        let expected = run::in_part(shape, (0, 0, 0), |dst| {
            with_format!(dtype, F => linear_quant::<F>(dst, &x.view(), &w), float => unreachable!());
        });
        let packed = run::in_panels(&w, row_bytes, dtype);
        for table in Kernels::available() {
            let got = run::in_part(shape, (1, 1, 1), |dst| {
                table.linear_quant(dst, &x.view(), &packed, dtype);
            });
            difference(&got, &expected)
                .map_err(|e| TestCaseError::fail(format!("{dtype} on {}: {e}", table.name())))?;
        }
    }

    #[test]
    fn a_row_comes_back_from_a_panel(seed: u64, dtype in select(&QUANTS[..]), n_rows in 1usize..17,
                                     n_blocks in 1usize..5) {
        let row_bytes = n_blocks * dtype.block_bytes();
        let mut rng = Rng(seed);
        let rows: Vec<u8> = (0..n_rows * row_bytes).map(|_| rng.bits() as u8).collect();
        let mut panel = vec![99; panels::ROWS * row_bytes];
        panels::pack(&mut panel, &rows, dtype);
        let mut row = vec![99; row_bytes];
        for r in 0..panels::ROWS {
            panels::unpack_row(&mut row, &panel, r, dtype);
            let zeros = vec![0; row_bytes];
            let expected = rows.chunks(row_bytes).nth(r).unwrap_or(&zeros);
            prop_assert_eq!(&row[..], expected);
        }
    }
}
