use crate::tidy::finding::Finding;
use crate::tidy::rust_code::{code_only, words};
use crate::tidy::tree::Tree;

/// Where `unsafe` may stand.
const ALLOWED: &[&str] = &[
    "crates/glassbox-kernels/",
    "crates/glassbox-cuda/",
    "crates/glassbox-cpu/src/team.rs",
    "crates/glassbox-weights/src/map.rs",
];
/// The crates with such a place; all others forbid `unsafe` altogether.
const CRATES: &[&str] = &[
    "crates/glassbox-kernels/",
    "crates/glassbox-cuda/",
    "crates/glassbox-cpu/",
    "crates/glassbox-weights/",
];
/// The names of a crate's first file, from the crate's folder.
const ROOTS: &[&str] = &["/src/lib.rs", "/src/main.rs"];

/// `unsafe` stands only in the kernels, the CUDA crate, the thread team and the memory map. Every
/// other crate says `#![forbid(unsafe_code)]`, and those say `#![deny(unsafe_code)]` or the same.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts(".rs") {
        let code = code_only(text);
        if !starts_with_any(path, ALLOWED) {
            for (line, code) in code.lines().enumerate() {
                if words(code).any(|word| word == "unsafe") {
                    findings.push(Finding::new(path, line + 1, "`unsafe` has no place here"));
                }
            }
        }
        if ROOTS.iter().any(|root| path.ends_with(root)) {
            let forbids = code.contains("#![forbid(unsafe_code)]");
            let denies = code.contains("#![deny(unsafe_code)]");
            if starts_with_any(path, CRATES) {
                if !forbids && !denies {
                    findings.push(Finding::new(path, 1, "`#![deny(unsafe_code)]` is missing"));
                }
            } else if !forbids {
                findings.push(Finding::new(
                    path,
                    1,
                    "`#![forbid(unsafe_code)]` is missing",
                ));
            }
        }
    }
    findings
}

fn starts_with_any(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| path.starts_with(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::shown;

    #[test]
    fn unsafe_outside_its_places_is_found() {
        let code = "// unsafe\nlet s = \"unsafe\";\nunsafe { f() }\n";
        let found = check(&Tree::of(&[
            ("crates/glassbox-kernels/src/arch/x86_64.rs", code),
            ("crates/glassbox-cpu/src/team.rs", code),
            ("crates/glassbox-cpu/src/backend.rs", code),
        ]));
        let expected = "crates/glassbox-cpu/src/backend.rs:3: `unsafe` has no place here";
        assert_eq!(shown(&found), [expected]);
    }

    #[test]
    fn every_crate_forbids_or_denies() {
        let found = check(&Tree::of(&[
            ("crates/glassbox-cpu/src/lib.rs", "#![deny(unsafe_code)]"),
            ("crates/glassbox-kernels/src/lib.rs", ""),
            ("crates/glassbox-text/src/lib.rs", "#![deny(unsafe_code)]"),
            ("crates/glassbox-core/src/lib.rs", "#![forbid(unsafe_code)]"),
            ("xtask/src/main.rs", "// #![forbid(unsafe_code)]"),
        ]));
        let expected = [
            "crates/glassbox-kernels/src/lib.rs:1: `#![deny(unsafe_code)]` is missing",
            "crates/glassbox-text/src/lib.rs:1: `#![forbid(unsafe_code)]` is missing",
            "xtask/src/main.rs:1: `#![forbid(unsafe_code)]` is missing",
        ];
        assert_eq!(shown(&found), expected);
    }
}
