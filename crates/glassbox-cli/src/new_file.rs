//! Files that a command writes: whole or absent, and never in the place of another.

use anyhow::{Result, anyhow, bail};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

/// Refuses a name that is taken, before there is anything to write.
pub(crate) fn check(file: &Path) -> Result<()> {
    // A link that leads nowhere is somebody's file, too.
    if file.symlink_metadata().is_ok() {
        bail!("{}: the file exists", file.display());
    }
    Ok(())
}

/// Writes a file that is not there yet: under another name first, so that it is whole or absent.
///
/// # Errors
/// As text that names the file: an error of this file is not one of the terminal.
pub(crate) fn write(file: &Path, text: &str) -> Result<()> {
    check(file)?;
    write_and_rename(file, text).map_err(|error| anyhow!("{}: {error}", file.display()))
}

fn write_and_rename(file: &Path, text: &str) -> std::io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = Path::new(&name);
    let mut writer = OpenOptions::new().write(true).create_new(true).open(part)?;
    let written = writer
        .write_all(text.as_bytes())
        .and_then(|()| writer.sync_all())
        .and_then(|()| fs::rename(part, file));
    if written.is_err() {
        let _ = fs::remove_file(part);
    }
    written
}
