use crate::tidy::finding::Finding;
use crate::tidy::manifest::{Manifest, packages};
use crate::tidy::tree::Tree;

/// The keys of a package that are the workspace's.
const SHARED: &[&str] = &["version", "edition", "rust-version", "license"];

/// Every package has the workspace's lints, licence, version and Rust, and says what it is if it
/// can be published.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let (manifests, _) = packages(tree);
    let mut findings = Vec::new();
    for manifest in &manifests {
        for message in wrong(manifest) {
            findings.push(Finding::new(manifest.path, 1, message));
        }
    }
    findings
}

fn wrong(manifest: &Manifest<'_>) -> Vec<String> {
    let table = &manifest.table;
    let is_shared = |value: Option<&toml::Value>| {
        value.and_then(|v| v.get("workspace")?.as_bool()) == Some(true)
    };
    let package = table.get("package");
    let key = |name: &str| package.and_then(|package| package.get(name));
    let mut wrong = Vec::new();
    if !is_shared(table.get("lints")) {
        wrong.push("`[lints] workspace = true` is missing".to_owned());
    }
    for name in SHARED {
        if !is_shared(key(name)) {
            wrong.push(format!("`{name}.workspace = true` is missing"));
        }
    }
    let published = key("publish").and_then(|publish| publish.as_bool()) != Some(false);
    if published && key("description").is_none() {
        wrong.push("a crate that can be published needs a `description`".to_owned());
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::shown;

    const GOOD: &str = "\
[package]
description = \"x\"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true

[lints]
workspace = true
";

    #[test]
    fn each_missing_key_is_found() {
        let path = "crates/a/Cargo.toml";
        assert!(check(&Tree::of(&[(path, GOOD)])).is_empty());
        for (line, message) in [
            (
                "license.workspace = true\n",
                "`license.workspace = true` is missing",
            ),
            (
                "edition.workspace = true\n",
                "`edition.workspace = true` is missing",
            ),
            (
                "[lints]\nworkspace = true\n",
                "`[lints] workspace = true` is missing",
            ),
            (
                "description = \"x\"\n",
                "a crate that can be published needs a `description`",
            ),
        ] {
            let text = GOOD.replace(line, "");
            let found = check(&Tree::of(&[(path, &text)]));
            assert_eq!(shown(&found), [format!("{path}:1: {message}")]);
        }
        let private = GOOD.replace("description = \"x\"", "publish = false");
        assert!(check(&Tree::of(&[(path, &private)])).is_empty());
    }
}
