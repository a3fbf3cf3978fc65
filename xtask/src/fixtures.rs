use crate::process::{command, run as run_process};
use crate::{fetch_models, python, root, usage};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Where the generators are.
const GENERATORS: &str = "tools/fixtures";

/// Files that generators read, as they stand in [`FIRST`].
const SMOLLM2: &str = "SMOLLM2.gguf";
const R1: &str = "R1.gguf";

/// Generators that need another's output or an argument, in the order in which they run. All
/// others run after these, in the order of their paths.
const FIRST: &[(&str, &[&str])] = &[
    ("models/make_models.py", &[]),
    ("models/make_gguf.py", &[]),
    ("models/check_models.py", &["--llama-cpp"]),
    ("models/smollm2_reference.py", &[SMOLLM2]),
    ("models/smollm2_reference.py", &[SMOLLM2, "--check"]),
    ("text/make_fixtures.py", &[R1, SMOLLM2]),
];

/// Makes every fixture again, with the packages of `tools/fixtures/requirements.txt`, and says
/// what changed. `r1` is a GGUF file of a DeepSeek-R1-Distill-Qwen, or the header of one; no
/// package carries it, so what needs it is left alone when it is not given.
pub(crate) fn run(root: &Path, r1: Option<&str>) -> Result<()> {
    fetch_models::run(root)?;
    let smollm2 = fetch_models::smollm2(root);
    let python = python::environment(root, &root::target_dir(root).join("fixtures-venv"))?;
    let requirements = format!("{GENERATORS}/requirements.txt");
    run_process(&mut python::pip(
        root,
        &python,
        &["install", "--quiet", "--requirement", &requirements],
    ))?;
    for (script, args) in in_order(generators(&root.join(GENERATORS))?) {
        if args.contains(&R1) && r1.is_none() {
            eprintln!(
                "{} is not run: it needs `--r1 FILE`, a GGUF file of a DeepSeek-R1-Distill-Qwen",
                script.display()
            );
            continue;
        }
        let mut generate = command(root, &python.to_string_lossy());
        generate.arg(Path::new(GENERATORS).join(script));
        for arg in args {
            match (*arg, r1) {
                (SMOLLM2, _) => generate.arg(&smollm2),
                (R1, Some(r1)) => generate.arg(r1),
                (arg, _) => generate.arg(arg),
            };
        }
        run_process(&mut generate)?;
    }
    eprintln!("What changed:");
    run_process(command(root, "git").args(["diff", "--stat", "--", "*/fixtures/*"]))?;
    run_process(command(root, "git").args(["status", "--short", "--", "*/fixtures/*"]))
}

/// The argument after `--r1`, if these are the arguments.
pub(crate) fn parse<'a>(args: &[&'a str]) -> Result<Option<&'a str>> {
    match args {
        [] => Ok(None),
        ["--r1", file] => Ok(Some(file)),
        _ => Err(usage::error("`fixtures` takes `--r1 FILE` or nothing")),
    }
}

/// The generators below `folder`, relative to it. A Python file whose name starts with an
/// underscore is a module that generators share.
fn generators(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(current) = folders.pop() {
        let entries = fs::read_dir(&current)
            .with_context(|| format!("the folder {} cannot be read", current.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "py")
                && !entry.file_name().to_string_lossy().starts_with('_')
            {
                found.push(path.strip_prefix(folder)?.to_path_buf());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Each run of a generator with its arguments, in order.
fn in_order(found: Vec<PathBuf>) -> Vec<(PathBuf, &'static [&'static str])> {
    let first = FIRST
        .iter()
        .map(|(path, args)| (PathBuf::from(path), *args));
    let mut runs: Vec<_> = first.filter(|(path, _)| found.contains(path)).collect();
    let rest = found.into_iter().map(|path| (path, &[][..]));
    let is_first = |path: &Path| FIRST.iter().any(|(first, _)| Path::new(first) == path);
    runs.extend(rest.filter(|(path, _)| !is_first(path)));
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependent_generators_run_in_order_and_the_rest_by_path() {
        let found = [
            "models/another.py",
            "models/make_gguf.py",
            "models/make_models.py",
            "models/smollm2_reference.py",
            "text/make_texts.py",
        ];
        let order: Vec<_> = in_order(found.map(PathBuf::from).to_vec())
            .into_iter()
            .map(|(path, _)| path.to_string_lossy().into_owned())
            .collect();
        let expected = [
            "models/make_models.py",
            "models/make_gguf.py",
            "models/smollm2_reference.py",
            "models/smollm2_reference.py",
            "models/another.py",
            "text/make_texts.py",
        ];
        assert_eq!(order, expected);
    }
}
