//! The quantiser's rounding errors against those of llama.cpp and of the PyPI package `gguf`, on
//! the tensors of `tools/fixtures/weights/rmse.py`.

use glassbox_core::{DType, quant};
use glassbox_weights::quantize::{WRITABLE, encode_row};
use serde_json::Value;

/// The value of element `i` of a tensor, from its gaussian.
type Element = fn(usize, f64) -> f64;

const TENSORS: [(&str, Element); 10] = [
    ("gaussian", |_, g| g * 0.02),
    ("heavy_tailed", |_, g| g * g * g * 0.01),
    ("outliers", |i, g| {
        g * 0.02 * if i % 97 == 0 { 50.0 } else { 1.0 }
    }),
    ("shifted", |_, g| g * 0.02 + 0.05),
    ("one_sided", |_, g| g.abs() * 0.02),
    ("large", |_, g| g * 100.0),
    ("small", |_, g| g * 1e-3),
    ("tiny", |_, g| g * 1e-5),
    ("constant", |_, _| 0.37),
    ("zeros", |_, _| 0.0),
];

/// Sums of twelve uniform numbers from splitmix64, less six.
struct Gaussians(u64);

impl Iterator for Gaussians {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        let mut total = 0.0;
        for _ in 0..12 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            total += (z >> 40) as f64 * 2f64.powi(-24);
        }
        Some(total - 6.0)
    }
}

fn rmse(dtype: DType, x: &[f32], cols: usize) -> f64 {
    let mut bytes = vec![0; dtype.row_bytes(cols).unwrap()];
    let mut y = vec![0.0f32; cols];
    let mut squares = 0.0;
    for row in x.chunks_exact(cols) {
        encode_row(dtype, row, &mut bytes).unwrap();
        quant::dequantize(dtype, &bytes, &mut y);
        for (x, y) in row.iter().zip(&y) {
            squares += (f64::from(*x) - f64::from(*y)).powi(2);
        }
    }
    (squares / x.len() as f64).sqrt()
}

#[test]
fn no_quantiser_of_the_reference_has_a_smaller_error() {
    let fixture: Value = serde_json::from_str(include_str!("fixtures/rmse.json")).unwrap();
    let (rows, cols) = (
        fixture["rows"].as_u64().unwrap() as usize,
        fixture["cols"].as_u64().unwrap() as usize,
    );
    let mut compared = 0;
    let mut worse = Vec::new();
    for (seed, (name, element)) in (1..).zip(TENSORS) {
        let x: Vec<f32> = Gaussians(seed)
            .take(rows * cols)
            .enumerate()
            .map(|(i, g)| element(i, g) as f32)
            .collect();
        let entry = &fixture["rmse"][name];
        let sum: f64 = x.iter().map(|&x| f64::from(x)).sum();
        let expected = entry["sum"].as_f64().unwrap();
        assert!(
            (sum - expected).abs() <= 1e-9 * expected.abs().max(1.0),
            "{name} is not the tensor that the script made: sum {sum}, expected {expected}"
        );
        for dtype in WRITABLE {
            let Some(references) = entry[dtype.name()].as_object() else {
                continue;
            };
            let ours = rmse(dtype, &x, cols);
            for (who, theirs) in references {
                let theirs = theirs.as_f64().unwrap();
                println!("{name:13} {dtype:5} ours {ours:.6e} {who:9} {theirs:.6e}");
                compared += 1;
                // The last digits of a sum of squares depend on its order.
                if ours > theirs * (1.0 + 1e-9) {
                    worse.push(format!("{name} {dtype}: ours {ours:e}, {who} {theirs:e}"));
                }
            }
        }
    }
    assert!(compared >= 150, "{compared} comparisons");
    assert!(worse.is_empty(), "{}", worse.join("\n"));
}
