use crate::sequence::Sequence;
use crate::{Ask, Cancel, Engine, EngineError, Reply};
use glassbox_text::{Message, PromptOptions, Role};
use glassbox_trace::StopReason;
use std::ops::{Deref, DerefMut};

/// One conversation with a model.
///
/// Past turns are kept without their reasoning, as the R1 template wants them.
#[derive(Debug)]
pub struct Session {
    pub(crate) engine: Engine,
    pub(crate) messages: Vec<Message>,
    pub(crate) sequence: Sequence,
}

impl Session {
    pub(crate) fn new(engine: Engine) -> Self {
        let sequence = Sequence::new(engine.clone(), "");
        Session {
            engine,
            messages: Vec::new(),
            sequence,
        }
    }

    /// Prepares a question: the user's next turn.
    pub fn ask(&mut self, text: impl Into<String>) -> Ask<'_> {
        Ask::turn(Lent::For(self), Message::user(text))
    }

    /// Prepares the continuation of a text, without any template. The conversation is untouched.
    pub fn complete(&mut self, text: impl Into<String>) -> Ask<'_> {
        Ask::raw(Lent::For(self), text.into())
    }

    /// As [`ask`](Self::ask), with the session inside the question: for a thread or a
    /// [`Group`](crate::Group) that outlives the caller.
    pub fn into_ask(self, text: impl Into<String>) -> Ask<'static> {
        Ask::turn(Lent::Own(Box::new(self)), Message::user(text))
    }

    /// Another session with the same conversation. The two share what is in the cache, until one
    /// of them goes on.
    pub fn fork(&self) -> Session {
        Session {
            engine: self.engine.clone(),
            messages: self.messages.clone(),
            sequence: self.sequence.fork(),
        }
    }

    /// Adds a message to the conversation without asking for a reply, such as a system prompt or
    /// a turn from an earlier conversation. (R1 is best without a system prompt.)
    pub fn push(&mut self, role: Role, text: impl Into<String>) -> &mut Self {
        self.messages.push(Message::new(role, text));
        self
    }

    /// The conversation so far.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Forgets the conversation; what the next one shares with it stays in the cache.
    pub fn clear(&mut self) {
        self.messages.clear();
    }

    /// Makes the conversation the one that ends with `reply`, such as an earlier branch; where that
    /// has no content or an error ended it, the one before its question. Returns whether the reply
    /// is part of it now. A reply that belongs to no conversation, one of
    /// [`complete`](Self::complete), changes nothing.
    pub fn adopt(&mut self, reply: &Reply) -> bool {
        let Some((before, _)) = &reply.origin.turn else {
            return false;
        };
        self.messages.clone_from(before);
        self.remember(reply);
        self.messages.len() > before.len()
    }

    /// Computes what every next question begins with, as while a user is still typing: past turns
    /// stand without their reasoning, so that all after the first that had one has another place
    /// than when it was written, and must be computed again. Returns how many tokens that took.
    ///
    /// # Errors
    /// As [`Ask::stream`], and [`ModelError::Cancelled`](glassbox_models::ModelError::Cancelled);
    /// what was computed until then is kept.
    pub fn prepare(&mut self, cancel: &Cancel) -> Result<usize, EngineError> {
        let chat = self.engine.chat()?;
        let prompt = |question: &str| {
            let mut messages = self.messages.clone();
            messages.push(Message::user(question));
            chat.prompt(&messages, &PromptOptions::default())
        };
        let (a, b) = (prompt("What")?.ids, prompt("How")?.ids);
        let known = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
        if known >= self.engine.context() {
            return Ok(0);
        }
        let from = self.sequence.start(&a[..known]);
        let pending = &a[from..known];
        let computed = self
            .sequence
            .extend(pending, pending.len(), cancel, |_, _| {});
        self.sequence.publish();
        computed.map(|()| pending.len())
    }

    /// Shares cached prompts with sessions of the same tenant only. All sessions are of the tenant
    /// `""` until they are told otherwise.
    pub fn set_tenant(&mut self, tenant: &str) -> &mut Self {
        self.sequence = Sequence::new(self.engine.clone(), tenant);
        self
    }

    /// The engine that this session runs on.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

impl Session {
    /// Makes the conversation what it is after `reply`, if that has content and no error ended it.
    pub(crate) fn remember(&mut self, reply: &Reply) {
        if reply.trace.stop == StopReason::Failed {
            return;
        }
        if let (Some((before, turn)), Some(content)) = (&reply.origin.turn, &reply.trace.content) {
            self.messages.clone_from(before);
            self.messages.push(turn.clone());
            self.messages
                .push(Message::new(Role::Assistant, content.clone()));
        }
    }
}

/// A session that somebody works with.
pub(crate) enum Lent<'s> {
    For(&'s mut Session),
    Own(Box<Session>),
}

impl Deref for Lent<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        match self {
            Lent::For(session) => session,
            Lent::Own(session) => session,
        }
    }
}

impl DerefMut for Lent<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        match self {
            Lent::For(session) => session,
            Lent::Own(session) => session,
        }
    }
}
