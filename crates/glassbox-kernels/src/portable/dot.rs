//! Sums and products in the documented order.

use super::LANES;

/// `acc = fma(a, b, acc)`, lane by lane.
#[inline(always)]
pub fn fma(acc: &mut [f32; LANES], a: &[f32; LANES], b: &[f32; LANES]) {
    for j in 0..LANES {
        acc[j] = a[j].mul_add(b[j], acc[j]);
    }
}

/// Adds `a · b` to the partial sums: `lanes[i % LANES] = fma(a[i], b[i], lanes[i % LANES])`.
///
/// `a` and `b` are equally long, and all but the last call of one sum have whole lanes.
#[inline(always)]
pub fn accumulate(lanes: &mut [f32; LANES], a: &[f32], b: &[f32]) {
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    let mut acc = *lanes;
    for (a, b) in a.iter().zip(b) {
        fma(&mut acc, a, b);
    }
    for (acc, (a, b)) in acc.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *acc = a.mul_add(*b, *acc);
    }
    *lanes = acc;
}

/// [`accumulate`] of each of `rows`, as long as `x`, with `x`: the rows share the loads of `x`, and
/// their chains of additions run side by side.
#[inline(always)]
pub fn accumulate_rows<const R: usize>(
    lanes: &mut [[f32; LANES]; R],
    rows: [&[f32]; R],
    x: &[f32],
) {
    let (x16, x_rest) = x.as_chunks::<LANES>();
    let rows16 = rows.map(|row| &row.as_chunks::<LANES>().0[..x16.len()]);
    let mut acc = *lanes;
    for (i, x) in x16.iter().enumerate() {
        for r in 0..R {
            fma(&mut acc[r], &rows16[r][i], x);
        }
    }
    *lanes = acc;
    for (lanes, row) in lanes.iter_mut().zip(rows) {
        accumulate(lanes, &row[x.len() - x_rest.len()..], x_rest);
    }
}

/// Adds up the partial sums by halves.
#[inline(always)]
pub fn fold(mut lanes: [f32; LANES]) -> f32 {
    let mut half = LANES / 2;
    while half > 0 {
        for j in 0..half {
            lanes[j] += lanes[j + half];
        }
        half /= 2;
    }
    lanes[0]
}

/// `Σ a[i] b[i]`.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    accumulate(&mut lanes, a, b);
    fold(lanes)
}

/// `Σ x[i]`.
#[inline(always)]
pub fn sum(x: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        for j in 0..LANES {
            lanes[j] += chunk[j];
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane += x;
    }
    fold(lanes)
}

/// The largest of `first` and all of `x`, NaN left out.
#[inline(always)]
pub fn largest(first: f32, x: &[f32]) -> f32 {
    let mut lanes = [first; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for chunk in chunks {
        for j in 0..LANES {
            lanes[j] = lanes[j].max(chunk[j]);
        }
    }
    lanes.iter().chain(rest).fold(first, |m, &x| m.max(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documented order, spelled out one element at a time.
    #[test]
    fn order_is_the_documented_one() {
        let a: Vec<f32> = (0..37).map(|i| (i as f32 * 0.7).sin() * 1e3).collect();
        let b: Vec<f32> = (0..37).map(|i| (i as f32 * 1.3).cos()).collect();
        let mut lanes = [0.0f32; 16];
        for i in 0..37 {
            lanes[i % 16] = a[i].mul_add(b[i], lanes[i % 16]);
        }
        let eight: Vec<f32> = (0..8).map(|j| lanes[j] + lanes[j + 8]).collect();
        let four: Vec<f32> = (0..4).map(|j| eight[j] + eight[j + 4]).collect();
        let expected = (four[0] + four[2]) + (four[1] + four[3]);
        assert_eq!(dot(&a, &b).to_bits(), expected.to_bits());
    }
}
