//! Words by their script.

use std::ops::Range;

/// A script, or the group of scripts that one language is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Script {
    Latin,
    /// Han, kana and Bopomofo: Chinese and Japanese.
    Han,
    Hangul,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
    Devanagari,
    Thai,
    Other,
}

impl Script {
    const ALL: [Self; 10] = [
        Self::Latin,
        Self::Han,
        Self::Hangul,
        Self::Cyrillic,
        Self::Greek,
        Self::Arabic,
        Self::Hebrew,
        Self::Devanagari,
        Self::Thai,
        Self::Other,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Latin => "Latin",
            Self::Han => "Chinese or Japanese",
            Self::Hangul => "Korean",
            Self::Cyrillic => "Cyrillic",
            Self::Greek => "Greek",
            Self::Arabic => "Arabic",
            Self::Hebrew => "Hebrew",
            Self::Devanagari => "Devanagari",
            Self::Thai => "Thai",
            Self::Other => "of another script",
        }
    }

    /// Of a letter, by the blocks of Unicode.
    fn of(letter: char) -> Self {
        match u32::from(letter) {
            0..=0x24f | 0x1e00..=0x1eff | 0xff21..=0xff5a => Self::Latin,
            0x370..=0x3ff | 0x1f00..=0x1fff => Self::Greek,
            0x400..=0x52f | 0x1c80..=0x1c8f | 0x2de0..=0x2dff => Self::Cyrillic,
            0x590..=0x5ff => Self::Hebrew,
            0x600..=0x77f | 0x8a0..=0x8ff | 0xfb50..=0xfdff | 0xfe70..=0xfeff => Self::Arabic,
            0x900..=0x97f => Self::Devanagari,
            0xe00..=0xe7f => Self::Thai,
            0x1100..=0x11ff | 0x3130..=0x318f | 0xac00..=0xd7ff => Self::Hangul,
            0x2e80..=0x312f | 0x31a0..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x3ffff => Self::Han,
            _ => Self::Other,
        }
    }

    /// Whether a character alone is a word.
    fn is_dense(self) -> bool {
        matches!(self, Self::Han | Self::Thai)
    }
}

/// How many words of each script a text has, and where.
#[derive(Clone, Debug, Default)]
pub(super) struct Words {
    counts: [usize; Script::ALL.len()],
    spans: [Option<(usize, usize)>; Script::ALL.len()],
}

impl Words {
    pub(super) fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    pub(super) fn count(&self, script: Script) -> usize {
        self.counts[script as usize]
    }

    /// The script of most words of several texts; the first of equals.
    pub(super) fn main(texts: &[Self]) -> Option<Script> {
        let count = |script: Script| texts.iter().map(|words| words.count(script)).sum::<usize>();
        let scripts = Script::ALL.into_iter().rev();
        scripts.max_by_key(|&s| count(s)).filter(|&s| count(s) > 0)
    }

    /// Of the scripts besides one, that of most words, with their number and extent.
    pub(super) fn most_besides(&self, main: Script) -> Option<(Script, usize, Range<usize>)> {
        let others = Script::ALL.into_iter().rev().filter(|&s| s != main);
        let script = others.max_by_key(|&script| self.count(script))?;
        let (start, end) = self.spans[script as usize]?;
        Some((script, self.count(script), start..end))
    }

    fn add(&mut self, script: Script, word: Range<usize>) {
        self.counts[script as usize] += 1;
        let span = &mut self.spans[script as usize];
        let start = span.map_or(word.start, |(start, _)| start);
        *span = Some((start, word.end));
    }
}

/// Counts the words of a text outside code.
pub(super) fn words(text: &str) -> Words {
    let mut words = Words::default();
    // The parts of odd place are code, but for what follows a fence that was left open.
    let mut at = 0;
    for (part, prose) in text.split("```").zip([true, false].into_iter().cycle()) {
        if prose {
            count(part, at, &mut words);
        }
        at += part.len() + 3;
    }
    words
}

fn count(text: &str, offset: usize, words: &mut Words) {
    // The word that is being read: its script, start, letters, and whether one is lower case.
    let mut word: Option<(Script, usize, usize, bool)> = None;
    let mut command = false;
    let end_marker = std::iter::once((text.len(), ' '));
    for (at, c) in text.char_indices().chain(end_marker) {
        let script = c.is_alphabetic().then(|| Script::of(c));
        if let Some((open, start, letters, lower)) = word
            && script != Some(open)
        {
            // Abbreviations in capitals and names of one or two letters belong to formulas.
            let plain = letters > 2 && lower || letters > 1 && open != Script::Latin;
            if plain && !command {
                words.add(open, offset + start..offset + at);
            }
            word = None;
            command = false;
        }
        match (script, &mut word) {
            (Some(script), _) if script.is_dense() => {
                words.add(script, offset + at..offset + at + c.len_utf8());
            }
            (Some(_), Some((_, _, letters, lower))) => {
                *letters += 1;
                *lower |= c.is_lowercase();
            }
            (Some(script), None) => word = Some((script, at, 1, c.is_lowercase())),
            (None, _) => command = c == '\\',
        }
    }
}
