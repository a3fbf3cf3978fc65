use crate::tidy::finding::Finding;
use crate::tidy::rust_code::{code_only, words};
use crate::tidy::tree::Tree;

/// The crates that compute on whatever device they are given.
const DEVICE_FREE: &[&str] = &["crates/glassbox-models/src/", "crates/glassbox-engine/src/"];
const DEVICES: &[&str] = &["glassbox_cpu", "glassbox_cuda"];

/// The sources of `models` and `engine` name no backend. Comments may: an example in the
/// documentation has to run on one.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts(".rs") {
        if !DEVICE_FREE.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        for (line, code) in code_only(text).lines().enumerate() {
            for device in words(code).filter(|word| DEVICES.contains(word)) {
                let message = format!("this crate must not name `{device}`");
                findings.push(Finding::new(path, line + 1, message));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::shown;

    #[test]
    fn a_device_is_named_only_in_comments_and_tests() {
        let code = "// glassbox_cpu\nuse glassbox_cpu::Cpu;\n";
        let found = check(&Tree::of(&[
            ("crates/glassbox-models/src/lib.rs", code),
            ("crates/glassbox-models/tests/reference.rs", code),
            ("crates/glassbox/src/lib.rs", code),
        ]));
        let expected =
            "crates/glassbox-models/src/lib.rs:2: this crate must not name `glassbox_cpu`";
        assert_eq!(shown(&found), [expected]);
    }
}
