use anyhow::{Context as _, Result};
use std::path::{Path, PathBuf};

/// The root of the repository: the nearest folder, from the current one up, with both a
/// `Cargo.toml` and an `xtask`.
///
/// The current folder decides, and not where this program was compiled, so that a built program
/// works in a checkout that was moved.
pub(crate) fn find() -> Result<PathBuf> {
    let here = std::env::current_dir().context("the current folder cannot be read")?;
    here.ancestors()
        .find(|dir| dir.join("Cargo.toml").is_file() && dir.join("xtask/Cargo.toml").is_file())
        .map(Path::to_path_buf)
        .context("not inside a checkout of glassbox")
}

/// Where cargo puts what it builds for this workspace.
pub(crate) fn target_dir(root: &Path) -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root.join(dir),
        None => root.join("target"),
    }
}
