//! Products for their own sake: what a table's instructions can do at most, for benchmarks.

use super::lanes::Lanes;
use std::hint::black_box;

/// Products of a round, each of a word of 16 rows.
const ROUND: usize = 48;

/// The product of 4 bytes a row with 4 signed bytes, `48 * 64 * rounds` multiply-adds; `w` holds no
/// byte above 127, and `dst` gets the sum of all.
#[inline(always)]
pub(crate) fn dot_chains<V: Lanes>(dst: &mut [f32; 16], w: &[u8; 64], a: &[u8; 64], rounds: usize) {
    let sum = chains::<V, _, _>(V::zero(), [w, a], rounds, V::load, V::dot, V::add);
    V::store(V::to_float(sum), dst);
}

/// As [`dot_chains`], of two i16 a row: `48 * 32 * rounds` multiply-adds.
#[inline(always)]
pub(crate) fn madd_chains<V: Lanes>(
    dst: &mut [f32; 16],
    w: &[u8; 64],
    a: &[u8; 64],
    rounds: usize,
) {
    let sum = chains::<V, _, _>(V::zero(), [w, a], rounds, V::load, V::madd, V::add);
    V::store(V::to_float(sum), dst);
}

/// As [`dot_chains`], of two bf16 a row: `48 * 32 * rounds` multiply-adds.
#[inline(always)]
pub(crate) fn dot_bf16_chains<V: Lanes>(
    dst: &mut [f32; 16],
    w: &[u8; 64],
    a: &[u8; 64],
    rounds: usize,
) {
    let (zero, product) = (V::float_zero(), V::dot_bf16);
    let sum = chains::<V, _, _>(zero, [w, a], rounds, V::load, product, V::float_add);
    V::store(sum, dst);
}

/// As [`dot_chains`], of an f32 a row: `48 * 16 * rounds` multiply-adds.
#[inline(always)]
pub(crate) fn fma_chains<V: Lanes>(dst: &mut [f32; 16], w: &[u8; 64], a: &[u8; 64], rounds: usize) {
    let (zero, product) = (V::float_zero(), |sum, w, a| V::fma(w, a, sum));
    let sum = chains::<V, _, _>(zero, [w, a], rounds, V::load_f32, product, V::float_add);
    V::store(sum, dst);
}

/// Rounds of the product of two words in as many independent chains as registers hold, which hide its
/// latency: ten were too few for `vdpbf16ps`.
#[inline(always)]
fn chains<V: Lanes, S: Copy, W: Copy>(
    zero: S,
    words: [&[u8; 64]; 2],
    rounds: usize,
    load: impl Fn(&[u8; 64]) -> W,
    product: impl Fn(S, W, W) -> S,
    add: impl Fn(S, S) -> S,
) -> S {
    if V::MANY_SUMS {
        some_chains::<S, W, 16>(zero, words, rounds, load, product, add)
    } else {
        some_chains::<S, W, 6>(zero, words, rounds, load, product, add)
    }
}

#[inline(always)]
fn some_chains<S: Copy, W: Copy, const N: usize>(
    zero: S,
    [w, a]: [&[u8; 64]; 2],
    rounds: usize,
    load: impl Fn(&[u8; 64]) -> W,
    product: impl Fn(S, W, W) -> S,
    add: impl Fn(S, S) -> S,
) -> S {
    let mut sums = [zero; N];
    let w = load(w);
    for _ in 0..rounds * (ROUND / N) {
        // Read anew every time: else a compiler multiplies once and adds the product.
        let a = load(black_box(a));
        for sum in &mut sums {
            *sum = product(*sum, w, a);
        }
    }
    sums.into_iter().fold(zero, add)
}

#[cfg(test)]
mod tests {
    use crate::Kernels;

    /// The bytes of a word of 16 rows whose elements are equal.
    fn word<const N: usize>(element: [u8; N]) -> [u8; 64] {
        std::array::from_fn(|i| element[i % N])
    }

    #[test]
    fn chains_add_what_they_count() {
        for table in Kernels::available() {
            let mut dst = [0.0; 16];
            table.dot_chains(&mut dst, &[3; 64], &word((-5i8).to_le_bytes()), 7);
            assert_eq!(dst, [48.0 * 7.0 * 4.0 * -15.0; 16], "{}", table.name());
            let (two, three) = (word(2i16.to_le_bytes()), word((-3i16).to_le_bytes()));
            table.madd_chains(&mut dst, &two, &three, 7);
            assert_eq!(dst, [48.0 * 7.0 * 2.0 * -6.0; 16], "{}", table.name());
            let (two, half) = (word([0x00, 0x40]), word([0x00, 0xBF]));
            table.dot_bf16_chains(&mut dst, &two, &half, 7);
            assert_eq!(dst, [48.0 * 7.0 * -2.0; 16], "{}", table.name());
            let (two, more) = (word(2f32.to_le_bytes()), word((-1.5f32).to_le_bytes()));
            table.fma_chains(&mut dst, &two, &more, 7);
            assert_eq!(dst, [48.0 * 7.0 * -3.0; 16], "{}", table.name());
        }
    }
}
