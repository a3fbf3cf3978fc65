/// Numbers that look random and are the same in each run: an LCG, of which the high bits are used.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        (self.0 >> 33) as usize % n
    }

    /// Another number of about the same size, as a slip would give it.
    pub(super) fn wrong(&mut self, right: &str) -> String {
        let mut digits: Vec<u8> = right.bytes().collect();
        let at = self.below(digits.len());
        let leads = at == 0 && digits.len() > 1;
        loop {
            let digit = b'0' + self.below(10) as u8;
            if digit != digits[at] && !(leads && digit == b'0') {
                digits[at] = digit;
                return String::from_utf8_lossy(&digits).into_owned();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_another_number_of_the_same_length() {
        let mut dice = Dice::new(1);
        for right in ["0", "7", "10", "1692"] {
            for _ in 0..100 {
                let wrong = dice.wrong(right);
                assert!(wrong != right && wrong.len() == right.len(), "{wrong}");
                assert!(wrong == "0" || wrong.len() == 1 || !wrong.starts_with('0'));
            }
        }
    }
}
