//! How much of a text was said before: n-grams of words, in an index.
//!
//! Each n-gram remembers the few texts that held it last, so that the work of a look-up is
//! proportional to the text, however many came before.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Words in an n-gram.
const N: usize = 3;
/// How many texts an n-gram remembers.
const REMEMBERED: usize = 8;

/// The n-grams of a text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grams {
    /// Of its words, one after the other.
    pub(crate) whole: u64,
    /// Each n-gram once, sorted.
    grams: Vec<u64>,
    pub(crate) n_words: usize,
    /// How many n-grams it has, each as often as it stands there.
    pub(crate) n_grams: usize,
}

impl Grams {
    /// Words are runs of letters and digits, in lower case; a Chinese character is one, and so is
    /// an operator. Other punctuation is passed over.
    pub(crate) fn of(text: &str) -> Self {
        let words = words(text);
        let mut grams: Vec<u64> = words.windows(N).map(hash).collect();
        let n_grams = grams.len();
        grams.sort_unstable();
        grams.dedup();
        Self {
            whole: hash(&words),
            grams,
            n_words: words.len(),
            n_grams,
        }
    }

    pub(crate) fn n_distinct(&self) -> usize {
        self.grams.len()
    }
}

fn words(text: &str) -> Vec<u64> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            words.push(hash(word.as_str()));
            word.clear();
        }
    };
    for c in text.chars() {
        let alone = c >= '\u{2e80}' || "+-*/=<>^%".contains(c);
        if alone || !(c.is_alphanumeric() || c == '.') {
            end(&mut word);
        }
        if alone || c.is_alphanumeric() || (c == '.' && word.ends_with(|c: char| c.is_numeric())) {
            word.extend(c.to_lowercase());
        }
        if alone {
            end(&mut word);
        }
    }
    end(&mut word);
    words
}

fn hash<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The texts so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    by_gram: HashMap<u64, [Option<u32>; REMEMBERED]>,
    by_whole: HashMap<u64, usize>,
    sizes: Vec<usize>,
}

/// An earlier text that says the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Match {
    /// Its place among the texts.
    pub(crate) of: usize,
    /// It has the same words.
    pub(crate) verbatim: bool,
}

impl Index {
    /// Adds a text after those so far.
    pub(crate) fn add(&mut self, grams: &Grams) {
        let id = self.sizes.len();
        self.sizes.push(grams.grams.len());
        self.by_whole.insert(grams.whole, id);
        let Ok(id) = u32::try_from(id) else { return };
        for &gram in &grams.grams {
            let texts = self.by_gram.entry(gram).or_default();
            texts.rotate_right(1);
            texts[0] = Some(id);
        }
    }

    /// The earlier text that shares most n-grams, if that is at least `share` of the larger one's;
    /// of several the latest.
    pub(crate) fn find(&self, grams: &Grams, share: f64) -> Option<Match> {
        if let Some(&of) = self.by_whole.get(&grams.whole) {
            return Some(Match { of, verbatim: true });
        }
        let mut shared: HashMap<u32, usize> = HashMap::new();
        for gram in &grams.grams {
            for text in self.by_gram.get(gram).into_iter().flatten().flatten() {
                *shared.entry(*text).or_default() += 1;
            }
        }
        let (text, n_shared) = shared.into_iter().max_by_key(|&(text, n)| (n, text))?;
        let of = text as usize;
        let larger = grams.grams.len().max(self.sizes[of]);
        let enough = n_shared as f64 >= share * larger as f64;
        enough.then_some(Match {
            of,
            verbatim: false,
        })
    }
}
