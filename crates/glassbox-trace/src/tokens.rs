//! Which tokens wrote a stretch of the output.

use crate::Span;
use std::ops::Range;

/// The offset in the output at which each token's text ends.
///
/// A token whose bytes are not yet a whole character has no text of its own; it belongs to the
/// character that a later token completes.
#[derive(Debug, Default)]
pub(crate) struct TokenMap {
    ends: Vec<usize>,
    /// Some text came without its token, so that no span can be told any more.
    lost: bool,
}

impl TokenMap {
    pub(crate) fn push(&mut self, end: usize) {
        self.ends.push(end);
    }

    pub(crate) fn lose(&mut self) {
        self.lost = true;
    }

    /// The tokens of a range of output bytes that is not empty.
    pub(crate) fn span(&self, output: Range<usize>) -> Option<Span> {
        if self.lost || self.ends.is_empty() {
            return None;
        }
        let start = match self.ends.partition_point(|&end| end < output.start) {
            _ if output.start == 0 => 0,
            // This token ends where the range starts, and textless ones after it belong to the
            // range.
            before if self.ends.get(before) == Some(&output.start) => before + 1,
            within => within,
        };
        let end = self.ends.partition_point(|&end| end < output.end) + 1;
        Some(Span::from(start..end.min(self.ends.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_without_text_belong_to_the_character_that_they_start() {
        // Pieces: "ab" "" "é" "c"
        let mut map = TokenMap::default();
        [2, 2, 4, 5].into_iter().for_each(|end| map.push(end));
        assert_eq!(map.span(0..2), Some(Span::from(0..1)));
        assert_eq!(map.span(2..4), Some(Span::from(1..3)));
        assert_eq!(map.span(1..5), Some(Span::from(0..4)));
        assert_eq!(map.span(4..5), Some(Span::from(3..4)));
        map.lose();
        assert_eq!(map.span(0..2), None);
    }
}
