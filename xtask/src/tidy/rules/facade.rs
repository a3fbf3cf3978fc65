use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

const FACADE: &str = "crates/glassbox/src/";
const MOST: usize = 500;

/// The facade stays thin: below 500 lines in all.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let files = tree
        .texts(".rs")
        .filter(|(path, _)| path.starts_with(FACADE));
    let lines: usize = files.map(|(_, text)| text.lines().count()).sum();
    if lines < MOST {
        return Vec::new();
    }
    let message = format!("the facade has {lines} lines, and stays below {MOST}");
    vec![Finding::new("crates/glassbox/src/lib.rs", 1, message)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_all_files_count() {
        let half = "x\n".repeat(MOST / 2);
        let lib = ("crates/glassbox/src/lib.rs", half.as_str());
        assert!(check(&Tree::of(&[lib])).is_empty());
        let other = ("crates/glassbox/src/a/b.rs", half.as_str());
        assert_eq!(check(&Tree::of(&[lib, other])).len(), 1);
    }
}
