use super::{AuditEntry, AuditError, AuditReader, link};
use crate::{Engine, Reply};
use blake3::Hash;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// An audit log that is open for writing, by nobody else.
#[derive(Debug)]
pub struct AuditLog {
    path: PathBuf,
    file: File,
    bytes: u64,
    lines: u64,
    hash: Hash,
    torn: Option<PathBuf>,
}

impl AuditLog {
    /// Opens a log, which is begun if it is not there, and checks all of it.
    ///
    /// A last line that was never finished, because its writer was stopped, is moved to a file
    /// beside the log, which [`torn`](Self::torn) names.
    ///
    /// # Errors
    /// A log that another process writes to, or whose chain is broken: it is left as it is.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, AuditError> {
        let path = path.as_ref();
        let io = |error| AuditError::Io {
            path: path.to_owned(),
            error,
        };
        let mut options = OpenOptions::new();
        let options = options.read(true).append(true).create(true);
        let file = options.open(path).map_err(io)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => AuditError::InUse {
                path: path.to_owned(),
            },
            TryLockError::Error(error) => io(error),
        })?;
        let mut reader = AuditReader::new(path, file.try_clone().map_err(io)?);
        let wrong = reader.by_ref().find_map(Result::err);
        let mut log = AuditLog {
            path: path.to_owned(),
            file,
            bytes: reader.whole,
            lines: reader.line(),
            hash: reader.hash(),
            torn: None,
        };
        match wrong {
            None => {}
            Some(AuditError::Torn { .. }) => log.set_tail_aside().map_err(io)?,
            Some(error) => return Err(error),
        }
        sync_folder(path);
        Ok(log)
    }

    /// Writes a reply down. When this returns, it is on the disk.
    ///
    /// # Errors
    /// A reply without a [certificate](Reply::certificate), or a file system that does not take it;
    /// the log then ends where it ended.
    pub fn append(&mut self, reply: &Reply, engine: &Engine) -> Result<(), AuditError> {
        let (before, turn) = reply.origin.turn.clone().unzip();
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        self.write(&AuditEntry {
            unix_ms: since.map_or(0, |since| since.as_millis() as u64),
            messages: before.into_iter().flatten().chain(turn).collect(),
            text: reply.text.clone(),
            certificate: reply.certificate(engine)?,
        })
    }

    fn write(&mut self, entry: &AuditEntry) -> Result<(), AuditError> {
        let entry = serde_json::to_string(entry).expect("an entry is plain data");
        let hash = link(&self.hash, entry.as_bytes());
        let line = format!("{{\"hash\":\"{hash}\",\"entry\":{entry}}}\n");
        let written = self.file.write_all(line.as_bytes());
        if let Err(error) = written.and_then(|()| self.file.sync_data()) {
            // What can't be taken back is a torn line, which the next that opens the log finds.
            let _ = self.file.set_len(self.bytes);
            return Err(AuditError::Io {
                path: self.path.clone(),
                error,
            });
        }
        self.bytes += line.len() as u64;
        self.lines += 1;
        self.hash = hash;
        Ok(())
    }

    /// Replies that are written down.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The hash of the last line. Kept elsewhere, it proves later that nothing up to here was
    /// rewritten.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// Where the line went that was found unfinished.
    pub fn torn(&self) -> Option<&Path> {
        self.torn.as_deref()
    }

    fn set_tail_aside(&mut self) -> io::Result<()> {
        let mut tail = Vec::new();
        self.file.seek(SeekFrom::Start(self.bytes))?;
        self.file.read_to_end(&mut tail)?;
        let (aside, mut file) = (1..)
            .find_map(|i| {
                let mut name = self.path.as_os_str().to_owned();
                name.push(format!(".torn-{i}"));
                match File::create_new(&name) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
                    made => Some(made.map(|file| (PathBuf::from(name), file))),
                }
            })
            .expect("there is always another number")?;
        file.write_all(&tail)?;
        file.sync_all()?;
        self.file.set_len(self.bytes)?;
        self.file.sync_all()?;
        self.torn = Some(aside);
        Ok(())
    }
}

impl Drop for AuditLog {
    fn drop(&mut self) {
        // A process that is just being started may have the file, and with it the lock, for a
        // moment longer.
        let _ = self.file.unlock();
    }
}

/// Makes the name of a new file last. Not every system can, and none needs it for what is in it.
fn sync_folder(path: &Path) {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let _ = fs::File::open(folder).and_then(|folder| folder.sync_all());
}
