//! The exponential function.

/// `e^x`, within 1 unit in the last place of the true value where that is normal.
///
/// `x = n ln 2 + r` with `n` the nearest integer, `e^r` by a polynomial of degree 7 in Horner's
/// order, and the power of two in two halves, so that subnormal results are reached. Above 88.73
/// the result is infinite, below −104 zero; NaN stays NaN.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let x = x.clamp(-110.0, 89.5);
    let rounded = round(x * std::f32::consts::LOG2_E);
    let n = rounded as f32;
    let mut r = x;
    for part in LN2 {
        r = n.mul_add(-part, r);
    }
    let mut p = TAYLOR[0];
    for term in &TAYLOR[1..] {
        p = p.mul_add(r, *term);
    }
    // Both halves are in −80 … 65, so that either power of two is a normal float. Of a NaN, `rounded`
    // is any number, and `p` is NaN.
    let half = rounded >> 1;
    p * power_of_two(half) * power_of_two(rounded.wrapping_sub(half))
}

/// ln 2 in two parts, of which the first times a whole number below 2¹⁰ is exact.
#[allow(clippy::excessive_precision)]
pub(crate) const LN2: [f32; 2] = [0.693_145_75, 1.428_606_8e-6];

/// The coefficients of `e^r`, the highest power first.
pub(crate) const TAYLOR: [f32; 8] = [
    1.0 / 5040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// 1.5 · 2²³: what [`round`] adds.
pub(crate) const MAGIC: f32 = (3 << 22) as f32;

/// The integer nearest to `x`, ties to even, for `|x|` below 2²²; any number for others and NaN.
///
/// Unlike `as i32`, which has an answer for every float, it becomes two vector instructions: added
/// to 1.5 · 2²³, a number's integer part is in the lowest bits of the sum.
#[inline(always)]
pub(super) fn round(x: f32) -> i32 {
    ((x + MAGIC).to_bits() as i32).wrapping_sub(MAGIC.to_bits() as i32)
}

#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) << 23) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_one_unit_in_the_last_place() {
        let mut worst = 0.0f64;
        let mut bits = 0u32;
        while bits < 0x42b2_0000 {
            for x in [f32::from_bits(bits), -f32::from_bits(bits)] {
                let truth = f64::from(x).exp();
                if truth > f64::from(f32::MIN_POSITIVE) && truth < f64::from(f32::MAX) {
                    let rounded = truth as f32;
                    let ulp = f64::from(f32::from_bits(rounded.to_bits() + 1)) - f64::from(rounded);
                    worst = worst.max((f64::from(exp(x)) - truth).abs() / ulp);
                }
            }
            bits += 997;
        }
        assert!(worst < 1.0, "{worst} ulp");
    }

    #[test]
    fn ends_of_the_range() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-0.0), 1.0);
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(exp(88.8), f32::INFINITY);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(-104.0), 0.0);
        assert!(exp(-103.0) > 0.0);
        assert!(exp(f32::NAN).is_nan());
    }
}
