//! The shape of `inspect --json`.

use serde::Serialize;
use std::collections::BTreeMap;

/// The report.
#[derive(Default, Serialize)]
pub(crate) struct Inspection {
    pub(crate) model: String,
    pub(crate) name: Option<String>,
    pub(crate) format: String,
    pub(crate) file_bytes: u64,
    /// The header is whole, and tensors are missing.
    pub(crate) data_cut_off: bool,
    pub(crate) architecture: Option<String>,
    /// Whether glassbox runs it; `problems` says why not.
    pub(crate) runs: bool,
    pub(crate) problems: Vec<String>,
    pub(crate) spec: Option<Spec>,
    pub(crate) tensors: Tensors,
    pub(crate) tokenizer: Option<Vocabulary>,
    /// Where the chat template comes from.
    pub(crate) template: &'static str,
    pub(crate) memory: Option<Memory>,
    /// The file of prepared weights, or why what lies in its place is not used.
    pub(crate) prepared: Option<String>,
    #[serde(skip)]
    pub(super) asked_context: Option<usize>,
    /// Of a model without a spec: the configuration, as it stands in the file.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) says: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tensor_list: Vec<Tensor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) non_finite: Option<Vec<NonFinite>>,
}

#[derive(Serialize)]
pub(crate) struct Spec {
    pub(crate) parameters: u64,
    pub(crate) n_layers: usize,
    pub(crate) hidden: usize,
    pub(crate) ffn: usize,
    pub(crate) vocab: usize,
    pub(crate) n_heads: usize,
    pub(crate) n_kv_heads: usize,
    pub(crate) head_dim: usize,
    pub(crate) rms_eps: f32,
    pub(crate) rope_theta: f32,
    pub(crate) rope_scaling: String,
    pub(crate) rope_pairs: &'static str,
    pub(crate) qkv_bias: bool,
    pub(crate) tie_embeddings: bool,
    pub(crate) context: usize,
}

#[derive(Default, Serialize)]
pub(crate) struct Tensors {
    pub(crate) count: usize,
    pub(crate) bytes: u64,
    pub(crate) types: Vec<Type>,
}

#[derive(Serialize)]
pub(crate) struct Type {
    #[serde(rename = "type")]
    pub(crate) dtype: &'static str,
    pub(crate) count: usize,
    pub(crate) bytes: u64,
}

#[derive(Serialize)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) dtype: &'static str,
    pub(crate) shape: Vec<u64>,
    pub(crate) bytes: u64,
}

#[derive(Serialize)]
pub(crate) struct Vocabulary {
    pub(crate) model: String,
    pub(crate) pre: Option<String>,
    pub(crate) vocab: usize,
    pub(crate) bos: Option<u32>,
    pub(crate) eos: Option<u32>,
    pub(crate) stops: Vec<u32>,
    pub(crate) think_open: Option<u32>,
    pub(crate) think_close: Option<u32>,
}

/// Bytes, at so many positions.
#[derive(Serialize)]
pub(crate) struct Memory {
    pub(crate) context: usize,
    pub(crate) weights: u64,
    pub(crate) kv_half: u64,
    pub(crate) kv_q8: u64,
    pub(crate) kv_f32: u64,
}

#[derive(Serialize)]
pub(crate) struct NonFinite {
    pub(crate) tensor: String,
    pub(crate) nan: u64,
    pub(crate) infinite: u64,
}
