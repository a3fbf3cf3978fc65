use crate::tidy::finding::Finding;
use crate::tidy::manifest::{Manifest, packages};
use crate::tidy::tree::Tree;

/// What each crate may depend on among the crates of this repository.
const ARROWS: &[(&str, &[&str])] = &[
    ("glassbox-core", &[]),
    ("glassbox-kernels", &["glassbox-core"]),
    ("glassbox-cpu", &["glassbox-core", "glassbox-kernels"]),
    ("glassbox-cuda", &["glassbox-core"]),
    ("glassbox-weights", &["glassbox-core"]),
    ("glassbox-models", &["glassbox-core", "glassbox-weights"]),
    ("glassbox-text", &[]),
    ("glassbox-sampling", &[]),
    ("glassbox-trace", &[]),
    (
        "glassbox-engine",
        &[
            "glassbox-core",
            "glassbox-models",
            "glassbox-text",
            "glassbox-sampling",
            "glassbox-trace",
        ],
    ),
    ("glassbox-tiny", &[]),
    (
        "glassbox",
        &[
            "glassbox-core",
            "glassbox-kernels",
            "glassbox-cpu",
            "glassbox-cuda",
            "glassbox-weights",
            "glassbox-models",
            "glassbox-text",
            "glassbox-sampling",
            "glassbox-trace",
            "glassbox-engine",
            "glassbox-tiny",
        ],
    ),
    ("glassbox-cli", &["glassbox"]),
    // An example shows what a program does that embeds the facade.
    ("examples", &["glassbox"]),
    // A random model has a model's geometry and a file's blocks.
    (
        "xtask",
        &[
            "glassbox-core",
            "glassbox-models",
            "glassbox-sampling",
            "glassbox-weights",
        ],
    ),
];

/// The packages whose own dependencies are free: benchmarks measure every crate.
const FREE: &[&str] = &["benches"];

/// What nobody's tests may depend on: tests below the facade do without it.
const ABOVE_TESTS: &[&str] = &["glassbox", "glassbox-cli"];

/// Crates depend only along the arrows of ARCHITECTURE.md. Dev-dependencies are wider, because
/// the tests of a model need a backend: they may point to any crate below the facade, or along an
/// arrow.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let (manifests, mut findings) = packages(tree);
    for manifest in &manifests {
        if FREE.contains(&manifest.folder) {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == manifest.folder) else {
            let message = format!(
                "`{}` has no arrows: add them to ARCHITECTURE.md and to xtask's arrows.rs",
                manifest.folder
            );
            findings.push(Finding::new(manifest.path, 1, message));
            continue;
        };
        check_one(manifest, allowed, &mut findings);
    }
    findings
}

fn check_one(manifest: &Manifest<'_>, allowed: &[&str], findings: &mut Vec<Finding>) {
    for (kind, name) in dependencies(&manifest.table) {
        let known = ARROWS.iter().any(|(known, _)| *known == name);
        let wide = kind == "dev-dependencies" && !ABOVE_TESTS.contains(&name);
        if known && !wide && !allowed.contains(&name) {
            let message = format!("`{}` must not depend on `{name}` ({kind})", manifest.folder);
            findings.push(Finding::new(manifest.path, manifest.line_of(name), message));
        }
    }
}

/// The kind and the package name of every dependency, those for some targets only included.
fn dependencies(table: &toml::Table) -> Vec<(&'static str, &str)> {
    let targets = table.get("target").and_then(|t| t.as_table());
    let targets = targets.into_iter().flat_map(|t| t.values());
    let tables: Vec<&toml::Table> = std::iter::once(table)
        .chain(targets.filter_map(|t| t.as_table()))
        .collect();
    let mut found = Vec::new();
    for kind in ["dependencies", "build-dependencies", "dev-dependencies"] {
        for table in &tables {
            let listed = table.get(kind).and_then(|d| d.as_table());
            for (key, value) in listed.into_iter().flatten() {
                let renamed = value.get("package").and_then(|p| p.as_str());
                found.push((kind, renamed.unwrap_or(key)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::finding::shown;

    fn check_core(name: &str, text: &str) -> Vec<String> {
        let path = format!("crates/{name}/Cargo.toml");
        shown(&check(&Tree::of(&[(&path, text)])))
    }

    #[test]
    fn an_arrow_the_wrong_way_is_found_in_every_table() {
        let wrong = "crates/glassbox-core/Cargo.toml:2: \
                     `glassbox-core` must not depend on `glassbox-cpu` (dependencies)";
        let plain = "[dependencies]\nglassbox-cpu.workspace = true";
        assert_eq!(check_core("glassbox-core", plain), [wrong]);
        for text in [
            "[build-dependencies]\nglassbox-cpu.workspace = true",
            "[target.'cfg(unix)'.dependencies]\nglassbox-cpu.workspace = true",
            "[dependencies]\nother = { package = \"glassbox-cpu\", path = \"\" }",
        ] {
            assert_eq!(check_core("glassbox-core", text).len(), 1, "{text}");
        }
    }

    #[test]
    fn tests_may_use_a_backend_and_not_the_facade() {
        let dev = "[dev-dependencies]\nglassbox-cpu.workspace = true";
        assert!(check_core("glassbox-models", dev).is_empty());
        let facade = "[dev-dependencies]\nglassbox.workspace = true";
        assert_eq!(check_core("glassbox-models", facade).len(), 1);
        assert!(check_core("glassbox-cli", facade).is_empty());
    }

    #[test]
    fn arrows_and_other_crates_are_allowed_and_an_unknown_package_is_not() {
        let fine = "[dependencies]\nglassbox-core.workspace = true\nserde = \"1\"";
        assert!(check_core("glassbox-weights", fine).is_empty());
        assert_eq!(check_core("glassbox-new", "").len(), 1);
        assert_eq!(check_core("glassbox-core", "[").len(), 1);
    }
}
