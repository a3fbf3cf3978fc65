use crate::{DecoderSpec, ModelError, SpecError, Tensor, check};
use glassbox_core::{Backend, KvType, PAGE, WeightView, quant};
use glassbox_weights::Checkpoint;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is reserved when a model is loaded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoadOptions {
    /// Positions that one sequence may reach.
    pub context: usize,
    /// Positions that the cache of keys and values holds, over all sequences; `context` if `None`.
    pub cache: Option<usize>,
    /// The type that the cache keeps.
    pub kv_type: KvType,
    /// Tokens that one batch may have.
    pub batch: usize,
}

impl Default for LoadOptions {
    fn default() -> Self {
        LoadOptions {
            context: 4096,
            cache: None,
            kv_type: KvType::default(),
            batch: 512,
        }
    }
}

impl LoadOptions {
    /// Refuses what is 0 or beyond any use.
    pub(crate) fn check(&self) -> Result<(), SpecError> {
        for (field, got, max) in [
            ("batch", self.batch, 1 << 24),
            ("context", self.context, 1 << 24),
            ("cache", self.cache.unwrap_or(self.context), 1 << 30),
        ] {
            if got == 0 || got > max {
                return Err(SpecError::Range { field, got, max });
            }
        }
        Ok(())
    }
}

/// How far a load is: said after each tensor.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// The tensor that was loaded, by its name in the file.
    pub tensor: &'a str,
    /// Whether all its elements are finite. A model with NaN or infinity in its weights is worth a
    /// warning.
    pub finite: bool,
    /// Whether it was taken as the device lays it out, from what was prepared beside the model.
    pub prepared: bool,
    /// Bytes of weights that are on the device.
    pub done: u64,
    /// Bytes of weights in all.
    pub total: u64,
}

pub(crate) struct Layer<B: Backend> {
    pub(crate) attn_norm: B::Weight, // [hidden]
    pub(crate) q: B::Weight,         // [n_heads * head_dim, hidden]
    pub(crate) k: B::Weight,         // [n_kv_heads * head_dim, hidden]
    pub(crate) v: B::Weight,         // [n_kv_heads * head_dim, hidden]
    pub(crate) qkv_bias: Option<[B::Weight; 3]>,
    pub(crate) o: B::Weight,        // [hidden, n_heads * head_dim]
    pub(crate) ffn_norm: B::Weight, // [hidden]
    pub(crate) gate: B::Weight,     // [ffn, hidden]
    pub(crate) up: B::Weight,       // [ffn, hidden]
    pub(crate) down: B::Weight,     // [hidden, ffn]
}

/// A model's weights on a device.
pub struct Decoder<B: Backend> {
    pub(crate) spec: DecoderSpec,
    pub(crate) rope: glassbox_core::Rope,
    pub(crate) embed: B::Weight, // [vocab, hidden]
    pub(crate) layers: Vec<Layer<B>>,
    pub(crate) final_norm: B::Weight,   // [hidden]
    pub(crate) head: Option<B::Weight>, // [vocab, hidden], absent when tied
}

/// The activations of a batch, `[n_tokens, width]` each, and the cache.
pub struct State<B: Backend> {
    pub(crate) x: B::Buf,    // [n_tokens, hidden]: the residual stream
    pub(crate) h: B::Buf,    // [n_tokens, hidden]: normed
    pub(crate) out: B::Buf,  // [n_tokens, hidden]: what a half layer adds
    pub(crate) q: B::Buf,    // [n_tokens, n_heads * head_dim]
    pub(crate) k: B::Buf,    // [n_tokens, n_kv_heads * head_dim]
    pub(crate) v: B::Buf,    // [n_tokens, n_kv_heads * head_dim]
    pub(crate) attn: B::Buf, // [n_tokens, n_heads * head_dim]
    pub(crate) gate: B::Buf, // [n_tokens, ffn]
    pub(crate) up: B::Buf,   // [n_tokens, ffn]
    pub(crate) act: B::Buf,  // [n_tokens, ffn]
    pub(crate) kv: Vec<B::Kv>,
    pub(crate) n_pages: usize,
}

impl<B: Backend> State<B> {
    /// Reserves the activations of the largest batch and the cache.
    pub fn new(
        backend: &mut B,
        spec: &DecoderSpec,
        options: &LoadOptions,
    ) -> Result<Self, ModelError> {
        let shape = spec.attention();
        let n_pages = options.cache.unwrap_or(options.context).div_ceil(PAGE);
        let mut rows = |width| {
            backend
                .buffer(options.batch, width)
                .map_err(ModelError::backend)
        };
        Ok(State {
            x: rows(spec.hidden)?,
            h: rows(spec.hidden)?,
            out: rows(spec.hidden)?,
            q: rows(shape.q_width())?,
            k: rows(shape.kv_width())?,
            v: rows(shape.kv_width())?,
            attn: rows(shape.q_width())?,
            gate: rows(spec.ffn)?,
            up: rows(spec.ffn)?,
            act: rows(spec.ffn)?,
            kv: (0..spec.n_layers)
                .map(|_| backend.kv(n_pages, shape, options.kv_type))
                .collect::<Result<_, _>>()
                .map_err(ModelError::backend)?,
            n_pages,
        })
    }
}

impl<B: Backend> Decoder<B> {
    /// Checks every tensor of `checkpoint` against `spec` and uploads it. `progress` is called
    /// after each tensor and says whether to go on.
    pub fn load(
        backend: &mut B,
        checkpoint: &Checkpoint,
        spec: DecoderSpec,
        progress: &mut dyn FnMut(Progress<'_>) -> bool,
    ) -> Result<Self, ModelError> {
        let spec = spec.checked()?;
        check::tensors(checkpoint, &spec)?;
        let total = checkpoint.tensors().map(|t| t.n_bytes()).sum();
        let mut loader = Loader {
            backend,
            checkpoint,
            progress,
            done: 0,
            total,
        };
        let embed = loader.take(Tensor::Embed)?;
        let mut layers = Vec::with_capacity(spec.n_layers);
        for l in 0..spec.n_layers {
            layers.push(Layer {
                attn_norm: loader.take(Tensor::AttnNorm(l))?,
                q: loader.take(Tensor::Q(l))?,
                k: loader.take(Tensor::K(l))?,
                v: loader.take(Tensor::V(l))?,
                qkv_bias: match spec.qkv_bias {
                    true => Some([
                        loader.take(Tensor::QBias(l))?,
                        loader.take(Tensor::KBias(l))?,
                        loader.take(Tensor::VBias(l))?,
                    ]),
                    false => None,
                },
                o: loader.take(Tensor::O(l))?,
                ffn_norm: loader.take(Tensor::FfnNorm(l))?,
                gate: loader.take(Tensor::Gate(l))?,
                up: loader.take(Tensor::Up(l))?,
                down: loader.take(Tensor::Down(l))?,
            });
        }
        let final_norm = loader.take(Tensor::FinalNorm)?;
        let head = match spec.tie_embeddings {
            true => None,
            false => Some(loader.take(Tensor::Head)?),
        };
        Ok(Decoder {
            rope: spec.rope(),
            spec,
            embed,
            layers,
            final_norm,
            head,
        })
    }
}

struct Loader<'a, B: Backend> {
    backend: &'a mut B,
    checkpoint: &'a Checkpoint,
    progress: &'a mut dyn FnMut(Progress<'_>) -> bool,
    done: u64,
    total: u64,
}

impl<B: Backend> Loader<'_, B> {
    fn take(&mut self, tensor: Tensor) -> Result<B::Weight, ModelError> {
        let name = tensor.name(self.checkpoint.format());
        let Some(view) = self.checkpoint.tensor(&name)? else {
            return Err(ModelError::MissingTensor { name });
        };
        self.done += view.data().len() as u64;
        let laid_out = match self.backend.weight_layout() {
            Some(layout) => self.checkpoint.laid_out(&name, layout)?,
            None => None,
        };
        let prepared = laid_out.is_some();
        // What is not finite is never prepared.
        let finite = prepared || is_finite(self.backend, &view);
        let weight = match laid_out {
            Some(bytes) => self.backend.upload_laid_out(view, bytes),
            None => self.backend.upload(view),
        };
        let weight = weight.map_err(ModelError::backend)?;
        let (done, total) = (self.done, self.total);
        let now = Progress {
            tensor: &name,
            finite,
            prepared,
            done,
            total,
        };
        if !(self.progress)(now) {
            return Err(ModelError::Cancelled);
        }
        Ok(weight)
    }
}

/// Whether all elements of a weight are finite numbers: a look at the scales of its blocks.
pub(crate) fn is_finite<B: Backend>(backend: &mut B, view: &WeightView) -> bool {
    let (dtype, data) = (view.dtype(), view.data());
    let part = (1 << 20) / dtype.block_bytes() * dtype.block_bytes();
    let finite = AtomicBool::new(true);
    backend.each(data.len().div_ceil(part), &|i| {
        let end = data.len().min((i + 1) * part);
        if !quant::is_finite(dtype, &data[i * part..end]) {
            finite.store(false, Ordering::Relaxed);
        }
    });
    finite.into_inner()
}
