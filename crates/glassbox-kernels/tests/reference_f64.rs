//! Every portable operation is near its formula in f64, within a bound that follows from its
//! roundings.
//!
//! Throughout, `u = 2⁻²⁴` is the relative error of one rounding to f32, and a bound in `k u` is
//! the sum over `k` roundings with 1 % more for the terms in `u²` (Higham, Accuracy and Stability
//! of Numerical Algorithms, section 3.1: `γ_k = k u / (1 − k u)`).

mod common;

use common::run::{self, Cache, Heads16, Quantized, UNTOUCHED};
use common::{FLOATS, Flavour, Rng};
use glassbox_core::{AttentionShape, DType, PAGE, RopeLayout, quant};
use glassbox_kernels::portable::fixed::{WEIGHT_LIMIT, fixed, key_limit};
use glassbox_kernels::portable::linear_float::BLOCK;
use glassbox_kernels::{ActBlock, Kernels};
use half::bf16;

const U: f64 = 1.0 / (1u64 << 24) as f64;
const SLACK: f64 = 1.01;

fn portable() -> &'static Kernels {
    Kernels::named("portable").unwrap()
}

fn f64s(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| x.into()).collect()
}

fn assert_near(what: &str, got: f32, truth: f64, bound: f64) {
    let error = (f64::from(got) - truth).abs();
    assert!(
        error <= bound * SLACK,
        "{what}: {got:e} for {truth:e}, off by {error:e} of {bound:e}"
    );
}

/// Roundings on the way of one product of a `dot` of `n` elements: a fused step for each 16, and
/// four folds.
fn dot_roundings(n: usize) -> f64 {
    (n.div_ceil(16) + 4) as f64
}

#[test]
fn add_rounds_once() {
    let mut rng = Rng(1);
    let (a, b) = (
        rng.floats(300, Flavour::Plain),
        rng.floats(300, Flavour::Plain),
    );
    let mut dst = a.clone();
    portable().add(&mut dst, &b);
    for i in 0..300 {
        let truth = f64::from(a[i]) + f64::from(b[i]);
        assert_near("add", dst[i], truth, U * truth.abs());
    }
}

/// `exp` is within one unit in the last place, `2 u`; the sum, the quotient and the product round
/// once each: `5 u`. For gates below −88.7, where `exp` overflows, the result is zero instead of
/// a number below `89 e^-88.7 |up|`; a subnormal `exp(-g)` is lost beside 1.
#[test]
fn swiglu_rounds_five_times() {
    let mut rng = Rng(2);
    let gate: Vec<f32> = (0..2000).map(|_| rng.unit() * 100.0).collect();
    let up = rng.floats(2000, Flavour::Plain);
    let mut dst = vec![UNTOUCHED; 2000];
    portable().swiglu(&mut dst, &gate, &up);
    for i in 0..2000 {
        let (g, up) = (f64::from(gate[i]), f64::from(up[i]));
        let truth = g / (1.0 + (-g).exp()) * up;
        let bound = 5.0 * U * truth.abs() + 89.0 * (-88.7f64).exp() * up.abs();
        assert_near("swiglu", dst[i], truth, bound);
    }
}

/// The mean has a dot's roundings and two more for the division and `eps`; the root halves them
/// and adds its own, the reciprocal and the two products make three more.
#[test]
fn rms_norm_rounds_as_a_dot_and_six_times_more() {
    let mut rng = Rng(3);
    for n in [1, 2, 15, 16, 17, 64, 100, 1536] {
        let (x, gain) = (rng.floats(n, Flavour::Plain), rng.floats(n, Flavour::Plain));
        let eps = 1e-6f32;
        let mut dst = vec![UNTOUCHED; n];
        portable().rms_norm(&mut dst, &x, &gain, eps);
        let mean = f64s(&x).iter().map(|x| x * x).sum::<f64>() / n as f64;
        for i in 0..n {
            let truth = f64::from(x[i]) / (mean + f64::from(eps)).sqrt() * f64::from(gain[i]);
            let bound = ((dot_roundings(n) + 2.0) / 2.0 + 4.0) * U * truth.abs();
            assert_near("rms_norm", dst[i], truth, bound);
        }
    }
}

/// Each product rounds once, and so does their sum.
#[test]
fn rope_rounds_twice() {
    let mut rng = Rng(4);
    for (layout, half) in [(RopeLayout::Half, 33), (RopeLayout::Interleaved, 32)] {
        let x = rng.floats(3 * 2 * half, Flavour::Plain);
        let (sin, cos): (Vec<f32>, Vec<f32>) =
            (0..half).map(|_| (rng.unit() * 4.0).sin_cos()).unzip();
        let mut dst = x.clone();
        portable().rope(&mut dst, &cos, &sin, layout);
        for head in 0..3 {
            for i in 0..half {
                let (a, b) = match layout {
                    RopeLayout::Half => (i, i + half),
                    RopeLayout::Interleaved => (2 * i, 2 * i + 1),
                };
                let (a, b) = (head * 2 * half + a, head * 2 * half + b);
                let (xa, xb) = (f64::from(x[a]), f64::from(x[b]));
                let (c, s) = (f64::from(cos[i]), f64::from(sin[i]));
                let bound = |p: f64, q: f64| 2.0 * U * (p.abs() + q.abs());
                assert_near("rope", dst[a], xa * c - xb * s, bound(xa * c, xb * s));
                assert_near("rope", dst[b], xb * c + xa * s, bound(xb * c, xa * s));
            }
        }
    }
}

/// `q` is within a half of `x * 127 / max`, whose two roundings move it by `2 u · 127`, and `d`
/// rounds once: `|x − d q| ≤ d (1/2 + 3 u · 127)`.
#[test]
fn quantize_is_off_by_half_a_unit() {
    for block in [ActBlock::Small, ActBlock::Super] {
        let mut rng = Rng(5);
        for magnitude in [1e-29, 1e-10, 1.0, 1e30] {
            let mut x = rng.floats(4 * block.size(), Flavour::Plain);
            x.iter_mut().for_each(|x| *x *= magnitude);
            let got = Quantized::new(portable(), &x, x.len(), block);
            for (i, &x) in x.iter().enumerate() {
                let d = f64::from(got.d[block.floats(i / block.size() * block.size())]);
                let bound = d * (0.5 + 3.0 * U * 127.0);
                assert_near("quantize", x, d * f64::from(got.q[i]), bound);
            }
            let of_32 = match block {
                ActBlock::Small => &[],
                ActBlock::Super => &got.q[..],
            };
            let summed = got.q.chunks_exact(16).chain(of_32.chunks_exact(32));
            let sums = summed.map(|q| q.iter().map(|&q| i16::from(q)).sum::<i16>());
            assert_eq!(got.sums, sums.collect::<Vec<_>>());
        }
    }
}

/// A product meets a fused step for each element of its block, and an addition for each block.
#[test]
fn linear_float_rounds_in_blocks() {
    let mut rng = Rng(6);
    for dtype in FLOATS {
        for width in [1, 15, 16, 17, 255, 256, 257, 700] {
            let (tokens, out) = (3, 5);
            let mut x = rng.floats(tokens * width, Flavour::Plain);
            if dtype == DType::BF16 {
                x.iter_mut().for_each(|x| *x = bf16::from_f32(*x).to_f32());
            }
            let w = rng.weights(dtype, out * width, Flavour::Plain);
            let got = run::linear(portable(), &x, width, &w, dtype, (0, 0, 0));
            let mut decoded = vec![0.0; out * width];
            quant::dequantize(dtype, &w, &mut decoded);
            for (t, x) in x.chunks_exact(width).enumerate() {
                for (o, w) in decoded.chunks_exact(width).enumerate() {
                    let products = f64s(x).into_iter().zip(f64s(w)).map(|(x, w)| x * w);
                    let size: f64 = products.clone().map(f64::abs).sum();
                    let roundings = width.min(BLOCK) + width.div_ceil(BLOCK);
                    let bound = roundings as f64 * U * size;
                    assert_near("linear_float", got[t * out + o], products.sum(), bound);
                }
            }
        }
    }
}

/// A score is off by `ε = dot_roundings(head_dim) u Σ |q k| scale + 3 u |score|` (root, reciprocal
/// and product). A weight `exp(x − m)` is then off by a factor `e^δ` with
/// `δ = 2 ε + u (range + 2)`, where `range` is the spread of the scores: two scores, the rounding
/// of the difference, and `exp`. Each page multiplies sum and output by a factor with the same
/// error and a rounding. The output then sums `len` terms one by one, the total no more, and the
/// quotient rounds twice:
///
/// ```text
/// |o − truth| ≤ (2 δ (1 + pages) + 2 (len + pages + 1) u) Σ p |v|     with Σ p = 1
/// ```
///
/// In integers, whose rounded queries, keys and values are taken for true here, a score's sum is
/// exact, and it rounds as a float of its own size and in four products. The weights `w = p d_v`
/// of a page are off by half a unit, `max w / WEIGHT_LIMIT`, and eight roundings:
///
/// ```text
/// |o − truth| ≤ … + Σ over the pages of max w (1 / 2 + 8 u WEIGHT_LIMIT) / WEIGHT_LIMIT Σ |v| / d_v
/// ```
#[test]
fn attention_is_softmax() {
    let mut rng = Rng(7);
    for half in [false, true] {
        for (start, rows, group, head_dim) in [
            (0usize, 1, 1, 16),
            (0, 8, 2, 64),
            (63, 1, 7, 40),
            (60, 8, 3, 128),
            (200, 5, 6, 256),
        ] {
            let shape = AttentionShape {
                n_heads: 2 * group,
                n_kv_heads: 2,
                head_dim,
            };
            let n_pages = (start + rows).div_ceil(PAGE);
            let table = rng.pages(n_pages, n_pages + 2);
            let len = (n_pages + 2) * PAGE * shape.kv_width();
            let keys = rng.floats(len, Flavour::Plain);
            let values = rng.floats(len, Flavour::Plain);
            let q = rng.floats(rows * shape.q_width(), Flavour::Plain);
            let kv_head = 1;
            let (keys16, values16) = (
                Heads16::keys(portable(), &keys, shape),
                Heads16::values(portable(), &values, shape),
            );
            let cache = Cache { keys, values };
            let got = match half {
                true => {
                    let heads = (&keys16, &values16);
                    run::attention_int(portable(), heads, &q, start, &table, kv_head, (0, 0, 0))
                }
                false => cache.attention(portable(), &q, start, &table, kv_head, shape, (0, 0, 0)),
            };
            for row in 0..rows {
                for g in 0..group {
                    let q = &q[row * shape.q_width() + (kv_head * group + g) * head_dim..];
                    let q = &q[..head_dim];
                    let got = &got[(row * group + g) * head_dim..][..head_dim];
                    let len = start + row + 1;
                    if half {
                        let mut ints = vec![0; head_dim];
                        let d = fixed(&mut ints, q, key_limit(head_dim));
                        let q: Vec<f64> =
                            ints.iter().map(|&q| f64::from(q) * f64::from(d)).collect();
                        let (keys, _) = dequantized(keys16.head(kv_head, len, &table));
                        let (values, units) = dequantized(values16.head(kv_head, len, &table));
                        check_row(&q, got, &keys, &values, Some(&units));
                    } else {
                        let of_head = |of: &[f32]| -> Vec<f64> {
                            let at = |pos: usize| {
                                let row = table[pos / PAGE] as usize * PAGE + pos % PAGE;
                                row * shape.kv_width() + kv_head * head_dim
                            };
                            let rows = (0..len).map(|pos| &of[at(pos)..][..head_dim]);
                            rows.flatten().map(|&x| f64::from(x)).collect()
                        };
                        let (keys, values) = (of_head(&cache.keys), of_head(&cache.values));
                        check_row(&f64s(q), got, &keys, &values, None);
                    }
                }
            }
        }
    }
}

/// Vectors of integers as numbers, and their scales.
fn dequantized((q, d): (Vec<i16>, Vec<f32>)) -> (Vec<f64>, Vec<f64>) {
    let width = q.len() / d.len();
    let numbers = q.iter().enumerate();
    let numbers = numbers.map(|(i, &q)| f64::from(q) * f64::from(d[i / width]));
    (numbers.collect(), f64s(&d))
}

/// One head of one row; `units` are the scales of values in integers.
fn check_row(q: &[f64], got: &[f32], keys: &[f64], values: &[f64], units: Option<&[f64]>) {
    let (head_dim, len) = (q.len(), keys.len() / q.len());
    let scale = 1.0 / (head_dim as f64).sqrt();
    let (mut scores, mut epsilon) = (Vec::new(), 0f64);
    for key in keys.chunks_exact(head_dim) {
        let products = q.iter().zip(key).map(|(q, k)| q * k);
        let size: f64 = products.clone().map(f64::abs).sum::<f64>() * scale;
        let score = products.sum::<f64>() * scale;
        epsilon = epsilon.max(match units {
            None => dot_roundings(head_dim) * U * size + 3.0 * U * score.abs(),
            Some(_) => 7.0 * U * score.abs(),
        });
        scores.push(score);
    }
    let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let min = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let weights: Vec<f64> = scores.iter().map(|x| (x - max).exp()).collect();
    let total: f64 = weights.iter().sum();
    let pages = len.div_ceil(PAGE) as f64;
    let delta = 2.0 * epsilon + U * (max - min + 2.0);
    let roundings = 2.0 * (len as f64 + pages + 1.0);
    for (i, &got) in got.iter().enumerate() {
        let terms = (0..len).map(|pos| weights[pos] / total * values[pos * head_dim + i]);
        let size: f64 = terms.clone().map(f64::abs).sum();
        let mut bound = (2.0 * delta * (1.0 + pages) + roundings * U) * size;
        for first in (0..len).step_by(PAGE) {
            let Some(units) = units else { break };
            let page = first..len.min(first + PAGE);
            let heaviest = page
                .clone()
                .fold(0f64, |m, pos| m.max(weights[pos] / total * units[pos]));
            let limit = f64::from(WEIGHT_LIMIT);
            let off = heaviest * (0.5 + 8.0 * U * limit) / limit;
            bound += page
                .map(|pos| off * (values[pos * head_dim + i] / units[pos]).abs())
                .sum::<f64>();
        }
        assert_near("attention", got, terms.sum(), bound);
    }
}
