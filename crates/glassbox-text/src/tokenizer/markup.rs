//! Finds added tokens (markup) in text: leftmost first, longest first.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

/// The set of added tokens that are looked for in one pass.
#[derive(Debug, Default)]
pub(crate) struct Markup {
    ids: HashMap<Box<[u8]>, u32>,
    /// For each first byte, the lengths that occur, longest first: a position costs a hash look-up for each of them.
    lengths: HashMap<u8, Vec<usize>>,
}

impl Markup {
    /// Builds the set; empty texts match nothing and are left out.
    pub(crate) fn new<'t>(tokens: impl Iterator<Item = (&'t str, u32)>) -> Self {
        let mut ids = HashMap::new();
        let mut lengths: HashMap<u8, BTreeSet<usize>> = HashMap::new();
        for (text, id) in tokens {
            if let Some(&first) = text.as_bytes().first() {
                lengths.entry(first).or_default().insert(text.len());
                ids.insert(text.as_bytes().into(), id);
            }
        }
        Self {
            ids,
            lengths: lengths
                .into_iter()
                .map(|(b, l)| (b, l.into_iter().rev().collect()))
                .collect(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Calls `found` for each stretch of text: plain text with `None`, an added token with its id. They cover the text.
    pub(crate) fn scan(&self, text: &str, mut found: impl FnMut(Range<usize>, Option<u32>)) {
        let bytes = text.as_bytes();
        let (mut plain, mut at) = (0, 0);
        while at < bytes.len() {
            match self.longest_at(&bytes[at..]) {
                Some((len, id)) => {
                    if plain < at {
                        found(plain..at, None);
                    }
                    found(at..at + len, Some(id));
                    at += len;
                    plain = at;
                }
                None => at += 1,
            }
        }
        if plain < bytes.len() {
            found(plain..bytes.len(), None);
        }
    }

    fn longest_at(&self, rest: &[u8]) -> Option<(usize, u32)> {
        let lengths = self.lengths.get(rest.first()?)?;
        lengths
            .iter()
            .find_map(|&len| Some((len, *self.ids.get(rest.get(..len)?)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_match_wins() {
        let markup = Markup::new([("<a>", 1), ("<a>b", 2), ("｜", 3)].into_iter());
        let mut got = Vec::new();
        markup.scan("x<a>b<a>c｜<a", |range, id| got.push((range, id)));
        assert_eq!(
            got,
            [
                (0..1, None),
                (1..5, Some(2)),
                (5..8, Some(1)),
                (8..9, None),
                (9..12, Some(3)),
                (12..14, None)
            ]
        );
    }
}
