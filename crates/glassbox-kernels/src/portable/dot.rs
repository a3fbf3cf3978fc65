//! Sums and products in the documented order.

use super::LANES;

/// Adds `a · b` to the partial sums: `lanes[i % LANES] = fma(a[i], b[i], lanes[i % LANES])`.
///
/// `a` and `b` are equally long, and all but the last call of one sum have whole lanes.
#[inline(always)]
pub fn accumulate(lanes: &mut [f32; LANES], a: &[f32], b: &[f32]) {
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    let mut acc = *lanes;
    for (a, b) in a.iter().zip(b) {
        for j in 0..LANES {
            acc[j] = a[j].mul_add(b[j], acc[j]);
        }
    }
    for (acc, (a, b)) in acc.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *acc = a.mul_add(*b, *acc);
    }
    *lanes = acc;
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
