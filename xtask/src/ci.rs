use crate::process::{cargo, command, output, run as run_process};
use crate::{arm, fuzz, root, test, tidy};
use anyhow::{Result, bail};
use std::path::Path;
use std::time::{Duration, Instant};

/// Seconds of fuzzing for each target.
const FUZZ_SECONDS: u32 = 10;
/// The oldest Rust that the workspace promises to build with; `rust-version` in Cargo.toml.
const MSRV: &str = "1.89";

/// How a step ended.
enum Outcome {
    Passed,
    Failed,
    /// Not run, and why: what a machine lacks is said and not failed.
    Skipped(&'static str),
}

/// What a step does; `Some` is why it did nothing.
type Step = fn(&Path) -> Result<Option<&'static str>>;

/// Quick steps first. The build comes before the tests, which use what it builds.
const STEPS: &[(&str, Step)] = &[
    ("fmt", |root| {
        run_process(cargo(root).args(["fmt", "--all", "--check"]))?;
        done(cargo(root).args(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
    }),
    ("tidy", |root| tidy::run(root).map(|()| None)),
    ("clippy", clippy),
    ("docs", |root| {
        // Only libraries: the facade and the program share the name `glassbox`.
        done(
            cargo(root)
                .args(["doc", "--workspace", "--no-deps", "--lib", "--locked"])
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    }),
    ("examples and benches", |root| {
        done(cargo(root).args([
            "build",
            "--workspace",
            "--bins",
            "--examples",
            "--benches",
            "--locked",
        ]))
    }),
    (test::README_COMMAND, |root| test::run(root).map(|()| None)),
    ("msrv", msrv),
    ("fuzz", |root| {
        fuzz::run(root, &fuzz::Options::all(FUZZ_SECONDS)).map(|()| None)
    }),
    ("arm", arm::run_if_possible),
    ("gpu", gpu),
];

/// Everything that CI checks. Every step runs, so that one run tells all that is wrong.
pub(crate) fn run(root: &Path) -> Result<()> {
    let mut results = Vec::new();
    for (name, step) in STEPS {
        eprintln!("\n== {name}");
        let start = Instant::now();
        let outcome = match step(root) {
            Ok(None) => Outcome::Passed,
            Ok(Some(why)) => Outcome::Skipped(why),
            Err(error) => {
                eprintln!("{name}: {error:#}");
                Outcome::Failed
            }
        };
        results.push((*name, start.elapsed(), outcome));
    }
    eprint!("\n{}", summary(&results));
    let failed: Vec<&str> = results
        .iter()
        .filter(|(_, _, outcome)| matches!(outcome, Outcome::Failed))
        .map(|(name, ..)| *name)
        .collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn summary(results: &[(&str, Duration, Outcome)]) -> String {
    let mut text = String::new();
    let mut total = Duration::ZERO;
    for (name, time, outcome) in results {
        let outcome = match outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed => "FAILED".to_owned(),
            Outcome::Skipped(why) => format!("skipped: {why}"),
        };
        text += &format!("{name:<22} {:>7.1} s  {outcome}\n", time.as_secs_f64());
        total += *time;
    }
    text + &format!("{:<22} {:>7.1} s\n", "total", total.as_secs_f64())
}

/// A step that is one command.
fn done(command: &mut std::process::Command) -> Result<Option<&'static str>> {
    run_process(command).map(|()| None)
}

fn clippy(root: &Path) -> Result<Option<&'static str>> {
    let all = ["clippy", "--workspace", "--all-targets", "--locked"];
    run_process(cargo(root).args(all).args(["--", "-D", "warnings"]))?;
    done(
        cargo(root)
            .args(["clippy", "--manifest-path", "fuzz/Cargo.toml", "--tests"])
            .arg("--target-dir")
            .arg(root::target_dir(root))
            .args(["--", "-D", "warnings"]),
    )
}

/// Checks the workspace with the oldest Rust, where that is installed.
fn msrv(root: &Path) -> Result<Option<&'static str>> {
    let installed = output(command(root, "rustup").args(["toolchain", "list"]));
    let installed = String::from_utf8_lossy(&installed.unwrap_or_default()).into_owned();
    let Some(toolchain) = installed
        .split_whitespace()
        .find(|name| name.starts_with(MSRV))
    else {
        return Ok(Some("the toolchain of the MSRV is not installed"));
    };
    done(
        command(root, "rustup")
            .args(["run", toolchain, "cargo", "check", "--workspace"])
            .arg("--target-dir")
            .arg(root::target_dir(root).join("msrv")),
    )
}

/// Says whether a GPU took part.
fn gpu(root: &Path) -> Result<Option<&'static str>> {
    Ok(Some(match output(command(root, "nvidia-smi").arg("-L")) {
        Ok(_) => "a GPU is present, and no test of this repository uses one yet",
        Err(_) => "this machine has no NVIDIA GPU",
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_msrv_is_the_workspaces() {
        let manifest: toml::Table = include_str!("../../Cargo.toml").parse().unwrap();
        let package = &manifest["workspace"]["package"];
        assert_eq!(package["rust-version"].as_str(), Some(MSRV));
    }

    #[test]
    fn the_summary_tells_each_step_and_the_total() {
        let second = Duration::from_secs(1);
        let text = summary(&[
            ("fmt", second, Outcome::Passed),
            ("tidy", second, Outcome::Failed),
            ("gpu", second, Outcome::Skipped("none")),
        ]);
        let lines: Vec<Vec<&str>> = text
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(lines[0], ["fmt", "1.0", "s", "passed"]);
        assert_eq!(lines[1], ["tidy", "1.0", "s", "FAILED"]);
        assert_eq!(lines[2], ["gpu", "1.0", "s", "skipped:", "none"]);
        assert_eq!(lines[3], ["total", "3.0", "s"]);
    }
}
