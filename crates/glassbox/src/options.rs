use crate::model::load_on;
use crate::{Error, Model};
use glassbox_core::KvType;
use glassbox_cpu::{Cpu, CpuOptions};
use glassbox_engine::DiskCache;
use glassbox_models::{CausalLm, Progress};
use glassbox_weights::{Checkpoint, OpenOptions};
use std::path::{Path, PathBuf};

/// How a model is opened.
///
/// ```no_run
/// let model = glassbox::ModelOptions::default().threads(2).context(8192).open("model.gguf")?;
/// # Ok::<(), glassbox::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModelOptions {
    /// Positions that a session may reach; by default the model's own context, but at most 32,768.
    pub context: Option<usize>,
    /// Positions of all sessions and of what is kept for later prompts; by default `context`.
    pub cache: Option<usize>,
    /// A place on disk for pages of the cache. Opening reads all weights once more.
    pub disk_cache: Option<DiskCache>,
    /// Whether replies can have certificates. Opening reads all weights once more.
    pub certify: bool,
    /// The type in which keys and values are kept.
    pub kv_type: KvType,
    /// Prompt tokens that are computed at once.
    pub batch: usize,
    /// Whether the files are memory-mapped, or read.
    pub mmap: bool,
    /// Threads and kernels.
    pub cpu: CpuOptions,
}

impl Default for ModelOptions {
    fn default() -> Self {
        ModelOptions {
            context: None,
            cache: None,
            disk_cache: None,
            certify: false,
            kv_type: KvType::default(),
            batch: 512,
            mmap: true,
            cpu: CpuOptions::default(),
        }
    }
}

impl ModelOptions {
    /// Sets the positions that a session may reach.
    pub fn context(mut self, positions: usize) -> Self {
        self.context = Some(positions);
        self
    }

    /// Sets the positions that the cache holds, over all sessions.
    pub fn cache(mut self, positions: usize) -> Self {
        self.cache = Some(positions);
        self
    }

    /// Keeps pages of the cache in a folder, in at most so many bytes.
    pub fn disk_cache(mut self, folder: impl Into<PathBuf>, bytes: u64) -> Self {
        self.disk_cache = Some(DiskCache::new(folder, bytes));
        self
    }

    /// Chooses whether replies can have certificates.
    pub fn certify(mut self, certify: bool) -> Self {
        self.certify = certify;
        self
    }

    /// Sets the type in which keys and values are kept.
    pub fn kv_type(mut self, kv_type: KvType) -> Self {
        self.kv_type = kv_type;
        self
    }

    /// Sets the number of threads.
    pub fn threads(mut self, threads: usize) -> Self {
        self.cpu = self.cpu.threads(threads);
        self
    }

    /// Forces a kernel table: `portable`, `avx2`, `avx512`, `neon`.
    pub fn isa(mut self, name: impl Into<String>) -> Self {
        self.cpu = self.cpu.isa(name);
        self
    }

    /// Sets the prompt tokens that are computed at once.
    pub fn batch(mut self, tokens: usize) -> Self {
        self.batch = tokens;
        self
    }

    /// Chooses between a memory map and plain reads.
    pub fn mmap(mut self, mmap: bool) -> Self {
        self.mmap = mmap;
        self
    }

    /// Opens a GGUF file or a Hugging Face directory.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Model, Error> {
        self.open_with(path, |_| true)
    }

    /// Opens the model of this crate's feature `tiny`.
    #[cfg(feature = "tiny")]
    pub fn open_tiny(&self) -> Result<Model, Error> {
        self.load(&crate::tiny::checkpoint()?, |_| true)
    }

    /// As [`open`](Self::open); `progress` is called after each tensor, and `false` cancels.
    pub fn open_with(
        &self,
        path: impl AsRef<Path>,
        progress: impl FnMut(Progress<'_>) -> bool,
    ) -> Result<Model, Error> {
        let files = OpenOptions::default().mmap(self.mmap);
        self.load(&Checkpoint::open(path, &files)?, progress)
    }

    /// Loads a model whose files are open already; `progress` is as in
    /// [`open_with`](Self::open_with).
    pub fn load(
        &self,
        checkpoint: &Checkpoint,
        progress: impl FnMut(Progress<'_>) -> bool,
    ) -> Result<Model, Error> {
        Model::load(checkpoint, self, progress)
    }

    /// Loads the network alone, without tokenizer and sessions, for a program that makes up its
    /// own batches, such as a benchmark. `progress` is as in [`open_with`](Self::open_with).
    pub fn load_lm(
        &self,
        checkpoint: &Checkpoint,
        progress: impl FnMut(Progress<'_>) -> bool,
    ) -> Result<Box<dyn CausalLm>, Error> {
        load_on(Cpu::new(&self.cpu)?, checkpoint, self, progress)
    }

    /// Makes a model load at once from now on: see [`prepare`](crate::weights::prepare). `progress`
    /// is told how many bytes of how many are done, and `false` cancels.
    pub fn prepare(
        &self,
        checkpoint: &Checkpoint,
        mut progress: impl FnMut(u64, u64) -> bool,
    ) -> Result<PathBuf, Error> {
        let mut cpu = Cpu::new(&self.cpu)?;
        Ok(glassbox_models::prepare(
            &mut cpu,
            checkpoint,
            &mut progress,
        )?)
    }
}
