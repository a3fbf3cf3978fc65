use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

/// Wrong usage that clap cannot see: exit code 2.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// A failure that has been reported already: exit code 1 and no further word.
#[derive(Debug)]
pub(crate) struct Reported;

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("reported above")
    }
}

impl std::error::Error for Reported {}

/// Reports an error, if there is one, and gives the exit code.
pub(crate) fn code(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    // Whoever read the output has seen enough.
    let broken_pipe = |e: &(dyn std::error::Error + 'static)| {
        let io = match e.downcast_ref::<serde_json::Error>() {
            Some(json) => json.io_error_kind(),
            None => e.downcast_ref::<io::Error>().map(io::Error::kind),
        };
        io == Some(io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(broken_pipe) {
        return ExitCode::SUCCESS;
    }
    if error.is::<Reported>() {
        return ExitCode::FAILURE;
    }
    report(&error);
    match error.is::<Usage>() {
        true => ExitCode::from(2),
        false => ExitCode::FAILURE,
    }
}

/// Writes `error: …` on one line of standard error.
pub(crate) fn report(error: &anyhow::Error) {
    // Standard error may be closed; there is nobody left to tell.
    let _ = writeln!(io::stderr(), "error: {}", one_line(error));
}

/// The error and its causes; a cause that its error's text repeats is left out.
fn one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if !line.ends_with(&text) {
            if !line.is_empty() {
                line.push_str(": ");
            }
            line.push_str(&text);
        }
    }
    let mut escaped = String::new();
    for c in line.chars() {
        match c {
            '\n' => escaped.push(' '),
            c if c.is_control() => escaped.extend(c.escape_default()),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn causes_stand_once_on_one_line() {
        let inner = io::Error::other("disk\nfull\u{1b}[31m");
        let error = Err::<(), _>(inner).context("out.gguf").unwrap_err();
        assert_eq!(one_line(&error), "out.gguf: disk full\\u{1b}[31m");
        let repeated = anyhow::anyhow!("b").context("a: b");
        assert_eq!(one_line(&repeated), "a: b");
    }
}
