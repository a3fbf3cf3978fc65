//! The rules of the repository that no compiler knows. Each rule is a function from the files to
//! what it found; all rules run before any of them fails.

mod finding;
mod manifest;
mod rules;
mod rust_code;
mod tree;

use anyhow::{Result, bail};
use finding::{Finding, Weight};
use std::path::Path;
use tree::Tree;

/// A rule, and the name by which CONTRIBUTING.md speaks of it.
type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: &[(&str, Rule)] = &[
    ("arrows", rules::arrows::check),
    ("devices", rules::devices::check),
    ("unsafe places", rules::unsafe_places::check),
    ("safety comments", rules::safety_comments::check),
    ("file sizes", rules::file_sizes::check),
    ("leftovers", rules::leftovers::check),
    ("facade", rules::facade::check),
    ("manifests", rules::manifests::check),
    ("big files", rules::big_files::check),
    ("private names", rules::private_names::check),
    ("links", rules::links::check),
    ("readme", rules::readme::check),
];

/// Applies every rule to the files that git tracks or would track.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tree = Tree::read(root)?;
    let mut errors = 0;
    for (name, rule) in RULES {
        for finding in rule(&tree) {
            match finding.weight {
                Weight::Error => {
                    errors += 1;
                    eprintln!("{finding} [{name}]");
                }
                Weight::Note => eprintln!("{finding} [{name}, a note]"),
            }
        }
    }
    match errors {
        0 => {
            eprintln!("tidy: {} rules hold", RULES.len());
            Ok(())
        }
        1 => bail!("tidy: one finding"),
        n => bail!("tidy: {n} findings"),
    }
}
