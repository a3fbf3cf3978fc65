//! Work that is done while a user types.

use glassbox::{Cancel, Session};
use std::thread::{self, JoinHandle};

/// Computes what the next question begins with, until somebody wants to ask it.
pub(super) struct Ahead {
    cancel: Cancel,
    thread: JoinHandle<()>,
}

impl Ahead {
    /// On a fork of the conversation: what it computes is found in the cache.
    pub(super) fn start(mut session: Session) -> Self {
        let cancel = Cancel::new();
        let theirs = cancel.clone();
        let thread = thread::spawn(move || {
            // Whatever goes wrong here, the question itself meets and reports.
            let _ = session.prepare(&theirs);
        });
        Ahead { cancel, thread }
    }

    pub(super) fn stop(self) {
        self.cancel.cancel();
        let _ = self.thread.join();
    }
}
