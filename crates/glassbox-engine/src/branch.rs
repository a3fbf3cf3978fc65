use crate::session::Lent;
use crate::{Ask, EngineError, Reply, Session};
use glassbox_sampling::Sampled;
use glassbox_text::{Special, Tokenizer};
use glassbox_trace::Step;

/// A place in a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum At {
    /// Before anything was written.
    Start,
    /// Before the token of this index.
    Token(usize),
    /// Before the step of this index.
    Step(usize),
    /// After all that was written, but for a token that ended it.
    End,
}

impl Session {
    /// Goes on from a place in an earlier reply: what was written up to there stays, and what was
    /// written after it is written anew, by other parameters or another seed.
    ///
    /// The earlier reply stays what it is. When the new one is [finished](crate::Stream::finish),
    /// the conversation is the one that ends with it.
    ///
    /// # Errors
    /// A step or a token that the reply does not have.
    pub fn fork_at(&mut self, reply: &Reply, at: At) -> Result<Ask<'_>, EngineError> {
        let cut = Cut::at(reply, at, self.engine.tokenizer()?)?;
        self.go_on(reply, cut)
    }

    /// Writes on where a reply was cut: by a limit, or a cancellation.
    pub fn resume(&mut self, reply: &Reply) -> Result<Ask<'_>, EngineError> {
        self.fork_at(reply, At::End)
    }

    /// Puts `text` in the place of a step and everything after it, and goes on from there.
    ///
    /// # Errors
    /// A step that the reply does not have.
    pub fn edit(&mut self, reply: &Reply, step: usize, text: &str) -> Result<Ask<'_>, EngineError> {
        let mut cut = Cut::at(reply, At::Step(step), self.engine.tokenizer()?)?;
        cut.text.push_str(text);
        self.go_on(reply, cut)
    }

    /// Adds `text`, such as "Wait, 7 * 6 is 42.", as a paragraph after a step, and goes on from
    /// there.
    ///
    /// # Errors
    /// A step that the reply does not have.
    pub fn insert(
        &mut self,
        reply: &Reply,
        step: usize,
        text: &str,
    ) -> Result<Ask<'_>, EngineError> {
        let mut cut = Cut::after(reply, step, self.engine.tokenizer()?)?;
        cut.text.push_str("\n\n");
        cut.text.push_str(text);
        self.go_on(reply, cut)
    }

    fn go_on(&mut self, reply: &Reply, cut: Cut) -> Result<Ask<'_>, EngineError> {
        let mut kept = reply.tokens[..cut.tokens].to_vec();
        let added = self
            .engine
            .tokenizer()?
            .encode(&cut.text, Special::AsText)?;
        kept.extend(added.into_iter().map(Sampled::given));
        Ok(Ask::again(Lent::For(self), reply.origin.clone(), kept))
    }
}

/// What is kept of a reply: some tokens, and the first part of the one after them.
struct Cut {
    tokens: usize,
    text: String,
}

impl Cut {
    fn at(reply: &Reply, at: At, tokenizer: &Tokenizer) -> Result<Self, EngineError> {
        let tokens = match at {
            At::Start => 0,
            At::Token(token) if token <= reply.tokens.len() => token,
            At::Token(token) => {
                return Err(EngineError::NoToken {
                    token,
                    tokens: reply.tokens.len(),
                });
            }
            At::Step(index) => return Cut::before(reply, index, tokenizer),
            At::End => match reply.tokens.split_last() {
                Some((last, before)) if tokenizer.roles().is_stop(last.id) => before.len(),
                _ => reply.tokens.len(),
            },
        };
        Ok(Cut {
            tokens,
            text: String::new(),
        })
    }

    /// Where the step begins, which may be within a token.
    fn before(reply: &Reply, index: usize, tokenizer: &Tokenizer) -> Result<Self, EngineError> {
        let (step, [first, _]) = place(reply, index)?;
        let piece = tokenizer.text_of(reply.tokens[first].id);
        let begins = |rest: &str| step.text.starts_with(rest) || rest.starts_with(&step.text);
        let from = boundaries(&piece).find(|&i| i < piece.len() && begins(&piece[i..]));
        let from = from.unwrap_or(0);
        Ok(Cut {
            tokens: first,
            text: piece[..from].to_owned(),
        })
    }

    /// Where the step ends, which may be within a token.
    fn after(reply: &Reply, index: usize, tokenizer: &Tokenizer) -> Result<Self, EngineError> {
        let (step, [_, end]) = place(reply, index)?;
        let last = end - 1;
        let piece = tokenizer.text_of(reply.tokens[last].id);
        let ends = |so_far: &str| step.text.ends_with(so_far) || so_far.ends_with(&step.text);
        let to = boundaries(&piece).rev().find(|&i| ends(&piece[..i]));
        match to.filter(|&to| to > 0 && to < piece.len()) {
            Some(to) => Ok(Cut {
                tokens: last,
                text: piece[..to].to_owned(),
            }),
            None => Ok(Cut {
                tokens: end,
                text: String::new(),
            }),
        }
    }
}

/// A step and its first token and the one after its last.
fn place(reply: &Reply, index: usize) -> Result<(&Step, [usize; 2]), EngineError> {
    let steps = &reply.trace.steps;
    let step = steps.get(index).and_then(|step| Some((step, step.tokens?)));
    step.map(|(step, tokens)| (step, tokens.into()))
        .ok_or(EngineError::NoStep {
            step: index,
            steps: steps.len(),
        })
}

fn boundaries(piece: &str) -> impl DoubleEndedIterator<Item = usize> {
    (0..=piece.len()).filter(|&i| piece.is_char_boundary(i))
}
