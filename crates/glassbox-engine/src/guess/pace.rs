use std::time::Duration;

/// The most tokens of a draft: more rows cost more than they bring on any device so far.
const MOST: usize = 12;
/// Steps without a draft after drafts did not pay.
const PAUSE: usize = 64;

/// How long drafts should be, if any: it decides what is computed, never what is written.
#[derive(Debug)]
pub(super) struct Pace {
    /// Seconds of a token, without drafts and with them; 0 where not known.
    plain: f64,
    drafted: f64,
    length: usize,
    pause: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            plain: 0.0,
            drafted: 0.0,
            length: 4,
            pause: 0,
        }
    }
}

impl Pace {
    /// Whether it is known how long a token takes without drafts.
    pub(super) fn is_set(&self) -> bool {
        self.plain > 0.0
    }

    /// How many tokens the next draft may have.
    pub(super) fn length(&self) -> usize {
        match self.pause {
            0 => self.length,
            _ => 0,
        }
    }

    /// Learns how a step went: the tokens drafted, those written, and the time.
    pub(super) fn learn(&mut self, drafted: usize, written: usize, took: Duration) {
        let each = took.as_secs_f64() / written.max(1) as f64;
        let mean = |old: f64| {
            if old == 0.0 {
                each
            } else {
                0.8 * old + 0.2 * each
            }
        };
        if drafted == 0 {
            self.plain = mean(self.plain);
            self.pause = self.pause.saturating_sub(1);
            return;
        }
        self.drafted = mean(self.drafted);
        // Longer after a draft that was right to its end, shorter after one that soon was not.
        match written > drafted {
            true => self.length = (self.length * 2).min(MOST),
            false if written <= drafted / 2 => self.length = (self.length / 2).max(2),
            false => {}
        }
        if self.plain > 0.0 && self.drafted > self.plain {
            self.pause = PAUSE;
            self.drafted = 0.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(10);

    #[test]
    fn drafts_that_do_not_pay_pause() {
        let mut pace = Pace::default();
        assert!(!pace.is_set());
        pace.learn(0, 1, STEP);
        assert!(pace.is_set() && pace.length() == 4);
        // Right to the end, at the price of one token: longer.
        pace.learn(4, 5, STEP);
        assert_eq!(pace.length(), 8);
        // Wrong at once, at twice the price.
        for _ in 0..20 {
            pace.learn(8, 1, 2 * STEP);
        }
        assert_eq!(pace.length(), 0);
        for _ in 0..PAUSE {
            pace.learn(0, 1, STEP);
        }
        assert!(pace.length() > 0);
    }
}
