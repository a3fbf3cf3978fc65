//! Arithmetic for its own sake: what a table's instructions can do at most, for benchmarks.

use super::LANES;

/// `lane = fma(lane, by, by)`, `rounds` times in each of 12 independent chains, enough to hide
/// the latency of an addition. `12 * 16 * rounds` multiply-adds.
#[inline(always)]
pub fn fma_chains(lanes: &mut [[f32; LANES]; 12], by: f32, rounds: usize) {
    let mut acc = *lanes;
    for _ in 0..rounds {
        for acc in &mut acc {
            for x in acc {
                *x = x.mul_add(by, by);
            }
        }
    }
    *lanes = acc;
}

/// `sums[i] += a[i] · (b[i] + round)` for 8 vectors of 64 16-bit integers, `rounds` times, in the form
/// that linear layers of quantised weights take. `8 * 64 * rounds` multiply-adds.
#[inline(always)]
pub fn madd_chains(sums: &mut [i32; 8], a: &[[i16; 64]; 8], b: &[[i16; 64]; 8], rounds: usize) {
    for _ in 0..rounds {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            let products = a.iter().zip(b);
            *sum = products.fold(*sum, |sum, (&a, &b)| {
                sum.wrapping_add(i32::from(a).wrapping_mul(b.into()))
            });
        }
    }
}
