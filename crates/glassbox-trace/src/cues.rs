//! The wordings that tell what a step does, and where a long paragraph may be cut.
//!
//! Both are tables, read from the top; a new cue is a new row.

use crate::StepKind::{self, *};

/// Where in a step a cue must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At its start, after connectives ([`CONNECTIVES`]) and markup.
    Opening,
    /// Anywhere in its first [`HEAD`] bytes.
    Head,
}
use Place::{Head, Opening};

/// How far into a step a cue is looked for. A paragraph shows what it does in its first sentence or
/// two.
const HEAD: usize = 160;

/// The first row that matches decides. Taking back outweighs testing, which outweighs doubting:
/// "Wait, let me check" is a check, and "Wait, that's wrong" takes something back.
#[rustfmt::skip]
const KINDS: &[(Place, StepKind, &[&str])] = &[
    (Opening, Conclusion, &["final answer", "in conclusion", "to conclude", "答案"]),

    (Head, Backtrack, &["that's not right", "that isn't right", "that's wrong", "that is wrong"]),
    (Head, Backtrack, &["that can't be right", "doesn't work", "does not work", "不对", "错了"]),
    (Head, Backtrack, &["made a mistake", "made an error", "my mistake", "scratch that"]),
    (Head, Backtrack, &["start over", "go back", "try another", "try a different"]),
    (Opening, Backtrack, &["alternatively", "another way", "another approach", "instead"]),
    (Opening, Backtrack, &["wait, no", "no,"]),

    (Head, Check, &["let me check", "let me verify", "let me confirm", "let me test"]),
    (Head, Check, &["let's check", "let's verify", "let's confirm", "let's test"]),
    (Head, Check, &["double-check", "double check", "sanity check", "let me double"]),
    (Head, Check, &["to verify", "to check", "check if", "check that", "verify that"]),
    (Head, Check, &["plug it back", "plugging back", "验证", "检查", "检验"]),
    (Opening, Check, &["check", "checking", "verify", "verifying"]),

    (Opening, Doubt, &["wait", "hmm", "hold on", "maybe", "perhaps", "actually", "what if"]),
    (Opening, Doubt, &["is that", "is this", "does that", "does this", "am i", "did i"]),
    (Opening, Doubt, &["等等", "等一下", "嗯"]),
    (Head, Doubt, &["i'm not sure", "not sure if", "i wonder", "i'm confused", "i doubt"]),

    (Head, Conclusion, &["the answer is", "is the answer", "answer should be", "答案是"]),
    (Head, Conclusion, &["the final answer", "the final result is"]),

    (Opening, Plan, &["first", "step 1", "next, i", "next, we", "my plan", "the plan", "my approach"]),
    (Opening, Plan, &["i need to", "we need to", "i have to", "i should", "i'll", "i will"]),
    (Opening, Plan, &["let me first", "let me think", "let me start", "let me see"]),
    (Opening, Plan, &["let me try to", "let me break", "let's break"]),
    (Opening, Plan, &["let's see", "let's start", "let's think"]),
    (Opening, Plan, &["to solve", "to find", "to figure", "to do this"]),
    (Opening, Plan, &["首先", "我需要", "我们需要", "让我"]),
];

/// Words that lead in to what a step says, and say nothing themselves.
#[rustfmt::skip]
const CONNECTIVES: &[&str] = &[
    "alright", "okay", "ok", "well", "oh", "but", "so", "and", "now", "then", "yes",
    "therefore", "thus", "hence", "所以", "因此", "但是",
];

/// What a step does, as its wording shows; a derivation when it shows nothing.
pub(crate) fn classify(step: &str) -> StepKind {
    if crate::last_boxed(step).is_some() {
        return Conclusion;
    }
    let head = step
        .char_indices()
        .find(|&(at, _)| at >= HEAD)
        .map_or(step, |(at, _)| &step[..at]);
    let head = head.to_lowercase().replace('’', "'");
    let opening = skip_connectives(&head);
    let matches = |place, cue: &&str| match place {
        Opening => starts_with_word(opening, cue),
        Head => head.contains(cue),
    };
    let row = KINDS
        .iter()
        .find(|(place, _, cues)| cues.iter().any(|cue| matches(*place, cue)));
    row.map_or(Derivation, |&(_, kind, _)| kind)
}

fn skip_connectives(head: &str) -> &str {
    let mut rest = skip_marks(head);
    while let Some(word) = CONNECTIVES.iter().find(|word| starts_with_word(rest, word)) {
        rest = skip_marks(&rest[word.len()..]);
    }
    rest
}

fn skip_marks(text: &str) -> &str {
    text.trim_start_matches(|c: char| !c.is_alphanumeric())
}

/// Chinese has no spaces, so a cue that ends in another script than ASCII needs no end of word
/// after it.
fn starts_with_word(text: &str, cue: &str) -> bool {
    text.strip_prefix(cue)
        .is_some_and(|after| !cue.ends_with(is_word) || !after.starts_with(is_word))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

/// The sentence openings at which a long paragraph may be cut, with the bytes that the piece before
/// must have: few where the thought turns or ends, more where it goes on.
#[rustfmt::skip]
const CUTS: &[(usize, &[&str])] = &[
    (TURN, &["wait", "but wait", "hmm", "hold on", "alternatively", "actually", "but let me"]),
    (TURN, &["let me check", "let me verify", "let me confirm", "let me double"]),
    (TURN, &["so the answer is", "so, the answer is", "thus, the answer is"]),
    (TURN, &["therefore, the answer is", "**final answer", "等等", "不对", "但是"]),
    (MOVE, &["but", "now", "so", "therefore", "thus", "hence", "similarly", "in conclusion", "**"]),
    (MOVE, &["first", "second", "third", "next", "then", "finally", "okay", "alright"]),
    (MOVE, &["let me", "let's", "to do this"]),
    (MOVE, &["首先", "其次", "然后", "所以", "因此", "最后"]),
];
const TURN: usize = 30;
const MOVE: usize = 200;

/// Whether a long paragraph may be cut at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    No,
    /// Yes, when the piece before has at least so many bytes.
    After(usize),
    /// The text so far is too short to tell.
    Undecided,
}

/// Whether a sentence that begins so opens a new step of a long paragraph. `ended` says that no
/// more text can follow it directly.
pub(crate) fn cut_at(sentence: &str, ended: bool) -> Cut {
    let mut cut = Cut::No;
    for &(min, cues) in CUTS.iter().rev() {
        for cue in cues {
            match opens(sentence.as_bytes(), cue.as_bytes(), ended) {
                None => return Cut::Undecided,
                Some(true) => cut = Cut::After(min),
                Some(false) => {}
            }
        }
    }
    cut
}

fn opens(sentence: &[u8], cue: &[u8], ended: bool) -> Option<bool> {
    let known = sentence.len().min(cue.len());
    if !sentence[..known].eq_ignore_ascii_case(&cue[..known]) {
        return Some(false);
    }
    if known < cue.len() {
        return if ended { Some(false) } else { None };
    }
    match sentence.get(known) {
        None if !ended => None,
        Some(next) => {
            Some(!(cue[known - 1].is_ascii_alphanumeric() && next.is_ascii_alphanumeric()))
        }
        None => Some(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wordings_show_kinds() {
        for (text, kind) in [
            ("Okay, so I need to find the sum.", Plan),
            ("First, count the even ones.", Plan),
            ("Alright, let me try to figure out this problem.", Plan),
            ("Firstborn children are listed.", Derivation),
            ("If 2p = 5q, then p = (5/2)q.", Derivation),
            ("Therefore, the year must be a multiple of 7.", Derivation),
            ("Wait, so that simplifies things.", Doubt),
            ("Hmm, I’m not sure.", Doubt),
            ("But let me double-check this reasoning.", Check),
            ("Wait, let me verify that with n = 3.", Check),
            ("Wait, that’s wrong: 7 is odd.", Backtrack),
            ("Alternatively, use symmetry.", Backtrack),
            ("Therefore, the answer is 143.", Conclusion),
            ("**Final Answer**", Conclusion),
            ("So \\boxed{143}", Conclusion),
            ("I must put it within \\boxed{}.", Derivation),
            ("首先，设 x 为整数。", Plan),
            ("等等，这里有问题。", Doubt),
            ("所以答案是 5。", Conclusion),
            ("", Derivation),
            ("-- ! --", Derivation),
        ] {
            assert_eq!(classify(text), kind, "{text}");
        }
    }

    #[test]
    fn a_cut_waits_for_the_end_of_its_word() {
        assert_eq!(cut_at("Wa", false), Cut::Undecided);
        assert_eq!(cut_at("Wait", false), Cut::Undecided);
        assert_eq!(cut_at("Wait,", false), Cut::After(TURN));
        assert_eq!(cut_at("Wait", true), Cut::After(TURN));
        assert_eq!(cut_at("Waiter", false), Cut::No);
        assert_eq!(cut_at("But w", false), Cut::Undecided);
        assert_eq!(cut_at("But w", true), Cut::After(MOVE));
        assert_eq!(cut_at("But wait!", false), Cut::After(TURN));
        assert_eq!(cut_at("所以x", false), Cut::After(MOVE));
    }
}
