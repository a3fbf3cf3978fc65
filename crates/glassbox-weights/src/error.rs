use crate::config::ConfigError;
use crate::gguf::{GgufError, Value};
use crate::quantize::{ConvertError, EncodeProblem};
use crate::safetensors::{IndexError, SafeTensorsError};
use crate::sniff::Foreign;
use glassbox_core::{CoreError, DType};
use std::fmt;
use std::path::PathBuf;

/// What can go wrong with weights.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The operating system said no.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A path to something that is neither file nor folder.
    #[error("{}: not a regular file", .path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is not weights in a format that glassbox reads.
    #[error("{}: {found}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        found: Foreign,
    },
    /// The file has become shorter since it was opened.
    #[error(
        "{}: {needed} bytes at offset {offset} are gone, the file had {len} when it was opened",
        .path.display()
    )]
    Shrunk {
        /// The file.
        path: PathBuf,
        /// Where the read started.
        offset: u64,
        /// The bytes wanted.
        needed: u64,
        /// The file's size when it was opened.
        len: u64,
    },
    /// A file beside the weights is larger than anything sensible.
    #[error("{}: larger than the limit of {cap} bytes", .path.display())]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        cap: u64,
    },
    /// A wrong GGUF file.
    #[error("{}: {source}", .path.display())]
    Gguf {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: GgufError,
    },
    /// A wrong safetensors file.
    #[error("{}: {source}", .path.display())]
    SafeTensors {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: SafeTensorsError,
    },
    /// A wrong index of sharded safetensors.
    #[error("{}: {source}", .path.display())]
    Index {
        /// The index.
        path: PathBuf,
        /// What is wrong.
        source: IndexError,
    },
    /// A wrong `config.json`.
    #[error("{}: {source}", .path.display())]
    Config {
        /// The config.
        path: PathBuf,
        /// What is wrong.
        source: ConfigError,
    },
    /// A folder without weights that glassbox reads.
    #[error(
        "{}: no model.safetensors.index.json and no model.safetensors{}", .path.display(),
        .instead.as_ref().map(|f| format!("; it has {f}")).unwrap_or_default()
    )]
    NoWeights {
        /// The folder.
        path: PathBuf,
        /// Weights of another kind that are there, if any.
        instead: Option<String>,
    },
    /// A folder without `config.json`.
    #[error("{}: no config.json", .path.display())]
    NoConfig {
        /// The folder.
        path: PathBuf,
    },
    /// A name for a file beside the weights that is a path.
    #[error("{name:?} is not the name of a file beside the weights")]
    NotAName {
        /// The name.
        name: String,
    },
    /// A metadata value of another type than the one asked for.
    #[error("key {key:?}: expected {expected}, found {found}")]
    MetadataType {
        /// The key.
        key: String,
        /// The type asked for.
        expected: &'static str,
        /// The value, with its type.
        found: Value,
    },
    /// A key that must be there.
    #[error("key {key:?} is missing, expected {expected}")]
    MissingKey {
        /// The key.
        key: String,
        /// The type of its value.
        expected: &'static str,
    },
    /// A tensor that must be there.
    #[error("tensor {tensor:?} is missing")]
    MissingTensor {
        /// The tensor.
        tensor: String,
    },
    /// A tensor of another shape than the model needs.
    #[error("tensor {tensor:?}: shape {got:?}, expected {expected:?}")]
    Shape {
        /// The tensor.
        tensor: String,
        /// The shape the model needs.
        expected: Vec<u64>,
        /// The shape in the file.
        got: Vec<u64>,
    },
    /// A tensor that is not a vector or a matrix.
    #[error("tensor {tensor:?}: shape {shape:?}, expected a vector or a matrix")]
    Rank {
        /// The tensor.
        tensor: String,
        /// Its shape.
        shape: Vec<u64>,
    },
    /// A writer was given other bytes than a tensor has.
    #[error("tensor {tensor} of the file: {got} bytes written, expected {expected}")]
    WriteSize {
        /// Which tensor, from 0.
        tensor: usize,
        /// Its bytes.
        expected: u64,
        /// The bytes it would have.
        got: u64,
    },
    /// Values that the target type can't hold.
    #[error("tensor {tensor:?}, row {row}: {problem}, so it can't be written as {dtype}")]
    Encode {
        /// The tensor.
        tensor: String,
        /// The row.
        row: u64,
        /// The target type.
        dtype: DType,
        /// What stands in the way.
        problem: EncodeProblem,
    },
    /// A Hugging Face model that can't be turned into GGUF.
    #[error(transparent)]
    Convert(#[from] ConvertError),
    /// Prepared weights that are not what they were made to be.
    #[error("{}: tensor {tensor:?} is damaged; without the file the model loads", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
    },
    /// Prepared weights need a model on disk, to lie beside it.
    #[error("a model in memory has no place for a file of prepared weights")]
    NoPlace,
    /// A file in the place of prepared weights that is something else.
    #[error("{}: the file exists, and is none of prepared weights", .path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// Bytes and shape disagree.
    #[error(transparent)]
    Core(#[from] CoreError),
}

/// The names of all types that glassbox reads, for messages.
pub(crate) fn dtype_names() -> String {
    DType::ALL.map(|t| t.name()).join(", ")
}

/// The first bytes of something that should have been text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscapedBytes(Vec<u8>);

impl EscapedBytes {
    /// Keeps at most 64 bytes.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        EscapedBytes(bytes[..bytes.len().min(64)].to_vec())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for EscapedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}
