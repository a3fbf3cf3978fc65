use crate::sequence::Sequence;
use crate::{Ask, Engine};
use glassbox_text::{Message, Role};

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
        let sequence = Sequence::new(engine.clone());
        Session {
            engine,
            messages: Vec::new(),
            sequence,
        }
    }

    /// Prepares a question: the user's next turn.
    pub fn ask(&mut self, text: impl Into<String>) -> Ask<'_> {
        Ask::turn(self, Message::user(text))
    }

    /// Prepares the continuation of a text, without any template. The conversation is untouched.
    pub fn complete(&mut self, text: impl Into<String>) -> Ask<'_> {
        Ask::raw(self, text.into())
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

    /// The engine that this session runs on.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}
