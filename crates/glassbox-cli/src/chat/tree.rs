//! The replies to one question: a tree, in which a branch goes on from a place in another one.

use crate::json::Params;
use crate::output::{columns, short};
use crate::reply;
use anyhow::{Result, bail};
use glassbox::Reply;
use glassbox::trace;

/// A reply, and how it came to be.
pub(super) struct Branch {
    pub(super) reply: Reply,
    pub(super) params: Params,
    /// The branch that it left, by its index, and how; nothing for the first reply.
    pub(super) left: Option<(usize, How)>,
}

/// How a branch left another one; steps are counted from 0.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum How {
    /// A text in the place of a step.
    Edited(usize),
    /// A text after a step.
    Challenged(usize),
    /// The same step with another seed.
    Forked(usize),
    /// From where it was cut.
    Resumed,
}

impl How {
    /// The first step that is not the parent's, where there is one.
    pub(super) fn at_step(self) -> Option<usize> {
        match self {
            How::Edited(step) | How::Forked(step) => Some(step),
            How::Challenged(step) => Some(step + 1),
            How::Resumed => None,
        }
    }

    /// In words, with steps counted from 1.
    pub(super) fn label(self) -> String {
        match self {
            How::Edited(step) => format!("step {} edited", step + 1),
            How::Challenged(step) => format!("step {} challenged", step + 1),
            How::Forked(step) => format!("step {} written anew", step + 1),
            How::Resumed => "resumed".to_owned(),
        }
    }
}

impl Branch {
    pub(super) fn label(&self) -> String {
        match self.left {
            Some((_, how)) => how.label(),
            None => "first reply".to_owned(),
        }
    }

    /// The answer in a few words.
    pub(super) fn answer(&self) -> String {
        /// Characters of an answer.
        const MOST: usize = 40;
        match self.reply.answer() {
            Some(answer) => format!("answer {}", short(answer, MOST)),
            None => "no answer".to_owned(),
        }
    }

    fn size(&self) -> String {
        let mut size = format!("{} tokens", self.reply.tokens.len());
        if let kept @ 1.. = self.reply.usage.kept_tokens {
            size.push_str(&format!(", {kept} of them kept"));
        }
        if let Some(cut) = reply::cut(&self.reply) {
            size.push_str(&format!(", {cut}"));
        }
        size
    }
}

/// All replies to a question, in the order in which they were written. There is at least one.
pub(super) struct Tree {
    branches: Vec<Branch>,
    current: usize,
}

impl Tree {
    pub(super) fn new(reply: Reply, params: Params) -> Self {
        let branch = Branch {
            reply,
            params,
            left: None,
        };
        Tree {
            branches: vec![branch],
            current: 0,
        }
    }

    /// Adds a branch that left the current one, as the current one, and returns its id.
    pub(super) fn push(&mut self, reply: Reply, params: Params, how: How) -> usize {
        self.branches.push(Branch {
            reply,
            params,
            left: Some((self.current, how)),
        });
        self.current = self.branches.len() - 1;
        self.branches.len()
    }

    pub(super) fn branches(&self) -> &[Branch] {
        &self.branches
    }

    pub(super) fn current(&self) -> &Branch {
        &self.branches[self.current]
    }

    pub(super) fn current_id(&self) -> usize {
        self.current + 1
    }

    /// The branch of an id, from 1.
    pub(super) fn get(&self, id: usize) -> Result<&Branch> {
        let branch = id.checked_sub(1).and_then(|index| self.branches.get(index));
        match (branch, self.branches.len()) {
            (Some(branch), _) => Ok(branch),
            (None, 1) => bail!("no branch {id}: this question has one reply, branch 1"),
            (None, n) => bail!("no branch {id}: this question has {n}, counted from 1"),
        }
    }

    /// Makes the branch of an id the current one.
    pub(super) fn switch(&mut self, id: usize) -> Result<&Branch> {
        self.get(id)?;
        self.current = id - 1;
        Ok(self.current())
    }

    /// The first seed, from this one on, that no branch was written with.
    pub(super) fn unused_seed(&self, mut seed: u64) -> u64 {
        let used = |seed| self.branches.iter().any(|b| b.params.sampling.seed == seed);
        while used(seed) {
            seed = seed.wrapping_add(1);
        }
        seed
    }

    /// A line a branch, each below the one that it left; the current one is marked.
    pub(super) fn listing(&self) -> String {
        /// Deeper branches are not moved further to the right.
        const DEEPEST: usize = 12;
        let rows: Vec<_> = self
            .preorder()
            .into_iter()
            .map(|(index, depth)| {
                let branch = &self.branches[index];
                let mark = if index == self.current { "*" } else { " " };
                [
                    format!(
                        "{mark} {:depth$}{}",
                        "",
                        index + 1,
                        depth = 2 * depth.min(DEEPEST)
                    ),
                    branch.label(),
                    branch.answer(),
                    branch.size(),
                ]
            })
            .collect();
        columns(&rows)
    }

    /// The branches with each one's own after it, and how deep they stand.
    fn preorder(&self) -> Vec<(usize, usize)> {
        let mut order = Vec::new();
        let mut stack = vec![(0, 0)];
        while let Some((index, depth)) = stack.pop() {
            order.push((index, depth));
            let children = self.branches.iter().enumerate().rev();
            let children = children.filter(|(_, b)| b.left.is_some_and(|(from, _)| from == index));
            stack.extend(children.map(|(child, _)| (child, depth + 1)));
        }
        order
    }

    /// The tree as a page shows it.
    pub(super) fn for_page(&self) -> Vec<trace::Branch> {
        let branch = |(index, branch): (usize, &Branch)| trace::Branch {
            parent: branch.left.map(|(parent, _)| parent),
            at_step: branch.left.and_then(|(_, how)| how.at_step()),
            label: format!("{}: {}", index + 1, branch.label()),
            answer: branch.reply.answer().map(str::to_owned),
            shown: index == self.current,
        };
        self.branches.iter().enumerate().map(branch).collect()
    }
}
