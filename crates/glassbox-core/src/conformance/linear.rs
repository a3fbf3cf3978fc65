//! Linear layers.

use super::Failure;
use super::data::{MAX_ROWS, Rng, U, begin, dequantized, device, filled, matrix, near, read};
use crate::{Backend, DType, WeightView};

const WIDTH: usize = 512;
/// The size of weights.
const SIZE: f32 = 1.0;
/// Scaled integers and minima are summed apart and may cancel each other; in data of size 1
/// neither is above it.
const PARTS: f64 = 2.0;

fn has_minima(dtype: DType) -> bool {
    use DType::*;
    matches!(dtype, Q4_1 | Q5_1 | Q2_K | Q4_K | Q5_K)
}

/// What a layer meets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Input {
    /// Any numbers: what the rounding of activations may lose hides small errors.
    Any,
    /// Integers of up to 127, which any block of eight-bit activations holds exactly.
    Whole,
}

impl Input {
    fn rows(self, rng: &mut Rng, n: usize) -> Vec<f32> {
        let mut x = rng.floats(n, 3.0);
        if self == Input::Whole {
            for (i, x) in x.iter_mut().enumerate() {
                // A block whose largest magnitude is 127 has the unit 1.
                *x = if i % 32 == 5 {
                    -127.0
                } else {
                    (*x * 42.0).round()
                };
            }
        }
        x
    }
}

/// The layer in f64 with a bound on what a backend may lose, for each row of `x` and each output.
///
/// A backend either keeps at least eight partial sums, and a product then meets at most `n / 8`
/// roundings on its way into one, and seven if they are folded one by one; or it adds up sums of at
/// most 128 products. Quantised weights are dequantised with three, and the bias is added with one. The backend
/// may round activations to eight bits in blocks of the weights' size: half a unit of the block's
/// largest magnitude over 127, and four roundings of numbers of up to 127 units; and for bf16
/// weights to bf16. Of [`Input::Whole`] there is nothing to round.
fn reference(
    (input, x): (Input, &[f32]),
    weight: &WeightView,
    bias: Option<&[f32]>,
) -> Vec<(f64, f64)> {
    let (n, dtype) = (weight.cols(), weight.dtype());
    let block = dtype.block_len();
    let mut all = Vec::new();
    let rows = dequantized(weight);
    for x in x.chunks_exact(n) {
        let half_unit: Vec<f64> = x
            .chunks(block)
            .map(|x| {
                let largest = x.iter().fold(0f32, |m, x| m.max(x.abs()));
                f64::from(largest) / 127.0 * (0.5 + 4.0 * 127.0 * U)
            })
            .collect();
        for (o, row) in rows.chunks_exact(n).enumerate() {
            let (mut y, mut size, mut rounded) = (0.0, 0.0, 0.0);
            for (i, (&x, &w)) in x.iter().zip(row).enumerate() {
                let (x, w) = (f64::from(x), f64::from(w));
                y += x * w;
                size += if has_minima(dtype) {
                    PARTS * x.abs()
                } else {
                    (x * w).abs()
                };
                if dtype.is_quantized() && input == Input::Any {
                    rounded += w.abs() * half_unit[i / block];
                }
                if dtype == DType::BF16 && input == Input::Any {
                    rounded += (x * w).abs() / 256.0;
                }
            }
            let bias = bias.map_or(0.0, |b| f64::from(b[o]));
            y += bias;
            let n = n as f64;
            let steps = (n / 8.0 + 7.0).max(n.min(128.0) + n / 128.0) + 3.0 + 1.0;
            all.push((y, steps * U * (size + bias.abs()) + rounded));
        }
    }
    all
}

/// One layer of every type, with and without bias, for one token and for several.
pub(super) fn linear<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    let n_out = 37;
    for dtype in DType::ALL {
        for (tokens, with_bias, input) in [
            (1, false, Input::Whole),
            (1, true, Input::Any),
            (9, true, Input::Whole),
        ] {
            let case =
                format!("linear, {dtype}, {tokens} tokens, bias {with_bias}, {input:?} inputs");
            let fail = device::<B>(&case);
            let mut rng = Rng(7);
            let x = input.rows(&mut rng, tokens * WIDTH);
            let weight = rng.weight(dtype, n_out, WIDTH, SIZE);
            let bias = with_bias.then(|| rng.floats(n_out, 5.0));
            let expected = reference((input, &x), &weight, bias.as_deref());
            let weight = backend.upload(weight).map_err(&fail)?;
            let bias = match &bias {
                Some(bias) => Some(backend.upload(matrix(1, n_out, bias)).map_err(&fail)?),
                None => None,
            };
            let mut dst = backend.buffer(MAX_ROWS, n_out).map_err(&fail)?;
            let src = filled(backend, &case, &x, WIDTH)?;
            backend
                .linear([&mut dst], &src, [&weight], [bias.as_ref()])
                .map_err(&fail)?;
            let got = read(backend, &case, &dst, tokens * n_out)?;
            near(&case, &got, expected)?;
        }
    }
    Ok(())
}

/// Two and three layers that share their input, of different types, widths and blocks.
pub(super) fn linear_of_three<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    let tokens = 4;
    let dtypes = [DType::Q4_K, DType::F16, DType::Q8_0];
    let n_out = [40, 7, 16];
    let case = "linear of three";
    let fail = device::<B>(case);
    let mut rng = Rng(8);
    let x = Input::Whole.rows(&mut rng, tokens * WIDTH);
    let mut views = Vec::new();
    let mut weights = Vec::new();
    let mut bufs = Vec::new();
    for (dtype, n_out) in dtypes.into_iter().zip(n_out) {
        let view = rng.weight(dtype, n_out, WIDTH, SIZE);
        views.push(view.clone());
        weights.push(backend.upload(view).map_err(&fail)?);
        bufs.push(backend.buffer(MAX_ROWS, n_out).map_err(&fail)?);
    }
    let bias = rng.floats(n_out[1], 5.0);
    let bias_weight = backend.upload(matrix(1, n_out[1], &bias)).map_err(&fail)?;
    let src = filled(backend, case, &x, WIDTH)?;
    let [q, k, v] = &mut bufs[..] else {
        unreachable!("one buffer a layer")
    };
    let [wq, wk, wv] = [&weights[0], &weights[1], &weights[2]];
    let biases = [None, Some(&bias_weight), None];
    let compare = |backend: &B, which: usize, buf: &B::Buf| {
        let case = format!("{case}: {}", dtypes[which]);
        let bias = (which == 1).then_some(&bias[..]);
        let got = read(backend, &case, buf, tokens * n_out[which])?;
        near(
            &case,
            &got,
            reference((Input::Whole, &x), &views[which], bias),
        )
    };
    backend
        .linear([&mut *q, &mut *k], &src, [wq, wk], [biases[0], biases[1]])
        .map_err(&fail)?;
    compare(backend, 0, q)?;
    compare(backend, 1, k)?;
    backend
        .linear([&mut *q, &mut *k, &mut *v], &src, [wq, wk, wv], biases)
        .map_err(&fail)?;
    compare(backend, 0, q)?;
    compare(backend, 1, k)?;
    compare(backend, 2, v)
}

/// The rows that want logits, and no others, in their order.
pub(super) fn logits<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    let (tokens, vocab) = (7, 45);
    for (dtype, wanted) in [
        (DType::F32, &[6][..]),
        (DType::Q6_K, &[0, 2, 3]),
        (DType::Q8_0, &[]),
        (DType::BF16, &[0, 1, 2, 3, 4, 5, 6]),
    ] {
        let case = format!("logits, {dtype}, rows {wanted:?}");
        let fail = device::<B>(&case);
        let mut rng = Rng(9);
        let x = Input::Whole.rows(&mut rng, tokens * WIDTH);
        let head = rng.weight(dtype, vocab, WIDTH, SIZE);
        let rows: Vec<f32> = wanted
            .iter()
            .flat_map(|&row| &x[row * WIDTH..][..WIDTH])
            .copied()
            .collect();
        let expected = reference((Input::Whole, &rows), &head, None);
        let head = backend.upload(head).map_err(&fail)?;
        let src = filled(backend, &case, &x, WIDTH)?;
        begin(backend, &case, &[0; 7], wanted)?;
        let mut dst = vec![f32::NAN; wanted.len() * vocab];
        backend.logits(&mut dst, &src, &head).map_err(&fail)?;
        near(&case, &dst, expected)?;
    }
    Ok(())
}
