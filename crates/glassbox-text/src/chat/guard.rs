//! Keeps what people wrote apart from markup while a template mixes the two.
//!
//! Markup is recognised by its first and last character, so in people's text those characters (`<` and `>`, for the
//! supported families) are replaced before rendering: each by one private-use character that occurs nowhere in the
//! conversation or the template. Then no markup can begin or end inside such text, whatever the template does with it:
//! trimming, splitting and joining work as before, and lengths stay the same. After rendering, what still looks like
//! markup *is* the template's, and the characters are put back before the text between is encoded.

use crate::error::TextError;
use std::collections::BTreeSet;

/// The private-use planes of Unicode.
const PRIVATE: [std::ops::RangeInclusive<char>; 2] =
    ['\u{f0000}'..='\u{ffffd}', '\u{100000}'..='\u{10fffd}'];

/// Pairs of a character and its stand-in.
pub(crate) struct Guard {
    pairs: Vec<(char, char)>,
}

impl Guard {
    /// Chooses stand-ins for `edges` that occur in none of `texts`; always the same ones for the same texts.
    pub(crate) fn new<'t>(
        edges: &BTreeSet<char>,
        texts: impl Iterator<Item = &'t str>,
    ) -> Result<Self, TextError> {
        let is_private = |c: &char| PRIVATE.iter().any(|range| range.contains(c));
        let used: BTreeSet<char> = texts.flat_map(str::chars).filter(is_private).collect();
        let mut free = PRIVATE
            .into_iter()
            .flatten()
            .filter(|c| !used.contains(c) && !edges.contains(c));
        let pairs = edges.iter().map(|c| {
            free.next()
                .map(|stand_in| (*c, stand_in))
                .ok_or(TextError::NoFreeCharacter)
        });
        Ok(Self {
            pairs: pairs.collect::<Result<_, _>>()?,
        })
    }

    /// Replaces the edges of markup in `text`, but not inside the words to keep.
    pub(crate) fn hide(&self, text: &str, keep: &[&str]) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some(word) = keep.iter().find(|word| rest.starts_with(**word)) {
                out.push_str(word);
                rest = &rest[word.len()..];
                continue;
            }
            out.push(
                self.pairs
                    .iter()
                    .find(|(edge, _)| *edge == c)
                    .map_or(c, |(_, stand_in)| *stand_in),
            );
            rest = &rest[c.len_utf8()..];
        }
        out
    }

    /// Puts the characters back.
    pub(crate) fn reveal(&self, text: &str) -> String {
        let back = |c: char| {
            self.pairs
                .iter()
                .find(|(_, stand_in)| *stand_in == c)
                .map_or(c, |(edge, _)| *edge)
        };
        text.chars().map(back).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_text_comes_back_even_if_it_uses_private_characters() {
        let edges = BTreeSet::from(['<', '>']);
        let text = "a<b>\u{f0000}\u{f0001}</think>";
        let guard = Guard::new(&edges, [text].into_iter()).unwrap();
        let hidden = guard.hide(text, &[]);
        assert!(!hidden.contains('<') && !hidden.contains('>'));
        assert_eq!(hidden.chars().count(), text.chars().count());
        assert_eq!(guard.reveal(&hidden), text);
        assert!(guard.hide(text, &["</think>"]).ends_with("</think>"));
    }
}
