//! bf16 as products see it.

/// Magnitudes below this, 2⁻⁵⁵, count as zero: then no product and no sum of products is
/// subnormal, and an instruction that flushes subnormals computes the same as one that does not.
pub const LEAST: f32 = f32::from_bits((LEAST_BITS as u32) << 16);
const LEAST_BITS: u16 = (127 - 55) << 7;

/// The nearest bf16, ties to even; zero below [`LEAST`].
#[inline(always)]
pub fn round(x: f32) -> u16 {
    let bits = x.to_bits();
    let magnitude = bits & !(1 << 31);
    let nearest = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    // A carry must not make a number of a NaN.
    let is_nan = magnitude > f32::INFINITY.to_bits();
    let rounded = if is_nan { bits >> 16 | 0x40 } else { nearest };
    if magnitude < LEAST.to_bits() {
        0
    } else {
        rounded as u16
    }
}

/// The bf16 with these bits; zero below [`LEAST`].
#[inline(always)]
pub fn flush(bits: u16) -> u16 {
    if bits & 0x7fff < LEAST_BITS { 0 } else { bits }
}

/// As f32.
#[inline(always)]
pub fn widen(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_as_half_does() {
        let mut rounded = 0;
        for i in 0..2_000_000u32 {
            let x = f32::from_bits(i.wrapping_mul(2_654_435_761));
            let expected = half::bf16::from_f32(x);
            if x.is_nan() {
                assert!(widen(round(x)).is_nan());
            } else if x.abs() < LEAST {
                assert_eq!(round(x), 0);
            } else {
                assert_eq!(round(x), expected.to_bits(), "{x:e}");
                rounded += 1;
            }
            let bits = expected.to_bits();
            assert_eq!(
                flush(bits) == bits,
                bits == 0 || widen(bits).abs() >= LEAST || x.is_nan()
            );
        }
        assert!(rounded > 1_000_000);
    }
}
