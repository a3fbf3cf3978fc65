use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

/// Above this a file probably holds a second idea.
const TOLD: usize = 300;
/// Above this it does.
const MOST: usize = 600;

/// A Rust file has at most 600 lines; above 300 it is told. Tests may be long.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts(".rs") {
        if path.split('/').any(|folder| folder == "tests") {
            continue;
        }
        let lines = text.lines().count();
        let finding = Finding::new(
            path,
            lines,
            format!("{lines} lines: what is the second idea?"),
        );
        if lines > MOST {
            findings.push(finding);
        } else if lines > TOLD {
            findings.push(finding.into_note());
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::Weight;

    #[test]
    fn a_long_file_is_told_and_a_very_long_one_fails() {
        let lines = |n| "x\n".repeat(n);
        let found = check(&Tree::of(&[
            ("a/short.rs", &lines(TOLD)),
            ("b/long.rs", &lines(TOLD + 1)),
            ("c/longest.rs", &lines(MOST + 1)),
            ("c/tests/longest.rs", &lines(MOST + 1)),
            ("c/longest.txt", &lines(MOST + 1)),
        ]));
        let weights: Vec<_> = found.iter().map(|finding| finding.weight).collect();
        assert_eq!(weights, [Weight::Note, Weight::Error]);
        let message = "c/longest.rs:601: 601 lines: what is the second idea?";
        assert_eq!(found[1].to_string(), message);
    }
}
