/// How to open a checkpoint.
///
/// ```
/// use glassbox_weights::OpenOptions;
/// let options = OpenOptions::default().mmap(false);
/// assert!(!options.mmap);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenOptions {
    /// Map files into memory (the default) rather than read each tensor into memory of its own.
    ///
    /// Mapped files open at once, share pages between processes, and must not be shortened while
    /// in use. A file of prepared weights beside them ([`prepare`](crate::prepare)) is looked for
    /// only then, and must not be either. Plain reads copy, and a file that shrinks under them gives an error.
    pub mmap: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        OpenOptions { mmap: true }
    }
}

impl OpenOptions {
    /// Sets [`mmap`](Self::mmap).
    pub fn mmap(mut self, mmap: bool) -> Self {
        self.mmap = mmap;
        self
    }
}
