//! What can be said of a model's files without running it.

use crate::model_source::ModelSource;
use glassbox::text::Tokenizer;
use glassbox::weights::gguf::{GgufError, Header, Metadata, Value};
use glassbox::weights::{self, Checkpoint, OpenOptions, WeightsError};
use glassbox::{DType, DecoderSpec, KvType, RopeLayout, RopeScaling, TextSide};
use std::path::Path;

mod shape;
pub(crate) use shape::{Inspection, Tensors};
use shape::{Memory, NonFinite, Spec, Tensor, Type, Vocabulary};

impl Inspection {
    /// Reads headers and configuration, no weights.
    ///
    /// # Errors
    /// Files that are not a model at all. What a model merely lacks is in `problems`.
    pub(crate) fn of(source: &ModelSource, context: Option<usize>) -> anyhow::Result<Inspection> {
        let mut inspection = Inspection {
            model: source.to_string(),
            template: "none",
            asked_context: context,
            ..Inspection::default()
        };
        let checkpoint = source.checkpoint(&OpenOptions::default());
        match (checkpoint, source.path()) {
            (Ok(checkpoint), _) => inspection.checkpoint(&checkpoint),
            (
                Err(WeightsError::Gguf {
                    source: error @ GgufError::PastEnd { .. },
                    ..
                }),
                Some(path),
            ) => {
                let header = Checkpoint::open_header(path)?;
                inspection.file_bytes = std::fs::metadata(path).map_or(0, |m| m.len());
                inspection.data_cut_off = true;
                inspection.problem(&error);
                inspection.header(&header);
            }
            (Err(error @ WeightsError::Config { .. }), Some(path)) => {
                inspection.config(path, error)?;
            }
            (Err(error), _) => return Err(source.named(error)),
        }
        inspection.runs = inspection.problems.is_empty();
        Ok(inspection)
    }

    /// Counts what is not a finite number.
    pub(crate) fn verify(&mut self, source: &ModelSource) -> anyhow::Result<()> {
        let checkpoint = source.checkpoint(&OpenOptions::default())?;
        let found = weights::verify(&checkpoint)?;
        let found = found.into_iter().map(|f| NonFinite {
            tensor: f.tensor,
            nan: f.nan,
            infinite: f.infinite,
        });
        self.non_finite = Some(found.collect());
        Ok(())
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) {
        self.file_bytes = checkpoint.file_bytes();
        self.prepared = checkpoint.prepared().map(|prepared| match prepared {
            Ok(path) => path.display().to_string(),
            Err(why) => why.to_string(),
        });
        let tensors = checkpoint.tensors();
        self.tensors(tensors.map(|t| (t.name(), t.dtype(), t.shape(), t.n_bytes())));
        let spec = DecoderSpec::from_checkpoint(checkpoint).map_err(anyhow::Error::from);
        match checkpoint.gguf() {
            Some(metadata) => self.metadata(metadata),
            None => {
                let n = checkpoint.files().len();
                self.format = format!("safetensors, {n} file{}", if n == 1 { "" } else { "s" });
                self.architecture = checkpoint.config().map(|c| c.model_type().to_owned());
                match glassbox::text_side(checkpoint) {
                    Ok(side) => self.text_side(&side, "tokenizer.json", None),
                    Err(error) => self.problem(&error),
                }
            }
        }
        if let Ok(spec) = &spec
            && let Err(error) = spec.check_tensors(checkpoint)
        {
            self.problem(&error);
        }
        self.spec(spec, checkpoint.gguf());
    }

    fn header(&mut self, header: &Header) {
        let tensors = header.tensors().iter();
        self.tensors(tensors.map(|t| (t.name.as_str(), t.dtype, &t.shape[..], t.n_bytes)));
        let metadata = header.metadata();
        self.metadata(metadata);
        let find = |name: &str| header.tensors().iter().find(|t| t.name == name);
        let rows = find("token_embd.weight").and_then(|t| t.shape.first());
        let vocab = rows.map_or(0, |&rows| usize::try_from(rows).unwrap_or(usize::MAX));
        let tied = find("output.weight").is_none();
        let mut spec = DecoderSpec::from_metadata(metadata, vocab, tied);
        if let (Ok(spec), Some(_)) = (&mut spec, find("rope_freqs.weight")) {
            // The data that holds them is cut off.
            spec.rope_scaling = RopeScaling::Factors(vec![1.0; spec.head_dim / 2]);
        }
        if let Ok(spec) = &spec
            && let Err(error) = spec.check_header(header)
        {
            self.problem(&error);
        }
        self.spec(spec.map_err(anyhow::Error::from), Some(metadata));
    }

    /// A `config.json` that glassbox does not accept: what it says, and why not.
    fn config(&mut self, path: &Path, error: WeightsError) -> anyhow::Result<()> {
        self.problem(&error);
        let WeightsError::Config { path: config, .. } = error else {
            return Ok(());
        };
        self.format = "safetensors".to_owned();
        let folder = if path.is_dir() {
            path
        } else {
            config.parent().unwrap_or(path)
        };
        for entry in std::fs::read_dir(folder)?.flatten() {
            if entry.path().extension().is_some_and(|e| e == "safetensors") {
                self.file_bytes += entry.metadata().map_or(0, |m| m.len());
            }
        }
        let json = std::fs::read(config)?;
        let Ok(serde_json::Value::Object(keys)) = serde_json::from_slice(&json) else {
            return Ok(());
        };
        self.architecture = match keys.get("model_type") {
            Some(serde_json::Value::String(name)) => Some(name.clone()),
            _ => None,
        };
        let says = keys
            .iter()
            .map(|(key, value)| (key.clone(), short(&value.to_string())));
        self.says.extend(says);
        Ok(())
    }

    fn metadata(&mut self, metadata: &Metadata) {
        self.format = format!("gguf v{}", metadata.version());
        let text = |key: &str| metadata.str(key).ok().flatten().map(str::to_owned);
        self.name = text("general.name");
        self.architecture = text("general.architecture");
        match glassbox::gguf_text_side(metadata) {
            Ok(side) => self.text_side(
                &side,
                &text("tokenizer.ggml.model").unwrap_or_default(),
                text("tokenizer.ggml.pre"),
            ),
            Err(error) => self.problem(&error),
        }
    }

    fn text_side(&mut self, side: &TextSide, model: &str, pre: Option<String>) {
        let tokenizer: &Tokenizer = match side {
            TextSide::None => return,
            TextSide::Tokenizer(tokenizer) => tokenizer,
            TextSide::Chat(chat) => {
                self.template = match chat.is_from_file() {
                    true => "from the file",
                    false => "the family's own",
                };
                chat.tokenizer()
            }
        };
        let roles = tokenizer.roles();
        self.tokenizer = Some(Vocabulary {
            model: model.to_owned(),
            pre,
            vocab: tokenizer.len(),
            bos: roles.bos,
            eos: roles.eos,
            stops: roles.stops.clone(),
            think_open: roles.think_open,
            think_close: roles.think_close,
        });
    }

    fn spec(&mut self, spec: anyhow::Result<DecoderSpec>, metadata: Option<&Metadata>) {
        let spec = match spec {
            Ok(spec) => spec,
            Err(error) => {
                self.problem(&*error);
                let arch = format!("{}.", self.architecture.as_deref().unwrap_or_default());
                for (key, value) in metadata.into_iter().flat_map(|m| m.iter()) {
                    let scalar = !matches!(value, Value::Array(_));
                    if scalar && key.starts_with(&arch) {
                        self.says.insert(key.to_owned(), short(&value.to_string()));
                    }
                }
                return;
            }
        };
        if let Some(tokenizer) = &self.tokenizer
            && tokenizer.vocab > spec.vocab
        {
            let (tokens, rows) = (tokenizer.vocab, spec.vocab);
            self.problems
                .push(format!("{tokens} tokens, but {rows} rows of embeddings"));
        }
        self.spec = Some(Spec {
            parameters: spec.n_parameters(),
            n_layers: spec.n_layers,
            hidden: spec.hidden,
            ffn: spec.ffn,
            vocab: spec.vocab,
            n_heads: spec.n_heads,
            n_kv_heads: spec.n_kv_heads,
            head_dim: spec.head_dim,
            rms_eps: spec.rms_eps,
            rope_theta: spec.rope_theta,
            rope_scaling: scaling(&spec.rope_scaling),
            rope_pairs: match spec.rope_layout {
                RopeLayout::Half => "half",
                RopeLayout::Interleaved => "interleaved",
            },
            qkv_bias: spec.qkv_bias,
            tie_embeddings: spec.tie_embeddings,
            context: spec.context,
        });
        let context = self.asked_context.unwrap_or(spec.context.min(32_768));
        self.memory = Some(Memory {
            context,
            weights: self.tensors.bytes,
            kv_half: spec.kv_bytes(context, KvType::Half),
            kv_q8: spec.kv_bytes(context, KvType::Q8),
            kv_f32: spec.kv_bytes(context, KvType::F32),
        });
    }

    fn tensors<'a>(&mut self, all: impl Iterator<Item = (&'a str, DType, &'a [u64], u64)>) {
        self.tensor_list = all
            .map(|(name, dtype, shape, bytes)| Tensor {
                name: name.to_owned(),
                dtype: dtype.name(),
                shape: shape.to_vec(),
                bytes,
            })
            .collect();
        let types = DType::ALL.into_iter().filter_map(|dtype| {
            let of_type = || self.tensor_list.iter().filter(|t| t.dtype == dtype.name());
            let count = of_type().count();
            (count > 0).then(|| Type {
                dtype: dtype.name(),
                count,
                bytes: of_type().map(|t| t.bytes).sum(),
            })
        });
        self.tensors = Tensors {
            count: self.tensor_list.len(),
            bytes: self.tensor_list.iter().map(|t| t.bytes).sum(),
            types: types.collect(),
        };
    }

    fn problem(&mut self, error: &(impl std::fmt::Display + ?Sized)) {
        self.problems.push(error.to_string());
    }
}

/// Llama's GGUF frequencies are 64 numbers; the rest is short.
fn scaling(scaling: &RopeScaling) -> String {
    match scaling {
        RopeScaling::None => "none".to_owned(),
        RopeScaling::Factors(row) => format!("by {} factors in the file", row.len()),
        other => format!("{other:?}"),
    }
}

/// At most some 100 characters of a value.
fn short(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
