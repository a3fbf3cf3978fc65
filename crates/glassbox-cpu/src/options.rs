use glassbox_core::CoreError;
use glassbox_kernels::IsaError;

/// How the CPU backend runs.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct CpuOptions {
    /// Threads that compute, this one included; as many as the machine has cores when absent.
    pub threads: Option<usize>,
    /// The kernel table by name, instead of the best or the one `GLASSBOX_ISA` names.
    pub isa: Option<String>,
    /// Keeps bf16 weights in f32, so that the activations that they meet stay f32 too. Otherwise
    /// those are rounded to bf16, for half the memory.
    pub widen_bf16: bool,
}

impl CpuOptions {
    /// Sets the number of threads.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Forces a kernel table.
    pub fn isa(mut self, name: impl Into<String>) -> Self {
        self.isa = Some(name.into());
        self
    }

    /// Keeps bf16 weights, and what they meet, in f32.
    pub fn widen_bf16(mut self, widen: bool) -> Self {
        self.widen_bf16 = widen;
        self
    }
}

/// What can go wrong on the CPU.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CpuError {
    /// A kernel table that this machine does not run.
    #[error(transparent)]
    Isa(#[from] IsaError),
    /// A weight that is not what it says.
    #[error(transparent)]
    Weight(#[from] CoreError),
    /// A number of threads that makes no sense.
    #[error("threads: {got}, expected 1 to {max}")]
    Threads {
        /// What was asked for.
        got: usize,
        /// The most that are allowed.
        max: usize,
    },
    /// The system would not start a thread.
    #[error("thread {index} did not start")]
    Spawn {
        /// Which of the team's threads.
        index: usize,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Memory for a buffer or a cache could not be had.
    #[error("{what}: {bytes} bytes of memory could not be reserved")]
    Memory {
        /// What it was for.
        what: &'static str,
        /// How much.
        bytes: usize,
    },
    /// A batch with more tokens than the buffers have rows.
    #[error("batch of {tokens} tokens, the buffers hold {rows}")]
    BatchTooLarge {
        /// Tokens in the batch.
        tokens: usize,
        /// Rows of the smallest buffer.
        rows: usize,
    },
    /// A token id beyond the embedding.
    #[error("token id {id}, the embedding has {vocab} rows")]
    TokenId {
        /// The id.
        id: u32,
        /// Rows of the embedding.
        vocab: usize,
    },
    /// A page that the cache does not have.
    #[error("page {page}, the cache has {pages}")]
    Page {
        /// The page.
        page: u32,
        /// Pages of the cache.
        pages: usize,
    },
    /// A page's bytes of the wrong length.
    #[error("page of {got} bytes, expected {expected}")]
    PageBytes {
        /// Bytes found.
        got: usize,
        /// Bytes of a page.
        expected: usize,
    },
    /// Shapes that do not fit together, or that the kernels do not take.
    #[error("{what}: {got}, expected {expected}")]
    Shape {
        /// Which operation and operand.
        what: &'static str,
        /// What was found.
        got: usize,
        /// What fits.
        expected: usize,
    },
}
