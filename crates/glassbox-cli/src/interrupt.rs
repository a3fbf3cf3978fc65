//! Ctrl-C: stops the reply that is being written, and the program when there is none.

use glassbox::Cancel;
use std::process;
use std::sync::{Mutex, PoisonError};

/// What a shell reports of a program that an interrupt ended.
const INTERRUPTED: i32 = 130;

static CURRENT: Mutex<Option<Cancel>> = Mutex::new(None);

/// Takes over the signal. From then on [`current`] decides what it stops.
pub(crate) fn install() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        let current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            // A second Ctrl-C, or nothing to stop.
            Some(cancel) if cancel.is_cancelled() => process::exit(INTERRUPTED),
            Some(cancel) => cancel.cancel(),
            None => process::exit(INTERRUPTED),
        }
    })?;
    Ok(())
}

/// A switch that Ctrl-C throws until the guard is dropped.
pub(crate) fn guard() -> Guard {
    let cancel = Cancel::new();
    set(Some(cancel.clone()));
    Guard { cancel }
}

pub(crate) struct Guard {
    pub(crate) cancel: Cancel,
}

impl Drop for Guard {
    fn drop(&mut self) {
        set(None);
    }
}

fn set(cancel: Option<Cancel>) {
    *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = cancel;
}
