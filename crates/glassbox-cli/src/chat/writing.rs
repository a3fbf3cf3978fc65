//! What writes a reply: a question, and everything that goes on from one.

use super::steps::index;
use super::tree::{Branch, How, Tree};
use super::{Chat, Turn};
use crate::json::Params;
use crate::reply::{self, Print};
use crate::{missing, output};
use anyhow::{Result, bail};
use glassbox::{At, Reply, StopReason};

/// What a challenge says where the user says nothing.
const DOUBT: &str = "let me check this step again.";

impl Chat {
    pub(super) fn ask(&mut self, question: &str) -> Result<()> {
        missing::warn(self.session.engine().tokenizer()?, question);
        let params = self.params()?;
        let ask = self.guesser.help(self.session.ask(question));
        let reply = reply::write(ask, &params, Print::After(""))?;
        self.record.keep(&reply, self.session.engine())?;
        self.adopt(&reply);
        self.turns.push(Turn {
            question: question.to_owned(),
            tree: Tree::new(reply, params),
        });
        Ok(())
    }

    /// Puts a text in the place of a step and all after it.
    pub(super) fn edit(&mut self, number: usize, text: &str) -> Result<()> {
        let step = index(&self.current()?.reply, number)?;
        self.branch(How::Edited(step), text)
    }

    /// Adds a doubt after a step.
    pub(super) fn challenge(&mut self, number: usize, text: Option<&str>) -> Result<()> {
        let step = index(&self.current()?.reply, number)?;
        let text = text.unwrap_or(DOUBT);
        let text = match text
            .get(..4)
            .is_some_and(|word| word.eq_ignore_ascii_case("wait"))
        {
            true => text.to_owned(),
            false => format!("Wait, {text}"),
        };
        // What follows a whole sentence is a paragraph of its own; a part of one is gone on with.
        let text = match text.ends_with(['.', '!', '?']) {
            true => text + "\n\n",
            false => text,
        };
        self.branch(How::Challenged(step), &text)
    }

    /// Writes a step and all after it with a seed that no branch has had.
    pub(super) fn fork(&mut self, number: usize) -> Result<()> {
        let branch = self.current()?;
        let step = index(&branch.reply, number)?;
        let params = self.params()?;
        let alike = is_greedy(&params)
            && is_greedy(&branch.params)
            && params.budget() == branch.params.budget();
        if alike && is_own(&branch.reply, step) {
            bail!(
                "at temperature 0 every seed writes step {number} as it is; \
                 /temperature 0.6 lets them differ"
            );
        }
        self.branch(How::Forked(step), "")
    }

    /// Writes on where the reply was cut.
    pub(super) fn resume(&mut self) -> Result<()> {
        let reply = &self.current()?.reply;
        match reply.stop() {
            StopReason::Length if reply.usage.context_left == 0 => {
                let context = self.session.engine().context();
                bail!("the reply fills the context of {context} tokens; --context sets its size")
            }
            StopReason::Length | StopReason::Cancelled => self.branch(How::Resumed, ""),
            _ => bail!("nothing to resume: the reply came to its end"),
        }
    }

    /// Makes another branch the current one.
    pub(super) fn switch(&mut self, id: usize) -> Result<()> {
        let Some(turn) = self.turns.last_mut() else {
            bail!("no reply yet");
        };
        let branch = turn.tree.switch(id)?;
        output::aside(&format!(
            "branch {id}: {}, {}",
            branch.label(),
            branch.answer()
        ));
        if !self.session.adopt(&branch.reply) {
            output::aside(NO_CONTENT);
        }
        Ok(())
    }

    /// Goes on from the current branch. `given` is what the user says there.
    fn branch(&mut self, how: How, given: &str) -> Result<()> {
        let mut params = self.params()?;
        let Some(turn) = self.turns.last_mut() else {
            bail!("no reply yet");
        };
        let parent = turn.tree.current();
        missing::warn(self.session.engine().tokenizer()?, given);
        continued(&mut params, parent, how);
        if let How::Forked(_) = how {
            params.sampling.seed = turn.tree.unused_seed(params.sampling.seed);
        }
        let ask = match how {
            How::Edited(step) => self.session.edit(&parent.reply, step, given),
            How::Challenged(step) => self.session.insert(&parent.reply, step, given),
            How::Forked(step) => self.session.fork_at(&parent.reply, At::Step(step)),
            How::Resumed => self.session.resume(&parent.reply),
        };
        let ask = self.guesser.help(ask?);
        let reply = reply::write(ask, &params, Print::After(given))?;
        self.record.keep(&reply, self.session.engine())?;
        let from = turn.tree.current_id();
        let id = turn.tree.push(reply.clone(), params, how);
        output::aside(&format!("branch {id}, from branch {from}: {}", how.label()));
        self.adopt(&reply);
        Ok(())
    }

    /// Parameters of the next reply, with log-probabilities, which say how sure the model was.
    fn params(&self) -> Result<Params> {
        self.sampling.params(Some(0))
    }

    /// Tells what is to know of a reply, and makes it the end of the conversation.
    fn adopt(&mut self, reply: &Reply) {
        for note in reply::remarks(reply) {
            output::aside(note);
        }
        if !self.session.adopt(reply) {
            output::aside(NO_CONTENT);
        }
    }
}

const NO_CONTENT: &str = "no answer came, so this turn is not part of the conversation";

/// Changes the parameters of a reply of its own into those of one that goes on from `parent`.
fn continued(params: &mut Params, parent: &Branch, how: How) {
    params.thinking = parent.params.thinking;
    params.sampling.seed = match how {
        How::Forked(_) => params.sampling.seed,
        // What is not said anew is drawn as it was.
        _ => parent.params.sampling.seed,
    };
    // A limit counts what is kept too, and must leave room for something new.
    let written = parent.reply.tokens.len();
    params.max_tokens = params
        .max_tokens
        .map(|most| (most + written).min(MAX_TOKENS));
    let answered = parent.reply.usage.answer_tokens;
    let most = params.budget().max_answer;
    if how == How::Resumed && answered >= most {
        params.max_answer = Some((most + answered).min(MAX_TOKENS));
    }
}

/// The highest limit that an engine takes.
const MAX_TOKENS: usize = 1 << 24;

fn is_greedy(params: &Params) -> bool {
    params.sampling.temperature == 0.0 || params.sampling.top_k == 1
}

/// Whether the model chose every token of a step itself.
fn is_own(reply: &Reply, step: usize) -> bool {
    let tokens = reply.trace.steps.get(step).and_then(|step| step.tokens);
    let tokens = tokens.and_then(|tokens| reply.tokens.get(tokens.range()));
    tokens.is_some_and(|tokens| tokens.iter().all(|token| token.logprob.is_some()))
}
