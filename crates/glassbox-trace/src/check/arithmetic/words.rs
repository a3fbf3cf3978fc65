//! Which words change the numbers beside them, and which are only prose.
//!
//! Tables; a word that a checker was wrong about is a new entry.

/// After a number these are never its unit: they begin the rest of the sentence.
#[rustfmt::skip]
const PROSE: &[&str] = &[
    "a", "also", "an", "and", "are", "as", "because", "but", "by", "can", "equals", "for", "from",
    "gives", "good", "hence", "holds", "if", "in", "is", "it", "matches", "meaning", "no", "not",
    "now", "on", "or", "right", "since", "so", "still", "that", "the", "then", "there", "therefore",
    "this", "thus", "to", "wait", "was", "we", "when", "where", "which", "while", "will", "with",
    "yes", "yields",
];

/// Beside a number these make another number of it.
#[rustfmt::skip]
const MODIFIERS: &[&str] = &[
    "abs", "am", "arccos", "arcsin", "arctan", "base", "billion", "by", "ceil", "choose", "cos",
    "cosine", "cot", "cubed", "cube", "det", "divided", "double", "dozen", "exp", "factorial",
    "floor", "gcd", "gross", "half", "halves", "hcf", "hundred", "hundredths", "k", "lcm", "less",
    "ln", "log", "max", "million", "min", "minus", "mod", "modulo", "multiplied", "negative", "of",
    "over", "pair", "pairs", "percent", "plus", "pm", "point", "quarter", "quarters", "r", "rem",
    "remainder", "root", "score", "sec", "sin", "sine", "sqrt", "squared", "tan", "tangent",
    "tens", "tenths", "third", "thirds", "thousand", "times", "to", "trillion", "triple",
    "twice",
];

/// A "… of" that only names the expression after it.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "answer", "area", "calculation", "cost", "difference", "distance", "perimeter", "price",
    "product", "quotient", "result", "sum", "total", "value", "volume",
];

/// Words in the clause of an equation that is perhaps not asserted.
#[rustfmt::skip]
const UNASSERTED: &[&str] = &[
    "assume", "assuming", "can't", "cannot", "claim", "claimed", "claims", "contradiction",
    "doesn't", "does", "false", "if", "impossible", "incorrect", "instead", "isn't", "mistake",
    "never", "not", "rather", "said", "suppose", "thought", "unless", "whether", "wrong", "wrote",
    "不", "如果", "假设",
];

/// Words of a text in which `=` or the digits mean something else.
#[rustfmt::skip]
const FOREIGN: &[&str] = &[
    "binary", "bitwise", "congruent", "hex", "hexadecimal", "mod", "modular", "modulo", "modulus",
    "o'clock", "octal", "xor", "模", "进制", "余",
];

/// Units that may touch their number. Of one letter there are none: those are unknowns.
#[rustfmt::skip]
const TOUCHING: &[&str] = &[
    "cm", "dm", "ft", "gb", "hr", "hrs", "kb", "kg", "km", "kmh", "kw", "lb", "lbs", "mb", "mg",
    "mi", "min", "mins", "ml", "mm", "mph", "ms", "oz", "secs", "yd",
];

/// Units of one letter, which may follow a number after a space.
const LETTERS: &[&str] = &[
    "A", "C", "F", "J", "K", "L", "N", "V", "W", "g", "h", "l", "m", "s",
];

fn lists(table: &[&str], word: &str) -> bool {
    table.iter().any(|entry| entry.eq_ignore_ascii_case(word))
}

/// A letter of a script without spaces, in which a word is a whole clause.
pub(super) fn is_chinese(c: char) -> bool {
    c >= '\u{2e80}'
}

fn in_chinese(word: &str) -> bool {
    word.contains(is_chinese)
}

const CHINESE_MODIFIERS: &[char] = &[
    '一', '二', '三', '四', '五', '六', '七', '八', '九', '十', '百', '千', '万', '亿', '半', '倍',
    '分', '加', '减', '乘', '除', '余', '的', '负', '第', '根', '方', '不',
];

/// Whether a word beside a number makes another number of it, or may.
pub(super) fn modifies(word: &str) -> bool {
    match in_chinese(word) {
        true => word.contains(CHINESE_MODIFIERS),
        // One letter is an unknown.
        false => lists(MODIFIERS, word) || is_unknown(word),
    }
}

/// A name of something unknown: one letter, or letters with a digit or an underscore.
pub(super) fn is_unknown(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some() && letters.next().is_none() && !in_chinese(word)
        || word.contains(|c: char| c == '_' || c.is_ascii_digit())
}

/// Whether a number may touch the end of a word and be no part of it.
pub(super) fn may_touch(word: &str) -> bool {
    in_chinese(word)
}

/// Whether a word after a number can be its unit.
pub(super) fn is_unit(word: &str, touches: bool) -> bool {
    match touches && !in_chinese(word) {
        true => lists(TOUCHING, word),
        false if word.len() == 1 => LETTERS.contains(&word),
        false => !lists(PROSE, word) && !modifies(word),
    }
}

/// Whether "`word` of" only names what follows.
pub(super) fn names_expression(word: &str) -> bool {
    lists(NAMES, word)
}

/// Whether a word in a clause leaves open that its equation is asserted.
pub(super) fn unasserts(word: &str) -> bool {
    match in_chinese(word) {
        true => UNASSERTED
            .iter()
            .any(|entry| in_chinese(entry) && word.contains(entry)),
        false => lists(UNASSERTED, word),
    }
}

/// Whether a word says that `=` or the digits mean something else in this text.
pub(super) fn is_foreign(word: &str) -> bool {
    match in_chinese(word) {
        true => FOREIGN
            .iter()
            .any(|entry| in_chinese(entry) && word.contains(entry)),
        false => lists(FOREIGN, word),
    }
}

/// Units that differ by a plural alone are one.
pub(super) fn same_unit(a: &str, b: &str) -> bool {
    let singular = |unit: &str| {
        let unit = unit.trim().trim_end_matches('.').to_lowercase();
        let stem = unit.strip_suffix("es").or_else(|| unit.strip_suffix('s'));
        stem.map_or_else(|| unit.clone(), str::to_owned)
    };
    a == b || singular(a) == singular(b)
}
