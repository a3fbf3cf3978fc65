//! The kernels' tests on an ARM machine, which QEMU plays.

use crate::process::{cargo, command, output, run as run_process};
use anyhow::{Result, bail};
use std::path::Path;

/// Linked by the toolchain alone, and complete in one file: neither asks for a system of that machine.
const TARGET: &str = "aarch64-unknown-linux-musl";
const EMULATOR: &str = "qemu-aarch64";

/// Runs them, and fails where it cannot.
pub(crate) fn run(root: &Path) -> Result<()> {
    match run_if_possible(root)? {
        Some(why) => bail!(why),
        None => Ok(()),
    }
}

/// Runs them; `Some` is what this machine lacks for it.
pub(crate) fn run_if_possible(root: &Path) -> Result<Option<&'static str>> {
    if output(command(root, EMULATOR).arg("--version")).is_err() {
        return Ok(Some("qemu-aarch64 (Debian's qemu-user) is not installed"));
    }
    if output(command(root, "rustup").args(["target", "add", TARGET])).is_err() {
        return Ok(Some("rustup cannot add aarch64-unknown-linux-musl"));
    }
    run_process(
        cargo(root)
            .args(["test", "-p", "glassbox-kernels", "--locked"])
            .args(["--target", TARGET])
            .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER", "rust-lld")
            .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUNNER", EMULATOR),
    )?;
    Ok(None)
}
