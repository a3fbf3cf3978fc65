//! Every table equals the portable one to the bit, over the whole domain of every kernel.

mod common;

use common::run::{self, Cache, Quantized};
use common::{FLAVOURS, FLOATS, QUANTS, Rng, difference};
use glassbox_core::{AttentionShape, PAGE, RopeLayout};
use glassbox_kernels::{ActBlock, Kernels, Step};
use proptest::prelude::*;
use proptest::sample::select;

/// Runs `kernel` on every table and compares with portable.
fn each_table<T>(
    kernel: impl Fn(&Kernels) -> T,
    compare: impl Fn(&T, &T) -> Result<(), String>,
) -> Result<(), TestCaseError> {
    let expected = kernel(Kernels::named("portable").unwrap());
    for table in Kernels::available() {
        compare(&kernel(table), &expected)
            .map_err(|e| TestCaseError::fail(format!("{}: {e}", table.name())))?;
    }
    Ok(())
}

fn each_table_floats(kernel: impl Fn(&Kernels) -> Vec<f32>) -> Result<(), TestCaseError> {
    each_table(kernel, |got, expected| difference(got, expected))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn elementwise(seed: u64, n in 0usize..200, flavour in select(&FLAVOURS[..])) {
        let mut rng = Rng(seed);
        let (a, b) = (rng.floats(n, flavour), rng.floats(n, flavour));
        each_table_floats(|kernels| {
            let mut dst = a.clone();
            kernels.add(&mut dst, &b);
            dst
        })?;
        each_table_floats(|kernels| {
            let mut dst = vec![run::UNTOUCHED; n];
            kernels.swiglu(&mut dst, &a, &b);
            dst
        })?;
    }

    #[test]
    fn rms_norm(seed: u64, n in 1usize..300, flavour in select(&FLAVOURS[..]), eps in 0f32..1e-3) {
        let mut rng = Rng(seed);
        let (x, gain) = (rng.floats(n, flavour), rng.floats(n, flavour));
        each_table_floats(|kernels| {
            let mut dst = vec![run::UNTOUCHED; n];
            kernels.rms_norm(&mut dst, &x, &gain, eps);
            dst
        })?;
    }

    #[test]
    fn rope(seed: u64, half in 1usize..80, heads in 1usize..4, interleaved: bool,
            flavour in select(&FLAVOURS[..])) {
        let mut rng = Rng(seed);
        let x = rng.floats(2 * half * heads, flavour);
        let (cos, sin) = (rng.floats(half, flavour), rng.floats(half, flavour));
        let layout = if interleaved { RopeLayout::Interleaved } else { RopeLayout::Half };
        each_table_floats(|kernels| {
            let mut dst = x.clone();
            kernels.rope(&mut dst, &cos, &sin, layout);
            dst
        })?;
    }

    /// And rows that take turns are what each of them is alone.
    #[test]
    fn quantize(seed: u64, rows in 1usize..20, blocks in 0usize..5, large: bool,
                flavour in select(&FLAVOURS[..])) {
        let block = if large { ActBlock::Super } else { ActBlock::Small };
        let width = blocks * block.size();
        let x = Rng(seed).floats(rows * width, flavour);
        let portable = Kernels::named("portable").unwrap();
        for row in 0..if width == 0 { 0 } else { rows } {
            let alone = Quantized::new(portable, &x[row * width..][..width], width, block);
            let (q, d, sums) = alone.view().row(0);
            each_table(
                |kernels| Quantized::new(kernels, &x, width, block).view().row(row),
                |got, _| {
                    difference(&got.1, &d)?;
                    if got.0 == q && got.2 == sums {
                        Ok(())
                    } else {
                        Err(format!("row {row}: integers {:?}, expected {q:?}", got.0))
                    }
                },
            )?;
        }
    }

    #[test]
    fn fixed_rows(seed: u64, n in 0usize..5, width in 1usize..150, limit in 1i32..32768,
                  flavour in select(&FLAVOURS[..])) {
        let x = Rng(seed).floats(n * width, flavour);
        each_table(
            |kernels| {
                let (mut q, mut d) = (vec![99; n * width], vec![99.0; n]);
                kernels.fixed_rows(&mut q, &mut d, &x, limit);
                (q, d)
            },
            |got, expected| {
                difference(&got.1, &expected.1)?;
                if got.0 == expected.0 { Ok(()) } else { Err(format!("{:?}", got.0)) }
            },
        )?;
    }

    #[test]
    fn steps(seed: u64, n in 0usize..20, width in 1usize..40,
             step in select(&[Step::One, Step::Rounded, Step::Two][..]), flavour in select(&FLAVOURS[..])) {
        let x = Rng(seed).floats(n * width, flavour);
        each_table(
            |kernels| run::steps(kernels, &x, width, step),
            |got, expected| if got == expected { Ok(()) } else { Err(format!("{got:x?}")) },
        )?;
    }

    #[test]
    fn linear_float(seed: u64, tokens in 1usize..20, out in 1usize..70, width in 1usize..560,
                    dtype in select(&FLOATS[..]), flavour in select(&FLAVOURS[..]),
                    around in (0usize..2, 0usize..3, 0usize..3)) {
        let mut rng = Rng(seed);
        // A large case is dear on the portable table, which calls a function for each `fma`.
        let width = 1 + width % (40_000 / (tokens * out)).max(40);
        let x = rng.floats(tokens * width, flavour);
        let w = rng.weights(dtype, out * width, flavour);
        each_table_floats(|kernels| run::linear(kernels, &x, width, &w, dtype, around))?;
    }

    #[test]
    fn linear_quant(seed: u64, tokens in 1usize..20, out in 1usize..20, blocks in 1usize..5,
                    dtype in select(&QUANTS[..]), flavour in select(&FLAVOURS[..]),
                    around in (0usize..2, 0usize..3, 0usize..3)) {
        let mut rng = Rng(seed);
        let width = blocks * dtype.block_len();
        let x = rng.floats(tokens * width, flavour);
        let w = rng.weights(dtype, out * width, flavour);
        each_table_floats(|kernels| run::linear(kernels, &x, width, &w, dtype, around))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    /// Longer rows, and more of them, than any table takes at once.
    #[test]
    fn large_linear_quant(seed: u64, tokens in 1usize..72, out in 1usize..50, blocks in 1usize..9,
                          many: bool, dtype in select(&QUANTS[..]),
                          flavour in select(&FLAVOURS[..])) {
        let mut rng = Rng(seed);
        let (tokens, blocks) = if many { (tokens + 500, 1) } else { (tokens, blocks) };
        // Blocks of 32 do not come in eights.
        let width = blocks * 256 + if dtype.block_len() == 32 { seed as usize % 8 * 32 } else { 0 };
        let x = rng.floats(tokens * width, flavour);
        let w = rng.weights(dtype, out * width, flavour);
        each_table_floats(|kernels| run::linear(kernels, &x, width, &w, dtype, (0, 0, 0)))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn attention(seed: u64, start in 0usize..150, rows in 1usize..9, group in 1usize..8,
                 kv_heads in 1usize..4, quarter in 4usize..65, wide in select(&[1usize, 4][..]),
                 flavour in select(&FLAVOURS[..]),
                 around in (0usize..2, 0usize..2, 0usize..2)) {
        let mut rng = Rng(seed);
        // Most heads are multiples of four elements, some are not.
        let head_dim = (quarter * wide).clamp(16, 256);
        let shape = AttentionShape { n_heads: group * kv_heads, n_kv_heads: kv_heads, head_dim };
        let start = start.min(40_000 / (rows * group * head_dim));
        let n_pages = (start + rows).div_ceil(PAGE);
        let table = rng.pages(n_pages, n_pages + 2);
        let len = (n_pages + 2) * PAGE * shape.kv_width();
        let (keys, values) = (rng.floats(len, flavour), rng.floats(len, flavour));
        let cache = Cache { keys, values };
        let q = rng.floats(rows * shape.q_width(), flavour);
        let kv_head = rng.below(kv_heads);
        each_table_floats(|kernels| {
            cache.attention(kernels, &q, start, &table, kv_head, shape, around)
        })?;
    }
}

/// The domain's corner that common code gets wrong: −128 as weight, with all activations at the
/// ends of their range, summed as far as a block goes.
#[test]
fn extreme_blocks() {
    for dtype in QUANTS {
        let width = 2 * dtype.block_len();
        let mut x: Vec<f32> = vec![-127.0; width];
        x[width / 2..].fill(127.0);
        // As many rows as any table has a way of its own for.
        let x = x.repeat(33);
        for byte in [0x00, 0x7f, 0x80, 0x81, 0xff] {
            let mut w = vec![byte; 3 * dtype.row_bytes(width).unwrap()];
            for block in w.chunks_exact_mut(dtype.block_bytes()) {
                for &at in common::scale_offsets(dtype) {
                    // The f16 number 1, so that the integers arrive in the result unscathed.
                    block[at..at + 2].copy_from_slice(&[0x00, 0x3c]);
                }
            }
            each_table_floats(|kernels| run::linear(kernels, &x, width, &w, dtype, (0, 0, 0)))
                .unwrap();
        }
    }
}
