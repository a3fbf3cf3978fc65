use crate::test::README_COMMAND;
use crate::tidy::finding::Finding;
use crate::tidy::tree::Tree;

const README: &str = "README.md";

/// README.md gives the command that CI runs for the tests, so that a reader's first run is the
/// one that is known to pass.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.text(README) else {
        return vec![Finding::new(README, 1, "there is no README.md")];
    };
    let is_command = |line: &str| {
        line.trim()
            .trim_start_matches("$ ")
            .starts_with(README_COMMAND)
    };
    if text.lines().any(is_command) {
        return Vec::new();
    }
    let message = format!("no line of README.md is the test command, `{README_COMMAND}`");
    vec![Finding::new(README, 1, message)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_has_a_line_of_its_own() {
        let check = |text| check(&Tree::of(&[(README, text)])).len();
        assert_eq!(check("```sh\ncargo xtask test\n```\n"), 0);
        assert_eq!(check("```sh\n$ cargo xtask test   # all of them\n```\n"), 0);
        assert_eq!(check("Run cargo test.\n"), 1);
        assert_eq!(super::check(&Tree::of(&[])).len(), 1);
    }
}
