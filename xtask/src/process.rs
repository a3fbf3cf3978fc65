use anyhow::{Context as _, Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};

/// A command that runs in `root` and cannot wait for input.
pub(crate) fn command(root: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root).stdin(Stdio::null());
    command
}

/// The cargo that runs this program, so that a chosen toolchain stays chosen.
pub(crate) fn cargo(root: &Path) -> Command {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    command(root, &cargo)
}

/// Runs `command`, which writes to the terminal, and fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    eprintln!("$ {shown}");
    let status = command
        .status()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed: {status}");
    }
    Ok(())
}

/// What `command` writes to standard output; fails, with what it wrote to standard error, unless it
/// succeeds.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let shown = show(command);
    let output = command
        .output()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("`{shown}` failed: {}\n{}", output.status, stderr.trim_end());
    }
    Ok(output.stdout)
}

/// The command as a person would type it: the program without its folder.
fn show(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let mut shown = name.to_string_lossy().into_owned();
    for arg in command.get_args() {
        shown.push(' ');
        shown.push_str(&arg.to_string_lossy());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_what_it_said() {
        let root = std::env::current_dir().unwrap();
        let error = output(cargo(&root).arg("no-such-subcommand")).unwrap_err();
        let message = format!("{error:#}");
        assert!(message.contains("cargo no-such-subcommand"), "{message}");
        assert!(message.contains("no such command"), "{message}");
        let missing = run(&mut command(&root, "no-such-program")).unwrap_err();
        assert!(format!("{missing:#}").contains("cannot start `no-such-program`"));
    }
}
