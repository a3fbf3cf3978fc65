use crate::process::{cargo, command, output, run as run_process};
use crate::{root, usage};
use anyhow::{Context as _, Result, bail};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What `cargo-fuzz` passes for coverage without a sanitizer. LLVM's pass exists in every
/// compiler, so stable Rust is enough.
const COVERAGE: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// How a target is run. An input that takes longer or more memory than this is a finding, as a
/// crash is: no input is longer than 64 KiB.
const LIMITS: &[&str] = &[
    "-max_len=65536",
    "-timeout=10",
    "-rss_limit_mb=2048",
    "-print_final_stats=1",
];

/// What to fuzz and for how long.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    /// Seconds for each target.
    pub(crate) seconds: u32,
    /// Whether AddressSanitizer watches, which needs `RUSTC_BOOTSTRAP` on a stable compiler.
    pub(crate) address_sanitizer: bool,
    /// One input to run instead of fuzzing.
    pub(crate) replay: Option<PathBuf>,
    /// The targets; all when empty.
    pub(crate) targets: Vec<String>,
}

impl Options {
    /// Every target for `seconds` each.
    pub(crate) fn all(seconds: u32) -> Self {
        Options {
            seconds,
            address_sanitizer: false,
            replay: None,
            targets: Vec::new(),
        }
    }

    /// From the arguments after `fuzz`.
    pub(crate) fn parse(args: &[&str]) -> Result<Self> {
        let mut options = Options::all(60);
        let mut args = args.iter();
        while let Some(&arg) = args.next() {
            match arg {
                "--seconds" => {
                    let value = args.next().and_then(|value| value.parse().ok());
                    options.seconds =
                        value.ok_or_else(|| usage::error("`--seconds` takes a whole number"))?;
                }
                "--address-sanitizer" => options.address_sanitizer = true,
                "--replay" => {
                    let file = args
                        .next()
                        .ok_or_else(|| usage::error("`--replay` takes a file"))?;
                    options.replay = Some(file.into());
                }
                _ if arg.starts_with('-') => {
                    return Err(usage::error(format!("`fuzz` has no option `{arg}`")));
                }
                target => options.targets.push(target.to_owned()),
            }
        }
        if options.replay.is_some() && options.targets.len() != 1 {
            return Err(usage::error("`--replay` takes one target"));
        }
        Ok(options)
    }
}

/// Builds the fuzz targets with coverage and runs them. Inputs that fail stay in
/// `fuzz/artifacts/<target>`; inputs that reach new code join `fuzz/corpus/<target>`.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let targets = choose(root, &options.targets)?;
    let built = build(root, options.address_sanitizer, &targets)?;
    if let Some(input) = &options.replay {
        let program = built.join(&targets[0]);
        return run_process(command(root, &program.to_string_lossy()).arg(input));
    }
    let mut failed = Vec::new();
    for target in &targets {
        let program = built.join(target);
        if !fuzz_one(root, target, &program, options)? {
            failed.push(target.as_str());
        }
    }
    if !failed.is_empty() {
        bail!("fuzzing failed: {}", failed.join(", "));
    }
    Ok(())
}

/// The targets named, or all those of `fuzz/Cargo.toml`.
fn choose(root: &Path, named: &[String]) -> Result<Vec<String>> {
    let manifest = fs::read_to_string(root.join("fuzz/Cargo.toml"))
        .context("fuzz/Cargo.toml cannot be read")?;
    let known = targets_of(&manifest)?;
    if let Some(unknown) = named.iter().find(|name| !known.contains(name)) {
        return Err(usage::error(format!(
            "there is no fuzz target `{unknown}`; there are {}",
            known.join(", ")
        )));
    }
    Ok(if named.is_empty() {
        known
    } else {
        named.to_vec()
    })
}

fn targets_of(manifest: &str) -> Result<Vec<String>> {
    let manifest: toml::Table = manifest.parse().context("fuzz/Cargo.toml is not TOML")?;
    let bins = manifest.get("bin").and_then(|bins| bins.as_array());
    Ok(bins
        .into_iter()
        .flatten()
        .filter_map(|bin| bin.get("name")?.as_str().map(str::to_owned))
        .collect())
}

/// Builds `targets` and returns the folder that holds the programs.
fn build(root: &Path, address_sanitizer: bool, targets: &[String]) -> Result<PathBuf> {
    let host = host(root)?;
    let mut flags: Vec<&str> = COVERAGE.to_vec();
    let mut folder = root::target_dir(root).join("fuzz");
    let mut build = cargo(root);
    if address_sanitizer {
        flags.push("-Zsanitizer=address");
        build.env("RUSTC_BOOTSTRAP", "1");
        folder = root::target_dir(root).join("fuzz-address");
    }
    // With `--target` the flags are for the targets alone: build scripts and macros run plain.
    build
        .args(["build", "--manifest-path", "fuzz/Cargo.toml", "--release"])
        .args(["--features", "libfuzzer", "--target", &host])
        .arg("--target-dir")
        .arg(&folder)
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    for target in targets {
        build.args(["--bin", target]);
    }
    run_process(&mut build)?;
    Ok(folder.join(host).join("release"))
}

/// The compiler's name of this machine.
fn host(root: &Path) -> Result<String> {
    let version = String::from_utf8(output(command(root, "rustc").arg("-vV"))?)?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("`rustc -vV` names no host")?;
    Ok(host.to_owned())
}

/// Fuzzes one target and says how it went; `false` when an input failed.
fn fuzz_one(root: &Path, target: &str, program: &Path, options: &Options) -> Result<bool> {
    let corpus = format!("fuzz/corpus/{target}");
    let artifacts = format!("fuzz/artifacts/{target}/");
    fs::create_dir_all(root.join(&corpus))?;
    fs::create_dir_all(root.join(&artifacts))?;
    // libFuzzer reports much and on standard error; only a failure is worth reading.
    let log = root.join(format!("fuzz/artifacts/{target}.log"));
    let mut fuzz: Command = command(root, &program.to_string_lossy());
    let status = fuzz
        .arg(corpus)
        .arg(format!("-artifact_prefix={artifacts}"))
        // One seed, so that the same code gives the same run again.
        .arg("-seed=1")
        .arg(format!("-max_total_time={}", options.seconds))
        .args(LIMITS)
        .stdout(File::create(&log)?)
        .stderr(File::options().append(true).open(&log)?)
        .status()
        .with_context(|| format!("the fuzz target {target} cannot be started"))?;

    let log = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    if status.success() {
        let runs = stat(&log, "stat::number_of_executed_units:").unwrap_or("?");
        let memory = stat(&log, "stat::peak_rss_mb:").unwrap_or("?");
        eprintln!("fuzz {target}: {runs} inputs, at most {memory} MiB, no failure");
        return Ok(true);
    }
    let lines: Vec<&str> = log.lines().collect();
    for line in &lines[lines.len().saturating_sub(40)..] {
        eprintln!("  {line}");
    }
    let input = stat(&log, "Test unit written to").unwrap_or("FILE");
    let sanitizer = if options.address_sanitizer {
        " --address-sanitizer"
    } else {
        ""
    };
    eprintln!(
        "fuzz {target}: failed ({status}).\n\
         Run it again:  cargo xtask fuzz{sanitizer} --replay {input} {target}\n\
         Once fixed, keep it for `cargo test`:  cp {input} fuzz/corpus/{target}/seed-WHAT-IT-WAS"
    );
    Ok(false)
}

/// The word after `key` in libFuzzer's output.
fn stat<'a>(log: &'a str, key: &str) -> Option<&'a str> {
    let (_, after) = log.rsplit_once(key)?;
    after.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let options = Options::parse(&["--seconds", "5", "gguf", "trace"]).unwrap();
        assert_eq!(options.seconds, 5);
        assert_eq!(options.targets, ["gguf", "trace"]);
        assert_eq!(Options::parse(&[]).unwrap(), Options::all(60));
        assert!(Options::parse(&["--second", "5"]).is_err());
        assert!(Options::parse(&["--replay", "file", "a", "b"]).is_err());
    }

    #[test]
    fn targets_are_the_programs_of_the_manifest() {
        let manifest = "[[bin]]\nname = \"gguf\"\n[[bin]]\nname = \"trace\"\n";
        assert_eq!(targets_of(manifest).unwrap(), ["gguf", "trace"]);
    }

    #[test]
    fn the_input_that_failed_is_found_in_the_log() {
        let log = "artifact_prefix='a/'; Test unit written to a/crash-1\nBase64: AA==\n";
        assert_eq!(stat(log, "Test unit written to"), Some("a/crash-1"));
        assert_eq!(stat(log, "stat::peak_rss_mb:"), None);
    }
}
