use glassbox_core::CoreError;
use glassbox_weights::WeightsError;

/// Why a configuration is not a model that glassbox can run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// A family that is not supported.
    #[error("architecture {got:?} is not supported (supported: qwen2, llama)")]
    Architecture {
        /// What the file says.
        got: String,
    },
    /// A setting that would change the mathematics and is not implemented.
    #[error("{key} = {got} is not supported (supported: {supported})")]
    Unsupported {
        /// The config's or metadata's key.
        key: String,
        /// What the file says.
        got: String,
        /// What would be accepted.
        supported: &'static str,
    },
    /// A key that a model cannot do without.
    #[error("{key} is missing")]
    Missing {
        /// The config's or metadata's key.
        key: String,
    },
    /// A size that is zero or absurd.
    #[error("{field} = {got}, expected 1 to {max}")]
    Range {
        /// The size.
        field: &'static str,
        /// What the file says.
        got: usize,
        /// The largest that is accepted.
        max: usize,
    },
    /// Sizes that do not divide.
    #[error("{field} = {got} is not a multiple of {of} ({unit})")]
    Multiple {
        /// The size.
        field: &'static str,
        /// What the file says.
        got: usize,
        /// What it must be a multiple of.
        of: &'static str,
        /// Its value.
        unit: usize,
    },
    /// A number that must be positive and finite.
    #[error("{field} = {got}, expected a positive finite number")]
    NotPositive {
        /// The setting.
        field: &'static str,
        /// What the file says.
        got: f32,
    },
    /// Llama 3's band of frequencies is empty or reversed.
    #[error("rope_scaling.low_freq_factor = {low} must be below high_freq_factor = {high}")]
    Llama3Order {
        /// Lower end.
        low: f32,
        /// Upper end.
        high: f32,
    },
}

/// What can go wrong between a checkpoint and logits.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The configuration.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// A batch that does not fit together.
    #[error(transparent)]
    Batch(#[from] CoreError),
    /// The weights' files.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The checkpoint has weights but no configuration to say what they are.
    #[error("no config.json beside the weights, and they are not a GGUF file")]
    NoConfig,
    /// A tensor that the model needs.
    #[error("tensor {name} is missing")]
    MissingTensor {
        /// Its name in the file.
        name: String,
    },
    /// A tensor of another shape than the configuration says.
    #[error("tensor {name} is [{}, {}], expected [{}, {}]", got.0, got.1, expected.0, expected.1)]
    TensorShape {
        /// Its name in the file.
        name: String,
        /// Rows and columns found.
        got: (usize, usize),
        /// Rows and columns that the configuration asks for.
        expected: (usize, usize),
    },
    /// The config ties the head to the embedding, and the file has another head.
    #[error(
        "tensor {name} differs from the embedding, though tie_word_embeddings is true: \
         set it to false to use the tensor, or remove the tensor"
    )]
    TiedHead {
        /// The head's name in the file.
        name: String,
    },
    /// A tensor that the model has no place for: ignoring it could change the mathematics.
    #[error("tensor {name} has no place in a {family} model")]
    UnknownTensor {
        /// Its name in the file.
        name: String,
        /// The model's family.
        family: &'static str,
    },
    /// Weights that are no numbers, which are not worth keeping in the device's layout.
    #[error("tensor {name} holds NaN or infinity")]
    NotFinite {
        /// Its name in the file.
        name: String,
    },
    /// A device whose layout of weights can't be kept in a file.
    #[error("the device's layout of weights can't be kept in a file")]
    NoLayout,
    /// The device failed.
    #[error("{0}")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A page of the cache of another length.
    #[error("page of {got} bytes, expected {expected}")]
    PageBytes {
        /// Bytes found.
        got: usize,
        /// Bytes of a page over all layers.
        expected: usize,
    },
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl ModelError {
    pub(crate) fn backend(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        ModelError::Backend(Box::new(error))
    }
}
