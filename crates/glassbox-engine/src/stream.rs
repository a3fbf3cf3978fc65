use crate::session::Lent;
use crate::writing::{Start, Writing};
use crate::{EngineError, Event, Reply, Session};
use glassbox_models::ModelError;
use glassbox_sampling::Sampled;
use glassbox_trace::StopReason;
use std::time::Instant;

/// A reply that is being written: an iterator of [`Event`]s, the last of which is
/// [`Event::Done`].
///
/// Each call of `next` computes until there is something to report. Dropping the stream stops it;
/// [`finish`](Self::finish) turns what was written, whole or not, into a [`Reply`].
pub struct Stream<'s> {
    pub(crate) session: Lent<'s>,
    pub(crate) writing: Writing,
}

impl<'s> Stream<'s> {
    pub(crate) fn new(mut session: Lent<'s>, start: Start) -> Result<Self, EngineError> {
        let mut writing = Writing::new(session.engine.clone(), start)?;
        writing.began_with(session.sequence.start(writing.ids()));
        Ok(Stream { session, writing })
    }

    /// Computes all of the prompt but its last token, whose logits nobody wants yet, and leaves the
    /// sequence to `session`.
    pub(crate) fn read_prompt(mut self, session: &mut Session) -> Result<(), EngineError> {
        let sequence = &mut self.session.sequence;
        let ids = self.writing.ids();
        let pending = &ids[sequence.ids().len()..ids.len() - 1];
        let cancel = &self.writing.cancel;
        sequence.extend(pending, pending.len(), cancel, |_, _| {})?;
        std::mem::swap(sequence, &mut session.sequence);
        Ok(())
    }

    /// What was written, as a reply. A reply that had not ended is one that was cancelled.
    ///
    /// The user's turn and the reply's content become part of the conversation, if there is any
    /// content and no error ended it.
    pub fn finish(self) -> Result<Reply, EngineError> {
        let mut session = self.session;
        let reply = self.writing.finish();
        session.remember(&reply);
        session.sequence.publish();
        Ok(reply)
    }

    /// The tokens written so far.
    pub fn tokens(&self) -> &[Sampled] {
        self.writing.tokens()
    }

    /// How many tokens are written so far.
    pub fn n_tokens(&self) -> usize {
        self.writing.n_tokens()
    }

    /// Writes one token or more, or ends the reply.
    fn step(&mut self) -> Result<(), EngineError> {
        let (sequence, writing) = (&mut self.session.sequence, &mut self.writing);
        writing.end_if_full();
        if writing.has_ended() {
            return Ok(());
        }
        let (known, began) = (writing.ids().len(), Instant::now());
        let pending = &writing.ids()[sequence.ids().len()..];
        let first = pending.len() - 1;
        let mut ids = pending.to_vec();
        let mut draft = writing.draft();
        if !draft.is_empty() && sequence.reserve(ids.len() + draft.len()).is_err() {
            // A guess is not worth a page of others.
            draft.clear();
        }
        ids.extend_from_slice(&draft);
        let cancel = writing.cancel.clone();
        let mut taken = Ok(());
        let computed = sequence.extend(&ids, first, &cancel, |row, logits| {
            // Each row follows a part of the draft, and counts if that is what was written.
            let i = row - first;
            if taken.is_ok() && writing.ids().get(known..) == Some(&draft[..i]) {
                taken = writing.take(logits);
            }
        });
        match computed {
            Ok(()) => {}
            Err(EngineError::Model(ModelError::Cancelled)) => {
                writing.end(StopReason::Cancelled);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        taken?;
        if first == 0 {
            let written = writing.ids().len().saturating_sub(known);
            writing.learn(draft.len(), written, began.elapsed());
        }
        // A draft was not right to its end, or a loop was taken back.
        if !draft.is_empty() || writing.ids().len() <= sequence.ids().len() {
            sequence.keep_common(writing.ids());
        }
        Ok(())
    }
}

impl Iterator for Stream<'_> {
    type Item = Result<Event, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(event) = self.writing.events.pop_front() {
                return Some(Ok(event));
            }
            if self.writing.has_ended() {
                return None;
            }
            if let Err(error) = self.step() {
                self.writing.fail();
                return Some(Err(error));
            }
        }
    }
}
