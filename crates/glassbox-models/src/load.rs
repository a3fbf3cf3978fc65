use crate::{DecoderSpec, ModelError, SpecError, Tensor, check};
use glassbox_core::{Backend, KvType, PAGE, quant::is_finite};
use glassbox_weights::Checkpoint;

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

/// How far a load is: said after each tensor.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// The tensor that was loaded, by its name in the file.
    pub tensor: &'a str,
    /// Whether all its elements are finite. A model with NaN or infinity in its weights is worth a
    /// warning.
    pub finite: bool,
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
        let cache = options.cache.unwrap_or(options.context);
        for (field, got) in [
            ("batch", options.batch),
            ("context", options.context),
            ("cache", cache),
        ] {
            const MAX: usize = 1 << 30;
            if got == 0 || got > MAX {
                let max = MAX;
                return Err(SpecError::Range { field, got, max }.into());
            }
        }
        let shape = spec.attention();
        let n_pages = cache.div_ceil(PAGE);
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
        let finite = is_finite(view.dtype(), view.data());
        let weight = self.backend.upload(view).map_err(ModelError::backend)?;
        let (done, total) = (self.done, self.total);
        let now = Progress {
            tensor: &name,
            finite,
            done,
            total,
        };
        if !(self.progress)(now) {
            return Err(ModelError::Cancelled);
        }
        Ok(weight)
    }
}
