//! A conversation: lines in, replies and what the commands say out.

use crate::json::{Params, ReplyJson};
use crate::sampling_args::{SamplingArgs, Think};
use crate::{missing, output, reply};
use anyhow::{Result, anyhow, bail};
use glassbox::{Model, Reply, Role, Session};
use serde::Serialize;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

const HELP: &str = "\
/think on|off|N   reason, do not, or for at most N tokens
/system TEXT      start again with a system prompt; without a text, with none
/clear            start again
/usage            what the replies took
/export FILE      the conversation with its reasoning, as Markdown (.md) or JSON (.json)
/quit             end";

/// What a line asks the loop to do.
pub(crate) enum Flow {
    Go,
    Quit,
}

pub(crate) struct Chat {
    session: Session,
    sampling: SamplingArgs,
    system: Option<String>,
    turns: Vec<Turn>,
}

struct Turn {
    question: String,
    reply: Reply,
    params: Params,
}

#[derive(Serialize)]
struct Export<'a> {
    system: Option<&'a str>,
    turns: Vec<ReplyJson<'a>>,
}

impl Chat {
    pub(crate) fn new(model: &Model, sampling: SamplingArgs, system: Option<String>) -> Self {
        let mut chat = Chat {
            session: model.session(),
            sampling,
            system,
            turns: Vec::new(),
        };
        chat.restart();
        chat
    }

    /// Answers a line, or does what it commands.
    ///
    /// # Errors
    /// Whatever went wrong with this line; the conversation is as it was.
    pub(crate) fn line(&mut self, line: &str) -> Result<Flow> {
        let line = line.trim();
        let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match (command, rest) {
            ("", _) => {}
            ("/quit" | "/exit", "") => return Ok(Flow::Quit),
            ("/help", "") => output::aside(HELP),
            ("/clear", "") => self.restart(),
            ("/usage", "") => self.usage(),
            ("/think", _) => match rest.parse::<Think>() {
                Ok(think) => self.sampling.think = think,
                Err(expected) => bail!("/think {rest}: {expected}"),
            },
            ("/system", _) => {
                self.system = (!rest.is_empty()).then(|| rest.to_owned());
                self.restart();
            }
            ("/export", "") => bail!("/export needs a file name that ends in .md or .json"),
            ("/export", file) => self.export(Path::new(file))?,
            (word, _) if word.starts_with('/') => {
                bail!("{line}: no such command; /help lists them")
            }
            _ => self.ask(line)?,
        }
        Ok(Flow::Go)
    }

    fn ask(&mut self, question: &str) -> Result<()> {
        missing::warn(self.session.engine().tokenizer()?, question);
        let params = self.sampling.params(None)?;
        let reply = reply::write(self.session.ask(question), &params, false)?;
        for note in reply::remarks(&reply) {
            output::aside(note);
        }
        if reply.trace.content.is_none() {
            output::aside("no answer came, so this turn is not part of the conversation");
        }
        self.turns.push(Turn {
            question: question.to_owned(),
            reply,
            params,
        });
        Ok(())
    }

    fn restart(&mut self) {
        self.session.clear();
        self.turns.clear();
        if let Some(system) = &self.system {
            self.session.push(Role::System, system.as_str());
        }
    }

    fn usage(&self) {
        let Some(last) = self.turns.last() else {
            output::aside("no replies yet");
            return;
        };
        let sum = |of: fn(&Turn) -> usize| self.turns.iter().map(of).sum::<usize>();
        output::aside(&format!(
            "last reply: {}\n{} in all: {} thinking · {} answer",
            reply::usage_line(&last.reply.usage),
            self.turns.len(),
            sum(|t| t.reply.usage.thinking_tokens),
            sum(|t| t.reply.usage.answer_tokens),
        ));
    }

    fn export(&self, file: &Path) -> Result<()> {
        let text = match file.extension().and_then(|e| e.to_str()) {
            Some("json") => self.to_json()?,
            Some("md") => self.to_markdown(),
            _ => bail!("{}: the name must end in .md or .json", file.display()),
        };
        // As text: an error of the export file is not one of the terminal, which ends the chat.
        write_new(file, &text).map_err(|error| anyhow!("{}: {error}", file.display()))?;
        output::aside(&format!("{} turns in {}", self.turns.len(), file.display()));
        Ok(())
    }

    fn to_json(&self) -> Result<String> {
        let turns = self.turns.iter().map(|turn| ReplyJson {
            model: None,
            prompt: &turn.question,
            trace: &turn.reply.trace,
            text: &turn.reply.text,
            stop: turn.reply.stop(),
            usage: (&turn.reply.usage).into(),
            params: &turn.params,
            setting: None,
            tokens: None,
        });
        let export = Export {
            system: self.system.as_deref(),
            turns: turns.collect(),
        };
        Ok(serde_json::to_string_pretty(&export)? + "\n")
    }

    fn to_markdown(&self) -> String {
        let system = self
            .system
            .iter()
            .map(|text| ("System", text.as_str(), None));
        let turns = self
            .turns
            .iter()
            .map(|turn| ("Question", turn.question.as_str(), Some(&turn.reply)));
        let mut text = String::new();
        for (title, quoted, reply) in system.chain(turns) {
            text.push_str(&format!("# {title}\n\n"));
            for line in quoted.lines() {
                text.push_str(&format!("> {line}\n"));
            }
            text.push('\n');
            if let Some(reply) = reply {
                text.push_str(&reply.trace.to_markdown());
                text.push('\n');
            }
        }
        text
    }
}

/// Writes a file that is not there yet: under another name first, so that it is whole or absent.
fn write_new(file: &Path, text: &str) -> Result<()> {
    if file.exists() {
        bail!("the file exists");
    }
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
    Ok(written?)
}
