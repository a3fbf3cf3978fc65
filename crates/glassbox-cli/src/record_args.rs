//! What is kept of replies so that they can be computed again.

use crate::{new_file, output};
use anyhow::Result;
use clap::Args;
use glassbox::{AuditLog, Engine, Reply};
use std::path::PathBuf;

/// What is written down of replies.
#[derive(Args)]
pub(crate) struct RecordArgs {
    /// Write down each reply, with all that it takes to compute it again, at the end of this log;
    /// `glassbox replay` checks it
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
}

impl RecordArgs {
    /// Whether replies need certificates.
    pub(crate) fn is_on(&self) -> bool {
        self.audit.is_some()
    }

    /// Opens what replies are written to, before there are any.
    pub(crate) fn open(&self) -> Result<Record> {
        let log = self.audit.as_ref().map(AuditLog::open).transpose()?;
        if let Some(torn) = log.as_ref().and_then(AuditLog::torn) {
            output::aside(&format!(
                "the last line of the audit log was never finished: it is in {} now",
                torn.display()
            ));
        }
        Ok(Record { log })
    }
}

/// Where replies are written down.
pub(crate) struct Record {
    log: Option<AuditLog>,
}

impl Record {
    /// Writes a reply down; when this returns, it is on the disk.
    pub(crate) fn keep(&mut self, reply: &Reply, engine: &Engine) -> Result<()> {
        if let Some(log) = &mut self.log {
            log.append(reply, engine)?;
        }
        Ok(())
    }
}

/// Writes the certificate of a reply to a new file.
pub(crate) fn certify(file: &std::path::Path, reply: &Reply, engine: &Engine) -> Result<()> {
    let certificate = reply.certificate(engine)?;
    new_file::write(file, &(serde_json::to_string(&certificate)? + "\n"))
}
