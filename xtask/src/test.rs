use crate::process::{cargo, run as run_process};
use crate::{fetch_models, root};
use anyhow::Result;
use std::path::Path;

/// The command that README.md gives for the tests; `tidy` checks that it does.
pub(crate) const README_COMMAND: &str = "cargo xtask test";

/// Every test of the repository: the workspace, and the inputs that fuzzing starts from or has
/// found. The model that some tests run is fetched first.
pub(crate) fn run(root: &Path) -> Result<()> {
    fetch_models::run(root)?;
    // One failure hides no other.
    let workspace = run_process(cargo(root).args(["test", "--workspace", "--no-fail-fast"]));
    // The fuzz crate is a workspace of its own, whose dependencies the first step has built.
    let fuzz = run_process(
        cargo(root)
            .args(["test", "--manifest-path", "fuzz/Cargo.toml"])
            .arg("--target-dir")
            .arg(root::target_dir(root)),
    );
    workspace.and(fuzz)
}
