use super::Engine;
use crate::process::{cargo, run as run_process};
use crate::root;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// Builds the programs of these engines; gives each with its path.
///
/// Engines that choose instructions when they are compiled get this machine's, which is the best
/// that a user of theirs can have. glassbox chooses when it runs and is built as everybody gets it.
pub(super) fn all(root: &Path, engines: &[Engine]) -> Result<Vec<(Engine, PathBuf)>> {
    let mut programs = Vec::new();
    for native in [false, true] {
        let features: Vec<&str> = engines
            .iter()
            .filter(|engine| engine.native == native)
            .map(|engine| engine.feature)
            .collect();
        if features.is_empty() {
            continue;
        }
        let folder = root::target_dir(root).join(if native { "peers-native" } else { "peers" });
        let mut build = cargo(root);
        build
            .args(["build", "--release"])
            .args(["--manifest-path", "benches/peers/Cargo.toml"])
            .args(["--features", &features.join(",")])
            .arg("--target-dir")
            .arg(&folder)
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        // GCC 12 takes what configures the tiles of AMX for unused and leaves it out; llama.cpp then
        // ends by a signal.
        for flags in ["CFLAGS", "CXXFLAGS"] {
            if std::env::var_os(flags).is_none() {
                build.env(flags, "-fno-tree-dse -fno-dse");
            }
        }
        match native {
            true => build.env("RUSTFLAGS", "-C target-cpu=native"),
            false => build.env_remove("RUSTFLAGS"),
        };
        run_process(&mut build)?;
        for engine in engines.iter().filter(|engine| engine.native == native) {
            let program = format!("peer-{}{}", engine.feature, std::env::consts::EXE_SUFFIX);
            programs.push((*engine, folder.join("release").join(program)));
        }
    }
    Ok(programs)
}
