use crate::process::{command, run as run_process};
use crate::{fetch_models, python, root};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Where the generators are.
const GENERATORS: &str = "tools/fixtures";

/// Generators that need another's output or an argument, in the order in which they run. All
/// others run after these, in the order of their paths.
const FIRST: &[(&str, &[&str])] = &[
    ("models/make_models.py", &[]),
    ("models/make_gguf.py", &[]),
    ("models/check_models.py", &[]),
    (
        "models/smollm2_reference.py",
        &["models/SmolLM2-135M-Instruct.Q4_1.gguf"],
    ),
];

/// Makes every fixture again, with the packages of `tools/fixtures/requirements.txt`, and says
/// what changed.
pub(crate) fn run(root: &Path) -> Result<()> {
    fetch_models::run(root)?;
    let python = python::environment(root, &root::target_dir(root).join("fixtures-venv"))?;
    let requirements = format!("{GENERATORS}/requirements.txt");
    run_process(&mut python::pip(
        root,
        &python,
        &["install", "--quiet", "--requirement", &requirements],
    ))?;
    for (script, args) in in_order(generators(&root.join(GENERATORS))?) {
        run_process(
            command(root, &python.to_string_lossy())
                .arg(Path::new(GENERATORS).join(script))
                .args(args),
        )?;
    }
    eprintln!("What changed:");
    run_process(command(root, "git").args(["diff", "--stat", "--", "*/fixtures/*"]))?;
    run_process(command(root, "git").args(["status", "--short", "--", "*/fixtures/*"]))
}

/// The generators below `folder`, relative to it. A Python file without a `Usage:` line is a
/// module that generators share.
fn generators(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(current) = folders.pop() {
        let entries = fs::read_dir(&current)
            .with_context(|| format!("the folder {} cannot be read", current.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "py")
                && fs::read_to_string(&path)?.contains("\nUsage:")
            {
                found.push(path.strip_prefix(folder)?.to_path_buf());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Each generator with its arguments, in the order in which to run them.
fn in_order(found: Vec<PathBuf>) -> Vec<(PathBuf, &'static [&'static str])> {
    let mut steps: Vec<_> = found
        .into_iter()
        .map(|path| {
            let place = FIRST.iter().position(|(first, _)| Path::new(first) == path);
            let args = place.map_or(&[][..], |place| FIRST[place].1);
            (place.unwrap_or(FIRST.len()), path, args)
        })
        .collect();
    steps.sort();
    steps
        .into_iter()
        .map(|(_, path, args)| (path, args))
        .collect()
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
            "text/make_texts.py",
        ];
        let order: Vec<_> = in_order(found.map(PathBuf::from).to_vec())
            .into_iter()
            .map(|(path, _)| path.to_string_lossy().into_owned())
            .collect();
        let expected = [
            "models/make_models.py",
            "models/make_gguf.py",
            "models/another.py",
            "text/make_texts.py",
        ];
        assert_eq!(order, expected);
    }
}
