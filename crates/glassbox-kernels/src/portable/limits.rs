//! Arithmetic for its own sake: what a table's instructions can do at most, for benchmarks.

use super::LANES;
use super::dot::fma;

/// `lane = fma(lane, by, by)`, `rounds` times in each of six independent chains of lanes, which
/// hide the latency of an addition and fit the registers: `6 * 16 * rounds` multiply-adds.
#[inline(always)]
pub fn fma_chains(lanes: &mut [[f32; LANES]; 6], by: f32, rounds: usize) {
    let by = [by; LANES];
    // Two arrays of three: the compiler keeps arrays of this size in registers.
    let [a, b, c, d, e, f] = *lanes;
    let (mut first, mut second) = ([a, b, c], [d, e, f]);
    for _ in 0..rounds {
        for lanes in &mut first {
            *lanes = step(*lanes, &by);
        }
        for lanes in &mut second {
            *lanes = step(*lanes, &by);
        }
    }
    let ([a, b, c], [d, e, f]) = (first, second);
    *lanes = [a, b, c, d, e, f];
}

#[inline(always)]
fn step(lanes: [f32; LANES], by: &[f32; LANES]) -> [f32; LANES] {
    let mut next = *by;
    fma(&mut next, &lanes, by);
    next
}

/// `sums[i] += a[i] · b[i]` for eight pairs of 64 integers of 16 bits, `rounds` times, in the form
/// that linear layers of quantised weights take: `8 * 64 * rounds` multiply-adds.
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
