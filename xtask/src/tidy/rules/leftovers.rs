use crate::tidy::finding::Finding;
use crate::tidy::rust_code::code_only;
use crate::tidy::tree::Tree;

/// What stands for work that is not done, and a test that does not run.
const LEFTOVERS: &[&str] = &["todo!", "unimplemented!", "dbg!", "#[ignore"];

/// No unfinished code, no debugging output, no test that is switched off.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts(".rs") {
        for (line, code) in code_only(text).lines().enumerate() {
            for leftover in LEFTOVERS
                .iter()
                .filter(|leftover| code.contains(**leftover))
            {
                let message = format!("`{leftover}` is left over");
                findings.push(Finding::new(path, line + 1, message));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_leftover_is_found_in_code_and_not_in_comments() {
        for leftover in LEFTOVERS {
            let text = format!("// {leftover}\n{leftover}\n");
            let found = check(&Tree::of(&[("a.rs", &text)]));
            assert_eq!(found.len(), 1);
            let expected = format!("a.rs:2: `{leftover}` is left over");
            assert_eq!(found[0].to_string(), expected);
        }
    }
}
