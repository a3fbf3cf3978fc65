use crate::process::{command, output, run};
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The name of Python 3 on this machine.
fn python3(root: &Path) -> Result<&'static str> {
    let is_3 = "import sys; sys.exit(sys.version_info[0] != 3)";
    ["python3", "python"]
        .into_iter()
        .find(|name| output(command(root, name).args(["-c", is_3])).is_ok())
        .context("Python 3 is needed, and neither `python3` nor `python` is it")
}

/// A Python that has pip: the system's, or that of a fresh environment in `scratch`.
///
/// Some systems ship Python without pip, but with what makes an environment that has it.
pub(crate) fn with_pip(root: &Path, scratch: &Path) -> Result<PathBuf> {
    let python = python3(root)?;
    if output(command(root, python).args(["-m", "pip", "--version"])).is_ok() {
        return Ok(python.into());
    }
    let Ok(python) = environment(root, &scratch.join("python")) else {
        bail!(
            "pip is needed to fetch the model, and `{python} -m pip` does not run; \
             install pip (on Debian and Ubuntu the package python3-pip) and try again"
        );
    };
    Ok(python)
}

/// The Python of the environment at `path`, which is made if it is not there.
pub(crate) fn environment(root: &Path, path: &Path) -> Result<PathBuf> {
    let python = if cfg!(windows) {
        path.join("Scripts").join("python.exe")
    } else {
        path.join("bin").join("python")
    };
    if !python.is_file() {
        run(command(root, python3(root)?).args(["-m", "venv"]).arg(path))?;
    }
    Ok(python)
}

/// `python -m pip <args>` that neither asks nor talks of its own updates. Where packages come
/// from is pip's own configuration.
pub(crate) fn pip(root: &Path, python: &Path, args: &[&str]) -> Command {
    let mut command = command(root, &python.to_string_lossy());
    command
        .args(["-m", "pip", "--disable-pip-version-check", "--no-input"])
        .args(args);
    command
}
