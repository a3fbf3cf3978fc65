use anyhow::{Context as _, Result, bail};
use std::fs::File;
use std::io::{self, Read as _};

/// The most bytes of text that are read; a reply of 32,768 tokens has some 150 KB.
const MAX: u64 = 64 << 20;

/// The text of a file, or of standard input for `-`.
pub(crate) fn read_text(path: &str) -> Result<String> {
    let (name, bytes) = match path {
        "-" => ("standard input", read(io::stdin().lock())),
        _ => (path, File::open(path).and_then(read)),
    };
    let bytes = bytes.with_context(|| name.to_owned())?;
    if bytes.len() as u64 > MAX {
        bail!("{name}: larger than the limit of {MAX} bytes");
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let byte = error.as_bytes()[at];
        anyhow::anyhow!("{name}: not UTF-8, byte {byte:#04x} at offset {at}")
    })
}

/// An argument as it is, or standard input for `-`, whose last line end is not part of the text.
pub(crate) fn argument_or_stdin(argument: &str) -> Result<String> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut text = read_text("-")?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

fn read(source: impl io::Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
