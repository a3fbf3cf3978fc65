//! What a line asks for.

use super::settings::Setting;
use super::steps::Which;
use crate::output;
use anyhow::{Result, anyhow, bail};
use std::path::Path;
use std::str::FromStr;

/// How each command is written, and what it does.
const HELP: &[[&str; 2]] = &[
    [
        "/steps [N|all]",
        "the steps of the reply, by their first lines, or in full",
    ],
    [
        "/why",
        "what the answer rests on, and what speaks against it",
    ],
    [
        "/edit N TEXT",
        "put TEXT in the place of step N and all after it, and go on from there",
    ],
    [
        "/challenge N [TEXT]",
        "add \"Wait, TEXT\" after step N, and go on from there",
    ],
    [
        "/fork N",
        "write step N and all after it anew, with another seed",
    ],
    ["/resume", "write on where the reply was cut"],
    [
        "/branches",
        "all replies to this question, and where each left another",
    ],
    [
        "/branch ID",
        "make another one the current reply; the conversation goes on with it",
    ],
    [
        "/diff A [B]",
        "two branches, step by step; the current one where B is left out",
    ],
    ["/think on|off|N", "reason, do not, or for at most N tokens"],
    ["/budget N", "the same as /think N, for N from 1 on"],
    ["/temperature T", "0 always takes the most likely token"],
    [
        "/system TEXT",
        "start again with a system prompt; without a text, with none",
    ],
    ["/clear", "start again"],
    ["/usage", "what the replies took"],
    [
        "/export FILE",
        "the conversation (.md, .json), or the reply as a page (.html)",
    ],
    ["/quit", "end"],
];

pub(super) enum Command<'a> {
    Nothing,
    Quit,
    Help,
    Clear,
    Usage,
    System(Option<&'a str>),
    Set(Setting),
    Ask(&'a str),
    Edit(usize, &'a str),
    Challenge(usize, Option<&'a str>),
    Fork(usize),
    Resume,
    Branches,
    Branch(usize),
    Steps(Which),
    Diff(usize, Option<usize>),
    Why,
    Export(&'a Path),
}

/// Every command in aligned columns.
pub(super) fn help() -> String {
    let rows: Vec<_> = HELP.iter().map(|row| row.map(str::to_owned)).collect();
    output::columns(&rows)
}

impl<'a> Command<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// A line that begins with `/` and is no command, or lacks what its command needs.
    pub(super) fn parse(line: &'a str) -> Result<Self> {
        let line = line.trim();
        if !line.starts_with('/') {
            return Ok(match line {
                "" => Command::Nothing,
                question => Command::Ask(question),
            });
        }
        let (word, rest) = split(line);
        let alone = |command| match rest {
            None => Ok(command),
            Some(_) => Err(anyhow!("{line}: {word} stands alone")),
        };
        match word {
            "/quit" | "/exit" => alone(Command::Quit),
            "/help" => alone(Command::Help),
            "/clear" => alone(Command::Clear),
            "/usage" => alone(Command::Usage),
            "/resume" => alone(Command::Resume),
            "/branches" => alone(Command::Branches),
            "/why" => alone(Command::Why),
            "/system" => Ok(Command::System(rest)),
            "/think" => Ok(Command::Set(Setting::Think(value(
                word,
                rest,
                "on, off or a number",
            )?))),
            "/budget" => Ok(Command::Set(Setting::Budget(value(
                word,
                rest,
                "a number of tokens",
            )?))),
            "/temperature" => Ok(Command::Set(Setting::Temperature(value(
                word, rest, "a number",
            )?))),
            "/steps" => Ok(Command::Steps(match rest {
                None => Which::FirstLines,
                Some("all") => Which::All,
                step => Which::One(value(word, step, STEP)?),
            })),
            "/edit" => match step_and_text(word, rest)? {
                (step, Some(text)) => Ok(Command::Edit(step, text)),
                (step, None) => bail!("{word} {step}: a text is missing, as in {word} {step} TEXT"),
            },
            "/challenge" => {
                let (step, text) = step_and_text(word, rest)?;
                Ok(Command::Challenge(step, text))
            }
            "/fork" => Ok(Command::Fork(value(word, rest, STEP)?)),
            "/branch" => Ok(Command::Branch(value(word, rest, BRANCH)?)),
            "/diff" => {
                let (old, new) = match rest.map(split) {
                    None => (None, None),
                    Some((old, new)) => (Some(old), new),
                };
                let new = new.map(|new| value(word, Some(new), BRANCH)).transpose()?;
                Ok(Command::Diff(value(word, old, BRANCH)?, new))
            }
            "/export" => match rest {
                Some(file) => Ok(Command::Export(Path::new(file))),
                None => bail!("/export needs a file name that ends in .md, .json or .html"),
            },
            _ => bail!("{line}: no such command; /help lists them"),
        }
    }
}

const STEP: &str = "the number of a step";
const BRANCH: &str = "the id of a branch, which /branches shows";

/// The first word and what follows it, if anything does.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) => (word, Some(rest.trim_start())),
        None => (text, None),
    }
}

/// What a command needs, of the kind that `expected` says.
fn value<T: FromStr>(word: &str, given: Option<&str>, expected: &str) -> Result<T> {
    let Some(given) = given else {
        bail!("{word} needs {expected}");
    };
    let parsed = given.parse();
    parsed.map_err(|_| anyhow!("{word} {given}: expected {expected}"))
}

fn step_and_text<'a>(word: &str, rest: Option<&'a str>) -> Result<(usize, Option<&'a str>)> {
    let (step, text) = match rest.map(split) {
        None => (None, None),
        Some((step, text)) => (Some(step), text),
    };
    Ok((value(word, step, STEP)?, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(line: &str) -> String {
        match Command::parse(line) {
            Ok(_) => panic!("{line} is a command"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_text_is_all_that_follows_its_step() {
        let edit = Command::parse("  /edit 3\t So  it is /quit 4.  ").unwrap();
        assert!(matches!(edit, Command::Edit(3, "So  it is /quit 4.")));
        let challenge = Command::parse("/challenge 12").unwrap();
        assert!(matches!(challenge, Command::Challenge(12, None)));
        assert!(matches!(
            Command::parse("/diff 1  2"),
            Ok(Command::Diff(1, Some(2)))
        ));
        assert!(matches!(
            Command::parse("/diff 7"),
            Ok(Command::Diff(7, None))
        ));
        assert!(matches!(
            Command::parse("What is 1/2?"),
            Ok(Command::Ask("What is 1/2?"))
        ));
    }

    #[test]
    fn what_is_wrong_with_a_line_is_named() {
        for (line, message) in [
            ("/edit", "/edit needs the number of a step"),
            ("/edit 3", "/edit 3: a text is missing, as in /edit 3 TEXT"),
            ("/edit x y", "/edit x: expected the number of a step"),
            ("/fork -1", "/fork -1: expected the number of a step"),
            (
                "/diff",
                "/diff needs the id of a branch, which /branches shows",
            ),
            (
                "/diff 1 2 3",
                "/diff 2 3: expected the id of a branch, which /branches shows",
            ),
            ("/quit now", "/quit now: /quit stands alone"),
            ("/Steps", "/Steps: no such command; /help lists them"),
            (
                "/export",
                "/export needs a file name that ends in .md, .json or .html",
            ),
        ] {
            assert_eq!(error(line), message);
        }
    }

    #[test]
    fn help_is_aligned_and_names_every_command_that_is_parsed() {
        let help = help();
        let column = help.lines().next().unwrap().find("the steps").unwrap();
        for line in help.lines() {
            let (word, _) = split(line);
            assert!(
                Command::parse(word).map_or_else(
                    |error| !error.to_string().contains("no such command"),
                    |_| true
                ),
                "{word}"
            );
            assert!(
                line[..column].ends_with("  ") && !line[column..].starts_with(' '),
                "{line}"
            );
        }
        assert_eq!(help.lines().count(), 17);
    }
}
