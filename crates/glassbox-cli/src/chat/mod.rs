//! A conversation at a terminal: lines in, replies and what the commands say out.
//!
//! A question has a tree of replies: the first one, and the branches that a user made of it by
//! going on from one of its steps in another way. One of them is the current one, with which the
//! conversation goes on. Steps and branches are numbered from 1.

mod ahead;
mod command;
mod difference;
mod export;
mod settings;
mod steps;
mod tree;
mod why;
mod writing;

use crate::record_args::Record;
use crate::sampling_args::SamplingArgs;
use crate::session_args::Guesser;
use crate::{output, reply};
use ahead::Ahead;
use anyhow::{Context as _, Result};
use command::Command;
use glassbox::{Model, Role, Session};
use tree::{Branch, Tree};

/// What a line asks the loop to do.
pub(crate) enum Flow {
    Go,
    Quit,
}

pub(crate) struct Chat {
    session: Session,
    sampling: SamplingArgs,
    guesser: Guesser,
    record: Record,
    system: Option<String>,
    turns: Vec<Turn>,
    ahead: Option<Ahead>,
}

/// A question and its replies.
struct Turn {
    question: String,
    tree: Tree,
}

impl Chat {
    pub(crate) fn new(
        model: &Model,
        sampling: SamplingArgs,
        guesser: Guesser,
        record: Record,
        system: Option<String>,
    ) -> Self {
        let mut chat = Chat {
            session: model.session(),
            sampling,
            guesser,
            record,
            system,
            turns: Vec::new(),
            ahead: None,
        };
        chat.restart();
        chat
    }

    /// Answers a line, or does what it commands.
    ///
    /// # Errors
    /// Whatever went wrong with this line; the conversation is as it was.
    pub(crate) fn line(&mut self, line: &str) -> Result<Flow> {
        if let Some(ahead) = self.ahead.take() {
            ahead.stop();
        }
        match Command::parse(line)? {
            Command::Nothing => {}
            Command::Quit => return Ok(Flow::Quit),
            Command::Help => output::aside(&command::help()),
            Command::Clear => self.restart(),
            Command::System(text) => {
                self.system = text.map(str::to_owned);
                self.restart();
            }
            Command::Usage => self.usage(),
            Command::Set(setting) => self.set(setting)?,
            Command::Ask(question) => self.ask(question)?,
            Command::Edit(step, text) => self.edit(step, text)?,
            Command::Challenge(step, text) => self.challenge(step, text)?,
            Command::Fork(step) => self.fork(step)?,
            Command::Resume => self.resume()?,
            Command::Branch(id) => self.switch(id)?,
            Command::Steps(which) => output::show(&steps::list(&self.current()?.reply, which)?)?,
            Command::Branches => output::show(&self.turn()?.tree.listing())?,
            Command::Diff(old, new) => self.diff(old, new)?,
            Command::Why => output::show(&why::explain(&self.current()?.reply)?)?,
            Command::Export(file) => self.export(file)?,
        }
        Ok(Flow::Go)
    }

    /// Prepares the next turn until the next line comes.
    pub(crate) fn work_ahead(&mut self) {
        self.ahead = Some(Ahead::start(self.session.fork()));
    }

    fn restart(&mut self) {
        self.session.clear();
        self.turns.clear();
        if let Some(system) = &self.system {
            self.session.push(Role::System, system.as_str());
        }
    }

    /// The current question.
    fn turn(&self) -> Result<&Turn> {
        self.turns.last().context("no reply yet")
    }

    /// The current reply.
    fn current(&self) -> Result<&Branch> {
        Ok(self.turn()?.tree.current())
    }

    fn diff(&self, old: usize, new: Option<usize>) -> Result<()> {
        let tree = &self.turn()?.tree;
        let new = match new {
            Some(new) => tree.get(new)?,
            None => tree.current(),
        };
        let (old, new) = (&tree.get(old)?.reply.trace, &new.reply.trace);
        Ok(output::show(&difference::list(old, new))?)
    }

    fn usage(&self) {
        let Some(turn) = self.turns.last() else {
            output::aside("no reply yet");
            return;
        };
        let (mut replies, mut thinking, mut answer, mut kept) = (0, 0, 0, 0);
        for branch in self.turns.iter().flat_map(|turn| turn.tree.branches()) {
            let usage = &branch.reply.usage;
            replies += 1;
            thinking += usage.thinking_tokens;
            answer += usage.answer_tokens;
            kept += usage.kept_tokens;
        }
        let kept = match kept {
            0 => String::new(),
            kept => format!(" · {kept} of them kept of earlier replies"),
        };
        output::aside(&format!(
            "last reply: {}\n{replies} in all: {thinking} thinking · {answer} answer{kept}",
            reply::usage_line(&turn.tree.current().reply.usage),
        ));
    }
}
