//! Operations that treat each row alone.

use super::Failure;
use super::data::{
    MAX_ROWS, Rng, U, begin, dequantized, device, equal, filled, matrix, near, read,
};
use crate::{Backend, Batch, DType, PAGE, Rope, RopeLayout, Sequence};

const ROWS: usize = 5;

/// The rows of the table, in every type, to the bit: the formats define them so.
pub(super) fn embed<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    let (vocab, width) = (11, 512);
    let ids = [3, 10, 0, 3, 7];
    for dtype in DType::ALL {
        let case = format!("embed, {dtype}");
        let fail = device::<B>(&case);
        let table = Rng(1).weight(dtype, vocab, width, 2.0);
        let all = dequantized(&table);
        let expected: Vec<f32> = ids
            .iter()
            .flat_map(|&id| &all[id as usize * width..][..width])
            .copied()
            .collect();
        let table = backend.upload(table).map_err(&fail)?;
        let mut dst = backend.buffer(MAX_ROWS, width).map_err(&fail)?;
        begin(backend, &case, &ids, &[])?;
        backend.embed(&mut dst, &table).map_err(&fail)?;
        equal(
            &case,
            &read(backend, &case, &dst, expected.len())?,
            &expected,
        )?;
    }
    Ok(())
}

/// The mean is off by at most `width + 2` roundings; the root halves that, and it, the reciprocal
/// and two products round once each.
pub(super) fn rms_norm<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    for width in [1, 17, 64, 1536] {
        let case = format!("rms_norm, width {width}");
        let fail = device::<B>(&case);
        let mut rng = Rng(2);
        let (x, gain) = (rng.floats(ROWS * width, 3.0), rng.floats(width, 2.0));
        let eps = 1e-5f32;
        let weight = backend.upload(matrix(1, width, &gain)).map_err(&fail)?;
        let mut dst = backend.buffer(MAX_ROWS, width).map_err(&fail)?;
        let src = filled(backend, &case, &x, width)?;
        backend
            .rms_norm(&mut dst, &src, &weight, eps)
            .map_err(&fail)?;
        let expected = x.chunks_exact(width).flat_map(|row| {
            let squares: f64 = row.iter().map(|&x| f64::from(x).powi(2)).sum();
            let inverse = 1.0 / (squares / width as f64 + f64::from(eps)).sqrt();
            let gain = &gain;
            row.iter().zip(gain).map(move |(&x, &g)| {
                let y = f64::from(x) * inverse * f64::from(g);
                (y, ((width + 2) as f64 / 2.0 + 4.0) * U * y.abs())
            })
        });
        near(&case, &read(backend, &case, &dst, x.len())?, expected)?;
    }
    Ok(())
}

/// An exponential within two units in the last place is off by `4 u`, and sum, quotient and
/// product round once each. Below −88.7 the result may be zero, since `exp` overflows there.
pub(super) fn swiglu<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    let (case, width) = ("swiglu", 200);
    let fail = device::<B>(case);
    let mut rng = Rng(3);
    let (gate, up) = (
        rng.floats(ROWS * width, 100.0),
        rng.floats(ROWS * width, 4.0),
    );
    let mut dst = backend.buffer(MAX_ROWS, width).map_err(&fail)?;
    let gate_buf = filled(backend, case, &gate, width)?;
    let up_buf = filled(backend, case, &up, width)?;
    backend
        .swiglu(&mut dst, &gate_buf, &up_buf)
        .map_err(&fail)?;
    let expected = gate.iter().zip(&up).map(|(&g, &up)| {
        let (g, up) = (f64::from(g), f64::from(up));
        let y = g / (1.0 + (-g).exp()) * up;
        (y, 7.0 * U * y.abs() + 89.0 * (-88.7f64).exp() * up.abs())
    });
    near(case, &read(backend, case, &dst, gate.len())?, expected)
}

/// A fused operation is its default composition to the bit.
pub(super) fn gated_linear<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    let (case, width, out) = ("gated_linear", 64, 77);
    let fail = device::<B>(case);
    let mut rng = Rng(6);
    let x = filled(backend, case, &rng.floats(ROWS * width, 3.0), width)?;
    let mut weight = || backend.upload(matrix(out, width, &rng.floats(out * width, 1.0)));
    let (gate, up) = (weight().map_err(&fail)?, weight().map_err(&fail)?);
    let mut buffer = || backend.buffer(MAX_ROWS, out);
    let (mut a, mut b) = (buffer().map_err(&fail)?, buffer().map_err(&fail)?);
    let (mut expected, mut dst) = (buffer().map_err(&fail)?, buffer().map_err(&fail)?);
    let weights = [&gate, &up];
    backend
        .linear([&mut a, &mut b], &x, weights, [None; 2])
        .map_err(&fail)?;
    backend.swiglu(&mut expected, &a, &b).map_err(&fail)?;
    let expected = read(backend, case, &expected, ROWS * out)?;
    backend
        .gated_linear(&mut dst, [&mut a, &mut b], &x, weights)
        .map_err(&fail)?;
    equal(case, &read(backend, case, &dst, ROWS * out)?, &expected)
}

/// One rounding, which leaves no choice.
pub(super) fn add<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    let (case, width) = ("add", 77);
    let mut rng = Rng(4);
    let (a, b) = (rng.floats(ROWS * width, 3.0), rng.floats(ROWS * width, 3.0));
    let expected: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
    let mut dst = filled(backend, case, &a, width)?;
    let src = filled(backend, case, &b, width)?;
    backend.add(&mut dst, &src).map_err(device::<B>(case))?;
    equal(case, &read(backend, case, &dst, a.len())?, &expected)
}

/// A fused operation is its default composition to the bit.
pub(super) fn add_rms_norm<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    let (case, width, eps) = ("add_rms_norm", 193, 1e-6);
    let fail = device::<B>(case);
    let mut rng = Rng(5);
    let (a, b) = (rng.floats(ROWS * width, 3.0), rng.floats(ROWS * width, 3.0));
    let gain = matrix(1, width, &rng.floats(width, 2.0));
    let gain = backend.upload(gain).map_err(&fail)?;
    let mut dst = backend.buffer(MAX_ROWS, width).map_err(&fail)?;
    let mut expected = backend.buffer(MAX_ROWS, width).map_err(&fail)?;
    let x = filled(backend, case, &b, width)?;
    let mut fused = filled(backend, case, &a, width)?;
    let mut sum = filled(backend, case, &a, width)?;
    backend.add(&mut sum, &x).map_err(&fail)?;
    backend
        .rms_norm(&mut expected, &sum, &gain, eps)
        .map_err(&fail)?;
    backend
        .add_rms_norm(&mut dst, &mut fused, &x, &gain, eps)
        .map_err(&fail)?;
    let n = ROWS * width;
    for (got, expected) in [(&fused, &sum), (&dst, &expected)] {
        let expected = read(backend, case, expected, n)?;
        equal(case, &read(backend, case, got, n)?, &expected)?;
    }
    Ok(())
}

/// The angle is the f32 product of position and frequency. Its cosine may be off by `2 u`, and
/// the magnitude, the product and the sum round once each.
pub(super) fn rope<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    let (n_heads, half) = (3, 20);
    let width = n_heads * 2 * half;
    for (layout, magnitude) in [
        (RopeLayout::Half, 1.0f32),
        (RopeLayout::Interleaved, 1.0),
        (RopeLayout::Half, 1.25),
    ] {
        let case = format!("rope, {layout:?}, magnitude {magnitude}");
        let fail = device::<B>(&case);
        let inv_freq: Vec<f32> = (0..half)
            .map(|i| 1e4f32.powf(-(i as f32) / half as f32))
            .collect();
        let x = Rng(6).floats(ROWS * width, 2.0);
        let mut buf = filled(backend, &case, &x, width)?;
        // Two sequences, so that a row's position is not its index.
        let pages: Vec<u32> = (0..70).collect();
        let sequence = |n_tokens, start| Sequence {
            n_tokens,
            start,
            pages: &pages,
        };
        let sequences = [sequence(2, 69 * PAGE + 61), sequence(3, 0)];
        let batch = Batch::new(&[0; ROWS], &sequences, &[]).expect("covered");
        let rope = Rope {
            inv_freq: inv_freq.clone(),
            magnitude,
            layout,
        };
        backend.begin(&batch, &rope).map_err(&fail)?;
        backend.rope(&mut buf, n_heads).map_err(&fail)?;
        let mut expected = vec![(0.0, 0.0); x.len()];
        for (row, (_, pos)) in batch.rows().enumerate() {
            for head in 0..n_heads {
                for (i, &frequency) in inv_freq.iter().enumerate() {
                    let (sin, cos) = f64::from(pos as f32 * frequency).sin_cos();
                    let first = row * width + head * 2 * half;
                    let (a, b) = match layout {
                        RopeLayout::Half => (first + i, first + i + half),
                        RopeLayout::Interleaved => (first + 2 * i, first + 2 * i + 1),
                    };
                    let (xa, xb) = (f64::from(x[a]), f64::from(x[b]));
                    let m = f64::from(magnitude);
                    let bound = 5.0 * U * (xa.abs() + xb.abs()) * m;
                    expected[a] = ((xa * cos - xb * sin) * m, bound);
                    expected[b] = ((xb * cos + xa * sin) * m, bound);
                }
            }
        }
        near(&case, &read(backend, &case, &buf, x.len())?, expected)?;
    }
    Ok(())
}
