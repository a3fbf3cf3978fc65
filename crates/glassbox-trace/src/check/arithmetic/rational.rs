//! Exact rational numbers of a bounded size.

use std::fmt;

/// A fraction in lowest terms with a positive denominator.
///
/// Numerator and denominator are 128-bit, which holds every number of 38 digits; an operation whose
/// result is longer gives `None`, so that no input makes the numbers grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rational {
    num: i128,
    den: i128,
}

impl Rational {
    pub(super) const HUNDRED: Self = Self::whole(100);

    pub(super) const fn whole(num: i128) -> Self {
        Self { num, den: 1 }
    }

    /// `num / den`; `None` when `den` is 0.
    pub(super) fn new(num: i128, den: i128) -> Option<Self> {
        let divisor = gcd(num, den)?;
        let (num, den) = (num.checked_div(divisor)?, den.checked_div(divisor)?);
        match den {
            0 => None,
            1.. => Some(Self { num, den }),
            _ => Some(Self {
                num: num.checked_neg()?,
                den: den.checked_neg()?,
            }),
        }
    }

    /// `10^-digits`, one unit in that decimal place.
    pub(super) fn unit_in_place(digits: u32) -> Option<Self> {
        Self::new(1, 10i128.checked_pow(digits)?)
    }

    pub(super) fn is_whole(self) -> bool {
        self.den == 1
    }

    pub(super) fn is_negative(self) -> bool {
        self.num < 0
    }

    /// A whole number that fits.
    pub(super) fn to_i128(self) -> Option<i128> {
        self.is_whole().then_some(self.num)
    }

    pub(super) fn neg(self) -> Option<Self> {
        Self::new(self.num.checked_neg()?, self.den)
    }

    pub(super) fn add(self, other: Self) -> Option<Self> {
        let common = gcd(self.den, other.den)?;
        let scale = other.den / common;
        let a = self.num.checked_mul(scale)?;
        let b = other.num.checked_mul(self.den / common)?;
        Self::new(a.checked_add(b)?, self.den.checked_mul(scale)?)
    }

    pub(super) fn sub(self, other: Self) -> Option<Self> {
        self.add(other.neg()?)
    }

    pub(super) fn mul(self, other: Self) -> Option<Self> {
        // Divided first, so that only a result that is too long is refused.
        let (a, b) = (gcd(self.num, other.den)?, gcd(other.num, self.den)?);
        let (a, b) = (a.max(1), b.max(1));
        let num = (self.num / a).checked_mul(other.num / b)?;
        let den = (self.den / b).checked_mul(other.den / a)?;
        Self::new(num, den)
    }

    /// `None` also when `other` is 0.
    pub(super) fn div(self, other: Self) -> Option<Self> {
        self.mul(Self::new(other.den, other.num)?)
    }

    /// `None` also for an exponent that is not whole.
    pub(super) fn pow(self, exponent: Self) -> Option<Self> {
        let exponent = exponent.to_i128()?;
        let size = u32::try_from(exponent.checked_abs()?).ok()?;
        let (num, den) = (self.num.checked_pow(size)?, self.den.checked_pow(size)?);
        match exponent < 0 {
            true => Self::new(den, num),
            false => Self::new(num, den),
        }
    }

    /// The square root, where it is rational.
    pub(super) fn sqrt(self) -> Option<Self> {
        let root = |square: i128| {
            let root = square.unsigned_abs().isqrt() as i128;
            (square >= 0 && root * root == square).then_some(root)
        };
        Self::new(root(self.num)?, root(self.den)?)
    }

    pub(super) fn factorial(self) -> Option<Self> {
        // 33! is the last one that fits.
        let n = self.to_i128().filter(|n| (0..=33).contains(n))?;
        Some(Self::whole((1..=n).product()))
    }

    /// Whether `|self - other| < gap`.
    pub(super) fn is_within(self, other: Self, gap: Self) -> bool {
        let below = |a: Self, b: Self| a.sub(b).is_some_and(Self::is_negative);
        let distance = self.sub(other);
        distance.is_some_and(|d| below(d, gap) && d.neg().is_some_and(|d| below(d, gap)))
    }
}

/// Of the sizes; `None` when a size does not fit.
fn gcd(a: i128, b: i128) -> Option<i128> {
    let (mut a, mut b) = (a.checked_abs()?, b.checked_abs()?);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    Some(a)
}

/// As a decimal where twelve places hold it, and as a fraction otherwise.
impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { num, den } = *self;
        let places = (0..=12u32).find(|&places| 10i128.pow(places) % den == 0);
        let scaled = places.and_then(|places| num.checked_mul(10i128.pow(places) / den));
        match (places, scaled) {
            (Some(places @ 1..), Some(scaled)) => {
                let sign = if num < 0 { "-" } else { "" };
                let digits = format!("{:0>1$}", scaled.unsigned_abs(), places as usize + 1);
                let (whole, part) = digits.split_at(digits.len() - places as usize);
                write!(f, "{sign}{whole}.{part}")
            }
            (Some(0), Some(scaled)) => write!(f, "{scaled}"),
            _ => write!(f, "{num}/{den}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(num: i128, den: i128) -> Rational {
        Rational::new(num, den).unwrap()
    }

    #[test]
    fn is_exact_or_none() {
        assert_eq!(ratio(1, 3).add(ratio(1, 6)), Some(ratio(1, 2)));
        assert_eq!(ratio(-4, 6), ratio(2, -3));
        assert_eq!(ratio(2, 3).mul(ratio(3, 2)), Some(Rational::whole(1)));
        assert_eq!(ratio(2, 3).pow(Rational::whole(-2)), Some(ratio(9, 4)));
        assert_eq!(ratio(9, 4).sqrt(), Some(ratio(3, 2)));
        assert_eq!(Rational::whole(2).sqrt(), None);
        assert_eq!(Rational::whole(1).div(Rational::whole(0)), None);
        assert_eq!(Rational::new(1, 0), None);
        assert_eq!(
            Rational::whole(0).mul(ratio(1, 3)),
            Some(Rational::whole(0))
        );
        let most = Rational::whole(i128::MAX);
        assert_eq!(most.add(Rational::whole(1)), None);
        assert_eq!(most.mul(ratio(3, i128::MAX)), Some(Rational::whole(3)));
        assert_eq!(Rational::whole(i128::MIN).neg(), None);
        assert_eq!(Rational::new(i128::MIN, i128::MIN), None);
        assert_eq!(Rational::whole(33).factorial().unwrap().num % 1000, 0);
        assert_eq!(Rational::whole(34).factorial(), None);
        assert!(Rational::whole(33).factorial().is_some());
    }

    #[test]
    fn is_written_as_people_write_it() {
        for (value, text) in [
            (ratio(3, 10), "0.3"),
            (ratio(-1, 8), "-0.125"),
            (ratio(1, 3), "1/3"),
            (Rational::whole(-7), "-7"),
            (ratio(5, 2), "2.5"),
        ] {
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn within_is_strict() {
        let tenth = ratio(1, 10);
        assert!(!ratio(3, 10).is_within(ratio(4, 10), tenth));
        assert!(ratio(1, 3).is_within(tenth.mul(Rational::whole(3)).unwrap(), tenth));
    }
}
