use std::collections::HashMap;
use std::time::Duration;

/// Tokens that an occurrence must share to be gone on from.
const N: usize = 3;
/// The most tokens of a draft: more rows cost more than they bring on any device so far.
const MOST: usize = 12;
/// Steps without a draft after drafts did not pay.
const PAUSE: usize = 64;

/// Guesses the next tokens of a text from what followed when its last few were last written: in a
/// prompt that is quoted, or a reasoning that goes over its numbers again.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    /// Where the tokens after `N` others begin, the last time.
    after: HashMap<[u32; N], usize>,
    /// Tokens of the text that are in `after`.
    seen: usize,
    pace: Pace,
}

impl Lookup {
    /// At most `most` tokens that may follow `ids`, which only ever grow.
    pub(crate) fn draft(&mut self, ids: &[u32], most: usize) -> Vec<u32> {
        let most = self.pace.length().min(most);
        let Some(last) = ids.len().checked_sub(N) else {
            return Vec::new();
        };
        // What follows the last tokens themselves is not known.
        for at in self.seen..last {
            self.after.insert(gram(ids, at), at + N);
        }
        self.seen = self.seen.max(last);
        match self.after.get(&gram(ids, last)) {
            Some(&from) => ids[from..].iter().copied().take(most).collect(),
            None => Vec::new(),
        }
    }

    /// Tells how a step went: the tokens drafted, those written, and the time.
    pub(crate) fn learn(&mut self, drafted: usize, written: usize, took: Duration) {
        self.pace.learn(drafted, written, took);
    }
}

fn gram(ids: &[u32], at: usize) -> [u32; N] {
    std::array::from_fn(|i| ids[at + i])
}

/// How long drafts should be, if any: it decides what is computed, never what is written.
#[derive(Debug)]
struct Pace {
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
    fn length(&self) -> usize {
        match self.pause {
            0 => self.length,
            _ => 0,
        }
    }

    fn learn(&mut self, drafted: usize, written: usize, took: Duration) {
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
    fn what_followed_last_time_is_drafted() {
        let mut lookup = Lookup::default();
        let mut ids = vec![1, 2, 3, 4, 5, 9, 1, 2, 3];
        assert_eq!(lookup.draft(&ids, 9), [4, 5, 9, 1]);
        assert_eq!(lookup.draft(&ids, 1), [4]);
        ids.extend([7, 8, 1, 2, 3]);
        assert_eq!(lookup.draft(&ids, 9), [7, 8, 1, 2]);
        ids.push(5);
        assert!(lookup.draft(&ids, 9).is_empty());
        assert!(Lookup::default().draft(&[1, 2], 9).is_empty());
    }

    #[test]
    fn drafts_that_do_not_pay_pause() {
        let ids = [1, 2, 3, 4, 5, 9, 1, 2, 3];
        let mut lookup = Lookup::default();
        lookup.learn(0, 1, STEP);
        // Right to the end, at the price of one token: longer.
        lookup.learn(4, 5, STEP);
        assert_eq!(lookup.draft(&ids, 9).len(), 6);
        // Wrong at once, at twice the price.
        for _ in 0..20 {
            lookup.learn(8, 1, 2 * STEP);
        }
        assert!(lookup.draft(&ids, 9).is_empty());
        for _ in 0..PAUSE {
            lookup.learn(0, 1, STEP);
        }
        assert_eq!(lookup.draft(&ids, 9).len(), 2);
    }
}
