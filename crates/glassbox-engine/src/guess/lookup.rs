use std::collections::HashMap;

/// Tokens that an occurrence must share to be gone on from.
const N: usize = 3;
/// Guesses the next tokens of a text from what followed when its last few were last written: in a
/// prompt that is quoted, or a reasoning that goes over its numbers again.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    /// Where the tokens after `N` others begin, the last time.
    after: HashMap<[u32; N], usize>,
    /// Tokens of the text that are in `after`.
    seen: usize,
}

impl Lookup {
    /// At most `most` tokens that may follow `ids`, which only ever grow.
    pub(super) fn draft(&mut self, ids: &[u32], most: usize) -> Vec<u32> {
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
}

fn gram(ids: &[u32], at: usize) -> [u32; N] {
    std::array::from_fn(|i| ids[at + i])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_followed_last_time_is_drafted() {
        let mut lookup = Lookup::default();
        let mut ids = vec![1, 2, 3, 4, 5, 9, 1, 2, 3];
        assert_eq!(lookup.draft(&ids, 9), [4, 5, 9, 1, 2, 3]);
        assert_eq!(lookup.draft(&ids, 1), [4]);
        ids.extend([7, 8, 1, 2, 3]);
        assert_eq!(lookup.draft(&ids, 4), [7, 8, 1, 2]);
        ids.push(5);
        assert!(lookup.draft(&ids, 9).is_empty());
        assert!(Lookup::default().draft(&[1, 2], 9).is_empty());
    }
}
