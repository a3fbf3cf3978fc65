//! The conversation as a file.

use super::tree::{Branch, Tree};
use super::{Chat, Turn};
use crate::json::{Params, ReplyJson};
use crate::{new_file, output, page};
use anyhow::{Result, bail};
use glassbox::{StopReason, Trace};
use serde::Serialize;
use std::path::Path;

#[derive(Serialize)]
struct Export<'a> {
    system: Option<&'a str>,
    turns: Vec<TurnJson<'a>>,
}

/// The reply with which the conversation goes on, and all of them where there are several.
#[derive(Serialize)]
struct TurnJson<'a> {
    #[serde(flatten)]
    reply: ReplyJson<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    branches: Vec<BranchJson<'a>>,
}

#[derive(Serialize)]
struct BranchJson<'a> {
    id: usize,
    /// The id of the branch that it left; null for the first reply.
    parent: Option<usize>,
    label: String,
    /// The index of the first step that is not the parent's.
    at_step: Option<usize>,
    current: bool,
    trace: &'a Trace,
    text: &'a str,
    stop: StopReason,
    params: &'a Params,
}

impl Chat {
    /// Writes a new file of the kind that its name ends in.
    pub(super) fn export(&self, file: &Path) -> Result<()> {
        let kind = file.extension().and_then(|extension| extension.to_str());
        let Some(kind @ ("json" | "md" | "html")) = kind else {
            bail!(
                "{}: the name must end in .md, .json or .html",
                file.display()
            );
        };
        new_file::check(file)?;
        let current = self.turn()?;
        let text = match kind {
            "json" => self.to_json()?,
            "md" => self.to_markdown(),
            _ => {
                let tree = &current.tree;
                page::page(&current.question, &tree.current().reply, &tree.for_page())
            }
        };
        new_file::write(file, &text)?;
        let what = match (kind, current.tree.branches().len()) {
            ("html", 1) => "the last reply".to_owned(),
            ("html", n) => format!("the current of {n} branches of the last reply"),
            _ if self.turns.len() == 1 => "one turn".to_owned(),
            _ => format!("{} turns", self.turns.len()),
        };
        output::aside(&format!("{what} in {}", file.display()));
        Ok(())
    }

    fn to_json(&self) -> Result<String> {
        let export = Export {
            system: self.system.as_deref(),
            turns: self.turns.iter().map(TurnJson::of).collect(),
        };
        Ok(serde_json::to_string_pretty(&export)? + "\n")
    }

    fn to_markdown(&self) -> String {
        let mut text = String::new();
        if let Some(system) = &self.system {
            heading(&mut text, "System", system);
        }
        for turn in &self.turns {
            heading(&mut text, "Question", &turn.question);
            text.push_str(&turn.tree.current().reply.trace.to_markdown());
            text.push('\n');
        }
        text
    }
}

fn heading(dst: &mut String, title: &str, quoted: &str) {
    dst.push_str(&format!("# {title}\n\n"));
    for line in quoted.lines() {
        dst.push_str(&format!("> {line}\n"));
    }
    dst.push('\n');
}

impl<'a> TurnJson<'a> {
    fn of(turn: &'a Turn) -> Self {
        let Branch { reply, params, .. } = turn.tree.current();
        TurnJson {
            reply: ReplyJson {
                model: None,
                prompt: &turn.question,
                trace: &reply.trace,
                text: &reply.text,
                stop: reply.stop(),
                usage: (&reply.usage).into(),
                params,
                setting: None,
                tokens: None,
            },
            branches: branches(&turn.tree),
        }
    }
}

/// Nothing where there is only one.
fn branches<'a>(tree: &'a Tree) -> Vec<BranchJson<'a>> {
    if tree.branches().len() == 1 {
        return Vec::new();
    }
    let branch = |(index, branch): (usize, &'a Branch)| {
        let (id, reply) = (index + 1, &branch.reply);
        BranchJson {
            id,
            parent: branch.left.map(|(parent, _)| parent + 1),
            label: branch.label(),
            at_step: branch.left.and_then(|(_, how)| how.at_step()),
            current: id == tree.current_id(),
            trace: &reply.trace,
            text: &reply.text,
            stop: reply.stop(),
            params: &branch.params,
        }
    };
    tree.branches().iter().enumerate().map(branch).collect()
}
