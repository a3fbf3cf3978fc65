use super::PageKey;
use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// What a file begins with. The last digit is the version of its layout.
const MAGIC: &[u8; 16] = b"glassbox page 1\n";
const HEAD: usize = MAGIC.len() + 32 + 32;
const CHECKSUM: usize = 32;
/// Unfinished files that are older belong to nobody.
const STALE: Duration = Duration::from_secs(600);

/// Full pages in files, so that they survive the process.
///
/// A page is one file: the magic, the format (a hash of all that decides its bits), its key, its
/// bytes, and a BLAKE3 hash of all that. It is written under another name and renamed when it is
/// whole. What fails any check is moved to `damaged/` and counts as unknown. Errors of the file
/// system are reported to `tracing` and otherwise only mean that a page is not kept.
#[derive(Debug)]
pub(crate) struct Disk {
    /// The pages of one format.
    folder: PathBuf,
    format: [u8; 32],
    page_bytes: usize,
    /// Files that it may hold.
    most: usize,
    known: Mutex<Known>,
    /// Unfinished files so far.
    n_begun: AtomicU64,
}

/// The files, the least recently used first.
#[derive(Debug, Default)]
struct Known {
    used: HashMap<PageKey, u64>,
    order: BTreeSet<(u64, PageKey)>,
    clock: u64,
}

impl Known {
    fn touch(&mut self, key: PageKey) {
        self.forget(key);
        self.clock += 1;
        self.used.insert(key, self.clock);
        self.order.insert((self.clock, key));
    }

    fn forget(&mut self, key: PageKey) {
        if let Some(at) = self.used.remove(&key) {
            self.order.remove(&(at, key));
        }
    }
}

impl Disk {
    /// The pages of `format` in `folder`, which is made if it is not there, in at most `bytes`.
    pub(crate) fn open(
        folder: &Path,
        bytes: u64,
        format: [u8; 32],
        page_bytes: usize,
    ) -> io::Result<Self> {
        let folder = folder.join(&blake3::Hash::from(format).to_hex()[..16]);
        fs::create_dir_all(&folder)?;
        let each = (HEAD + page_bytes + CHECKSUM) as u64;
        let disk = Disk {
            most: usize::try_from(bytes / each).unwrap_or(usize::MAX),
            folder,
            format,
            page_bytes,
            known: Mutex::default(),
            n_begun: AtomicU64::new(0),
        };
        disk.look()?;
        Ok(disk)
    }

    /// Learns which files there are, and removes what was never finished.
    fn look(&self) -> io::Result<()> {
        let now = SystemTime::now();
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let path = entry.path();
            let Ok(changed) = entry.metadata().and_then(|m| m.modified()) else {
                continue;
            };
            let name = path.file_stem().and_then(|stem| stem.to_str());
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("page") => {
                    files.extend(name.and_then(PageKey::from_hex).map(|k| (changed, k)))
                }
                Some("part") if now.duration_since(changed).is_ok_and(|age| age > STALE) => {
                    // Another process may have done so.
                    let _ = fs::remove_file(path);
                }
                _ => {}
            }
        }
        files.sort();
        let mut known = self.known();
        for (_, key) in files {
            known.touch(key);
        }
        self.shrink(known);
        Ok(())
    }

    /// Whether the page need not be stored.
    pub(crate) fn has(&self, key: PageKey) -> bool {
        self.known().used.contains_key(&key)
    }

    /// The bytes of a page, if they are known and whole.
    pub(crate) fn load(&self, key: PageKey) -> Option<Vec<u8>> {
        let path = self.path(key);
        let read = self.read(key, &path);
        match read {
            Ok(Some(page)) => {
                self.known().touch(key);
                // The order of use outlives the process in the times of the files.
                let now = File::options().append(true).open(&path);
                let _ = now.and_then(|file| file.set_modified(SystemTime::now()));
                Some(page)
            }
            Ok(None) => {
                self.known().forget(key);
                self.set_aside(&path);
                None
            }
            Err(error) => {
                self.known().forget(key);
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!("{}: {error}", path.display());
                }
                None
            }
        }
    }

    /// `None` where the file is not what it must be.
    fn read(&self, key: PageKey, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let len = HEAD + self.page_bytes + CHECKSUM;
        let mut bytes = Vec::with_capacity(len + 1);
        // One byte more tells a file that is too long.
        File::open(path)?
            .take(len as u64 + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() != len {
            return Ok(None);
        }
        let (body, checksum) = bytes.split_at(len - CHECKSUM);
        let whole = blake3::hash(body).as_bytes() == checksum && body[..HEAD] == self.head(key);
        bytes.truncate(len - CHECKSUM);
        Ok(whole.then(|| bytes.split_off(HEAD)))
    }

    /// Keeps a page. When this returns, it is there, unless the file system failed.
    pub(crate) fn store(&self, key: PageKey, page: &[u8]) {
        debug_assert_eq!(page.len(), self.page_bytes);
        if self.most == 0 {
            return;
        }
        match self.write(key, page) {
            Ok(()) => {
                let mut known = self.known();
                known.touch(key);
                self.shrink(known);
            }
            Err(error) => {
                tracing::warn!("a page is not kept in {}: {error}", self.folder.display())
            }
        }
    }

    fn write(&self, key: PageKey, page: &[u8]) -> io::Result<()> {
        let n = self.n_begun.fetch_add(1, Ordering::Relaxed);
        let part = format!("{}.{}-{n}.part", key.to_hex(), std::process::id());
        let part = self.folder.join(part);
        let mut body = self.head(key).to_vec();
        body.extend_from_slice(page);
        let checksum = blake3::hash(&body);
        body.extend_from_slice(checksum.as_bytes());
        let mut file = File::create(&part)?;
        let written = file
            .write_all(&body)
            .and_then(|()| fs::rename(&part, self.path(key)));
        if written.is_err() {
            let _ = fs::remove_file(&part);
        }
        written
    }

    /// Removes what was used longest ago while there is too much.
    fn shrink(&self, mut known: MutexGuard<'_, Known>) {
        while known.used.len() > self.most
            && let Some(&(_, oldest)) = known.order.first()
        {
            known.forget(oldest);
            let _ = fs::remove_file(self.path(oldest));
        }
    }

    fn set_aside(&self, path: &Path) {
        let aside = self.folder.join("damaged");
        let moved = fs::create_dir_all(&aside)
            .and_then(|()| fs::rename(path, aside.join(path.file_name().unwrap_or_default())));
        tracing::warn!("{} is damaged and not used", path.display());
        if let Err(error) = moved {
            tracing::warn!("{}: {error}", path.display());
        }
    }

    fn head(&self, key: PageKey) -> [u8; HEAD] {
        let mut head = [0; HEAD];
        let (magic, rest) = head.split_at_mut(MAGIC.len());
        magic.copy_from_slice(MAGIC);
        rest[..32].copy_from_slice(&self.format);
        rest[32..].copy_from_slice(key.as_bytes());
        head
    }

    fn path(&self, key: PageKey) -> PathBuf {
        self.folder.join(format!("{}.page", key.to_hex()))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 100;

    fn key(i: u32) -> PageKey {
        PageKey::root("").then(&[i; 64])
    }

    fn page(i: u32) -> Vec<u8> {
        (0..PAGE).map(|at| (at as u32 * 7 + i) as u8).collect()
    }

    fn open(folder: &Path, pages: usize, format: u8) -> Disk {
        let bytes = pages * (HEAD + PAGE + CHECKSUM);
        Disk::open(folder, bytes as u64, [format; 32], PAGE).unwrap()
    }

    #[test]
    fn pages_outlive_the_process_and_the_least_used_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let disk = open(folder.path(), 3, 1);
        for i in 0..4 {
            disk.store(key(i), &page(i));
            assert!(disk.has(key(i)));
        }
        assert!(!disk.has(key(0)) && disk.load(key(0)).is_none());
        assert_eq!(disk.load(key(1)), Some(page(1)));
        let again = open(folder.path(), 3, 1);
        for i in 1..4 {
            assert_eq!(again.load(key(i)), Some(page(i)), "{i}");
        }
        // Another format sees nothing of it, and a smaller budget keeps less.
        assert!(open(folder.path(), 3, 2).load(key(1)).is_none());
        let small = open(folder.path(), 1, 1);
        assert_eq!((1..4).filter(|&i| small.load(key(i)).is_some()).count(), 1);
        open(folder.path(), 0, 1).store(key(7), &page(7));
        assert!(open(folder.path(), 9, 1).load(key(7)).is_none());
    }

    #[test]
    fn what_is_damaged_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let disk = open(folder.path(), 9, 1);
        disk.store(key(1), &page(1));
        let path = disk.path(key(1));
        let whole = fs::read(&path).unwrap();
        let mut damaged: Vec<Vec<u8>> = (0..whole.len())
            .map(|at| {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << (at % 8);
                bytes
            })
            .collect();
        damaged.extend([0, 1, HEAD, whole.len() - 1].map(|len| whole[..len].to_vec()));
        damaged.push([&whole[..], &[0]].concat());
        for bytes in damaged {
            fs::write(&path, &bytes).unwrap();
            let disk = open(folder.path(), 9, 1);
            assert!(disk.load(key(1)).is_none());
            assert!(!disk.has(key(1)) && !path.exists());
            let aside = disk.folder.join("damaged").join(path.file_name().unwrap());
            assert_eq!(fs::read(aside).unwrap(), bytes);
        }
        // The page of another key under this name.
        disk.store(key(2), &page(2));
        fs::rename(disk.path(key(2)), &path).unwrap();
        assert!(disk.load(key(1)).is_none());
        disk.store(key(1), &page(1));
        assert_eq!(disk.load(key(1)), Some(page(1)));
    }

    /// The test itself in another process, which stores pages until it is killed.
    fn writer(folder: &Path, from: u32) -> std::process::Child {
        let test = "cache::disk::tests::a_killed_writer_leaves_whole_pages";
        std::process::Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--nocapture"])
            .env("GLASSBOX_TEST_WRITES_FROM", from.to_string())
            .env("GLASSBOX_TEST_WRITES_TO", folder)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    }

    #[test]
    fn a_killed_writer_leaves_whole_pages() {
        use std::io::BufRead;
        const KILLS: u32 = 100;
        const BYTES: usize = 1 << 18;
        let open = |folder: &Path| Disk::open(folder, u64::MAX, [1; 32], BYTES).unwrap();
        let page = |i: u32| page(i).into_iter().cycle().take(BYTES).collect::<Vec<u8>>();
        if let Some(folder) = std::env::var_os("GLASSBOX_TEST_WRITES_TO") {
            let from = std::env::var("GLASSBOX_TEST_WRITES_FROM").unwrap();
            let disk = open(Path::new(&folder));
            for i in from.parse().unwrap().. {
                disk.store(key(i), &page(i));
                println!("stored {i}");
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let mut next = 0;
        for kill in 0..KILLS {
            let mut writer = writer(folder.path(), next);
            let mut lines = io::BufReader::new(writer.stdout.take().unwrap()).lines();
            let stored =
                |line: io::Result<String>| line.unwrap().strip_prefix("stored ")?.parse().ok();
            // The moment moves through the writing of a page.
            let first: u32 = lines.by_ref().find_map(stored).unwrap();
            std::thread::sleep(Duration::from_micros(u64::from(kill) * 13));
            writer.kill().unwrap();
            writer.wait().unwrap();
            let last = lines.filter_map(stored).last().unwrap_or(first);
            let disk = open(folder.path());
            for i in next..=last {
                let bytes = disk.load(key(i));
                assert!(bytes == Some(page(i)), "{i} was acknowledged");
                fs::remove_file(disk.path(key(i))).unwrap();
            }
            // One more may be there. If so, it is whole.
            let beyond = disk.load(key(last + 1));
            assert!(beyond.is_none_or(|bytes| bytes == page(last + 1)));
            assert!(!disk.folder.join("damaged").exists());
            next = last + 1;
        }
        assert!(next >= KILLS);
    }

    #[test]
    fn what_was_never_finished_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let disk = open(folder.path(), 9, 1);
        let [old, new] = ["old", "new"].map(|name| disk.folder.join(format!("{name}.part")));
        fs::write(&new, "x").unwrap();
        let file = File::create(&old).unwrap();
        file.set_modified(SystemTime::now() - 2 * STALE).unwrap();
        fs::write(disk.folder.join("a stranger"), "x").unwrap();
        let disk = open(folder.path(), 9, 1);
        assert!(new.exists() && !old.exists());
        assert!(disk.folder.join("a stranger").exists());
    }
}
