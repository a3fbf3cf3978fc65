//! Linear layers of quantised weights against the documented formulas, written out plainly.

mod common;

use common::formats::{Element, element, has_min};
use common::run::{self, Quantized};
use common::{Flavour, QUANTS, Rng, difference};
use glassbox_core::{DType, quant};
use glassbox_kernels::{ActBlock, Kernels};

/// A whole tile and a row alone.
const TOKENS: usize = 9;
const OUT: usize = 5;

struct Case {
    x: Vec<f32>,
    w: Vec<u8>,
    width: usize,
    row_bytes: usize,
}

impl Case {
    fn new(dtype: DType, flavour: Flavour) -> Self {
        let mut rng = Rng(dtype as u64 + 17);
        let width = 1024;
        Case {
            x: rng.floats(TOKENS * width, flavour),
            w: rng.weights(dtype, OUT * width, flavour),
            width,
            row_bytes: dtype.row_bytes(width).unwrap(),
        }
    }

    fn weight(&self, dtype: DType, out: usize, i: usize) -> Element {
        let (len, bytes) = (dtype.block_len(), dtype.block_bytes());
        let block = &self.w[out * self.row_bytes + i / len * bytes..][..bytes];
        element(dtype, block, i % len)
    }

    /// The result on the portable table.
    fn portable(&self, dtype: DType) -> Vec<f32> {
        let kernels = Kernels::named("portable").unwrap();
        run::linear(kernels, &self.x, self.width, &self.w, dtype, (0, 0, 0))
    }
}

#[test]
fn core_dequantises_as_the_format_says() {
    for dtype in QUANTS {
        for flavour in [Flavour::Plain, Flavour::Wild] {
            let case = Case::new(dtype, flavour);
            for out in 0..OUT {
                let mut row = vec![0.0; case.width];
                let bytes = &case.w[out * case.row_bytes..][..case.row_bytes];
                quant::dequantize(dtype, bytes, &mut row);
                let expected: Vec<f32> = (0..case.width)
                    .map(|i| {
                        let e = case.weight(dtype, out, i);
                        let product = (e.d * e.scale as f32) * e.q as f32;
                        if has_min(dtype) {
                            product + e.m * e.min as f32
                        } else {
                            product
                        }
                    })
                    .collect();
                difference(&row, &expected).unwrap_or_else(|e| panic!("{dtype}: {e}"));
            }
        }
    }
}

/// Activations as their documentation says: the block's largest magnitude becomes 127.
fn quantize_plainly(x: &[f32], block: usize) -> (Vec<i64>, Vec<f32>) {
    let (mut q, mut d) = (Vec::new(), Vec::new());
    for x in x.chunks_exact(block) {
        let largest = x.iter().map(|x| x.abs()).fold(0.0, f32::max);
        let zero = largest < 1e-30;
        d.push(if zero { 0.0 } else { largest / 127.0 });
        let inverse = if zero { 0.0 } else { 127.0 / largest };
        q.extend(x.iter().map(|x| (x * inverse).round_ties_even() as i64));
    }
    (q, d)
}

#[test]
fn linear_is_the_documented_sum_to_the_bit() {
    for dtype in QUANTS {
        for flavour in [Flavour::Plain, Flavour::Wide] {
            let case = Case::new(dtype, flavour);
            let len = dtype.block_len();
            let mut expected = Vec::new();
            for x in case.x.chunks_exact(case.width) {
                let (a, d_a) = quantize_plainly(x, len);
                for out in 0..OUT {
                    let mut y = 0.0f32;
                    for (b, &d_a) in d_a.iter().enumerate() {
                        let elements =
                            (b * len..(b + 1) * len).map(|i| (case.weight(dtype, out, i), a[i]));
                        let isum: i64 = elements.clone().map(|(e, a)| e.scale * e.q * a).sum();
                        let msum: i64 = elements.map(|(e, a)| e.min * a).sum();
                        let e = case.weight(dtype, out, b * len);
                        y = (e.d * d_a).mul_add(isum as f32, y);
                        if has_min(dtype) {
                            // Small blocks have one minimum.
                            y = match len {
                                32 => e.m.mul_add(d_a * msum as f32, y),
                                _ => (e.m * d_a).mul_add(msum as f32, y),
                            };
                        }
                    }
                    expected.push(y);
                }
            }
            difference(&case.portable(dtype), &expected).unwrap_or_else(|e| panic!("{dtype}: {e}"));
        }
    }
}

/// Against the layer of the dequantised weights and the true activations, in f64.
///
/// Let `u = 2⁻²⁴`. An activation is off by at most half a unit of its block, `d / 2`, and by the
/// two roundings of `x * (127 / max)` and the one of `d`, at most `4 u · 127 d`. A dequantised
/// weight has three roundings, each of at most `u (|d s q| + |m min|)`. The kernel rounds
/// `d_w d_a` and `isum` once each, and then makes one or two steps a block. Altogether
///
/// ```text
/// |y − Σ w x| ≤ Σ |w| d_a (1/2 + 508 u) + (2 n_blocks + 5) u Σ (|d s q| + |m min|) (|x| + d_a)
/// ```
///
/// with 1 % more for terms in `u²`.
#[test]
fn linear_is_the_true_layer_within_the_rounding_of_activations() {
    let u = 2f64.powi(-24);
    for dtype in QUANTS {
        let case = Case::new(dtype, Flavour::Plain);
        let len = dtype.block_len();
        let block = ActBlock::for_weights(len).unwrap();
        let n_blocks = (case.width / len) as f64;
        let kernels = Kernels::named("portable").unwrap();
        let got = case.portable(dtype);
        for (t, x) in case.x.chunks_exact(case.width).enumerate() {
            let quantized = Quantized::new(kernels, x, case.width, block);
            for out in 0..OUT {
                let mut row = vec![0.0; case.width];
                let bytes = &case.w[out * case.row_bytes..][..case.row_bytes];
                quant::dequantize(dtype, bytes, &mut row);
                let (mut truth, mut bound, mut size) = (0.0, 0.0, 0.0);
                for i in 0..case.width {
                    let (w, x) = (f64::from(row[i]), f64::from(x[i]));
                    let d_a = f64::from(quantized.d[block.floats(i / len * len)]);
                    let e = case.weight(dtype, out, i);
                    let parts = (f64::from(e.d) * (e.scale * e.q) as f64).abs()
                        + (f64::from(e.m) * e.min as f64).abs();
                    truth += w * x;
                    size += (w * x).abs();
                    bound += w.abs() * d_a * (0.5 + 508.0 * u);
                    bound += (2.0 * n_blocks + 5.0) * u * parts * (x.abs() + d_a);
                }
                let error = (f64::from(got[t * OUT + out]) - truth).abs();
                assert!(error <= 1.01 * bound, "{dtype}: {error:e} of {bound:e}");
                // A bound that anything passes would say nothing.
                assert!(bound < 0.02 * size, "{dtype}: {bound:e} of {size:e}");
            }
        }
    }
}

/// Integers have no NaN, so the block's scale carries it.
#[test]
fn an_activation_that_is_no_number_shows_in_every_output() {
    for dtype in QUANTS {
        for bad in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut case = Case::new(dtype, Flavour::Plain);
            case.x[case.width + 700] = bad;
            for (i, y) in case.portable(dtype).iter().enumerate() {
                assert_eq!(
                    y.is_nan(),
                    i / OUT == 1,
                    "{dtype}, {bad}: output {i} is {y}"
                );
            }
        }
    }
}
