#[cfg(not(feature = "tiny"))]
use crate::exit::Usage;
use glassbox::TextSide;
use glassbox::weights::{Checkpoint, OpenOptions, WeightsError};
use std::fmt;
use std::path::{Path, PathBuf};

/// The environment variable that stands in for a model that is not named.
const VARIABLE: &str = "GLASSBOX_MODEL";

/// The name of the embedded model, in a build that has one.
pub(crate) const EMBEDDED: Option<&str> = if cfg!(feature = "tiny") {
    Some("tiny")
} else {
    None
};

/// A model as somebody named it: a path, or the embedded one.
#[derive(Clone)]
pub(crate) enum ModelSource {
    #[cfg(feature = "tiny")]
    Tiny,
    Path(PathBuf),
}

impl ModelSource {
    /// The model given, or else the environment's, or else the embedded one.
    pub(crate) fn of(given: Option<&Path>) -> anyhow::Result<ModelSource> {
        match given.map(PathBuf::from).or_else(from_environment) {
            Some(path) => Ok(path.into()),
            None => unnamed(),
        }
    }

    /// Opens the files, of which nothing but headers and configs is read.
    pub(crate) fn checkpoint(&self, options: &OpenOptions) -> Result<Checkpoint, WeightsError> {
        match self {
            #[cfg(feature = "tiny")]
            ModelSource::Tiny => glassbox::tiny::checkpoint(),
            ModelSource::Path(path) => Checkpoint::open(path, options),
        }
    }

    /// The tokenizer and the template, for which no weights are needed.
    pub(crate) fn text_side(&self) -> anyhow::Result<TextSide> {
        let side = match self {
            #[cfg(feature = "tiny")]
            ModelSource::Tiny => glassbox::text_side(&glassbox::tiny::checkpoint()?),
            ModelSource::Path(path) => glassbox::open_text_side(path),
        };
        side.map_err(|error| self.named(error))
    }

    /// Where the files are, if they are files.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            #[cfg(feature = "tiny")]
            ModelSource::Tiny => None,
            ModelSource::Path(path) => Some(path),
        }
    }

    /// An error that says which model it is about; most of those about files do so themselves.
    pub(crate) fn named(&self, error: impl Into<anyhow::Error>) -> anyhow::Error {
        let (name, error) = (self.to_string(), error.into());
        match error.to_string().contains(&name) {
            true => error,
            false => error.context(name),
        }
    }
}

impl From<PathBuf> for ModelSource {
    /// `tiny` is the embedded model where nothing of that name lies in the working directory.
    fn from(path: PathBuf) -> Self {
        #[cfg(feature = "tiny")]
        if path.as_os_str() == "tiny" && !path.exists() {
            return ModelSource::Tiny;
        }
        ModelSource::Path(path)
    }
}

impl fmt::Display for ModelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            #[cfg(feature = "tiny")]
            ModelSource::Tiny => f.write_str("tiny"),
            ModelSource::Path(path) => path.display().fmt(f),
        }
    }
}

pub(crate) fn from_environment() -> Option<PathBuf> {
    let value = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
}

#[cfg(feature = "tiny")]
fn unnamed() -> anyhow::Result<ModelSource> {
    Ok(ModelSource::Tiny)
}

#[cfg(not(feature = "tiny"))]
fn unnamed() -> anyhow::Result<ModelSource> {
    Err(Usage(format!(
        "no model: give --model M or set {VARIABLE}, where M is any GGUF file or Hugging Face \
         directory of a Qwen2 or Llama model; `cargo xtask fetch-models` puts a small one into \
         models/, and `glassbox models` lists the R1 distills"
    ))
    .into())
}
