//! The products of panels for their own sake: what a table's instructions can do at most, for
//! benchmarks.

use super::lanes::Lanes;
use std::hint::black_box;

/// Independent chains: they hide the latency of a product.
const CHAINS: usize = 10;

/// The product of a word of 16 rows with 4 signed bytes, `rounds` times in each of ten independent
/// chains: `10 * 64 * rounds` multiply-adds. `w` holds no byte above 127; `dst` gets all sums.
#[inline(always)]
pub(crate) fn dot_chains<V: Lanes>(dst: &mut [f32; 16], w: &[u8; 64], a: &[u8; 64], rounds: usize) {
    let mut sums = [V::zero(); CHAINS];
    for (i, sum) in sums.iter_mut().enumerate() {
        *sum = V::splat(i as i32);
    }
    let w = V::load(w);
    for _ in 0..rounds {
        // Read anew every round: else a compiler multiplies once and adds the product.
        let a = V::load(black_box(a));
        for sum in &mut sums {
            *sum = V::dot(*sum, w, a);
        }
    }
    let mut all = V::zero();
    for sum in sums {
        all = V::add(all, sum);
    }
    V::store(V::to_float(all), dst);
}

/// As [`dot_chains`], of two bf16 a row: `10 * 32 * rounds` multiply-adds.
#[inline(always)]
pub(crate) fn dot_bf16_chains<V: Lanes>(
    dst: &mut [f32; 16],
    w: &[u8; 64],
    a: &[u8; 64],
    rounds: usize,
) {
    let mut sums = [V::float_zero(); CHAINS];
    for (i, sum) in sums.iter_mut().enumerate() {
        *sum = V::float_splat(i as f32);
    }
    let w = V::load(w);
    for _ in 0..rounds {
        let a = V::load(black_box(a));
        for sum in &mut sums {
            *sum = V::dot_bf16(*sum, w, a);
        }
    }
    let mut all = V::float_zero();
    for sum in sums {
        all = V::float_add(all, sum);
    }
    V::store(all, dst);
}

#[cfg(test)]
mod tests {
    use crate::Kernels;

    /// Ten chains that start at 0 to 9, each of which adds a product `rounds` times.
    #[test]
    fn chains_add_what_they_count() {
        for table in Kernels::available() {
            let mut dst = [0.0; 16];
            table.dot_chains(&mut dst, &[3; 64], &[0xFB; 64], 7);
            assert_eq!(
                dst,
                [45.0 - 10.0 * 7.0 * 4.0 * 15.0; 16],
                "{}",
                table.name()
            );
            let (two, half) = ([0x00, 0x40].repeat(32), [0x00, 0xBF].repeat(32));
            let bytes = |v: &[u8]| <[u8; 64]>::try_from(v).unwrap();
            table.dot_bf16_chains(&mut dst, &bytes(&two), &bytes(&half), 7);
            assert_eq!(dst, [45.0 - 10.0 * 7.0 * 2.0; 16], "{}", table.name());
        }
    }
}
