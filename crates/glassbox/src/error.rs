use glassbox_cpu::CpuError;
use glassbox_engine::EngineError;
use glassbox_models::ModelError;
use glassbox_sampling::SamplingError;
use glassbox_text::TextError;
use glassbox_weights::WeightsError;

/// What can go wrong, by the crate that noticed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Files of weights and configs.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The model that they describe.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Tokenizer and template.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The CPU backend.
    #[error(transparent)]
    Cpu(#[from] CpuError),
    /// Sampling parameters.
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// A generation.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A template that is not text.
    #[error("chat_template.jinja: not UTF-8 at offset {offset}")]
    TemplateUtf8 {
        /// The first byte that is not.
        offset: usize,
    },
}
