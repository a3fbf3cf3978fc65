use crate::forward::{Watch, forward};
use crate::load::{Decoder, LoadOptions, Progress, State};
use crate::{DecoderSpec, ModelError};
use glassbox_core::{Backend, Batch, KvType};
use glassbox_weights::Checkpoint;

/// A loaded model on some device: the boundary at which generics end.
pub trait CausalLm: Send {
    /// What the model is.
    fn spec(&self) -> &DecoderSpec;

    /// Tokens that one batch may have.
    fn max_batch(&self) -> usize;

    /// Positions that a sequence may reach: what was asked for at loading.
    fn context(&self) -> usize;

    /// Pages of the cache, over all sequences.
    fn n_pages(&self) -> usize;

    /// Computes the logits that `batch` wants, `[batch.logits().len(), vocab]`, and extends the
    /// cache. `proceed` is asked before each layer; `false` ends the work with
    /// [`ModelError::Cancelled`], and positions of this batch must then be computed again.
    fn forward(
        &mut self,
        batch: &Batch<'_>,
        logits: &mut [f32],
        proceed: &mut dyn FnMut() -> bool,
    ) -> Result<(), ModelError>;

    /// Calls `body` with each number below `n`, on the threads that compute: what is to be made of
    /// the logits of many rows.
    fn each(&mut self, n: usize, body: &(dyn Fn(usize) + Sync));

    /// The type in which the cache keeps keys and values.
    fn kv_type(&self) -> KvType;

    /// Everything but the weights that decides the bits of a page: pages of models that agree in
    /// both can be exchanged.
    fn layout(&self) -> String;

    /// Bytes of one page of every layer.
    fn page_bytes(&self) -> usize;

    /// Appends page `page` of every layer to `dst`, as the cache keeps it.
    fn read_page(&self, dst: &mut Vec<u8>, page: u32) -> Result<(), ModelError>;

    /// The reverse of [`read_page`](Self::read_page).
    fn write_page(&mut self, page: u32, src: &[u8]) -> Result<(), ModelError>;

    /// Copies page `from` over page `to` in every layer.
    fn copy_page(&mut self, from: u32, to: u32) -> Result<(), ModelError>;
}

/// A [`Decoder`] with its device and its state.
pub struct LoadedModel<B: Backend> {
    backend: B,
    decoder: Decoder<B>,
    state: State<B>,
    batch: usize,
    context: usize,
    kv_type: KvType,
}

impl<B: Backend> LoadedModel<B> {
    /// Loads `checkpoint` on `backend`; see [`Decoder::load`].
    pub fn load(
        mut backend: B,
        checkpoint: &Checkpoint,
        options: &LoadOptions,
        progress: &mut dyn FnMut(Progress<'_>) -> bool,
    ) -> Result<Self, ModelError> {
        options.check()?;
        let spec = DecoderSpec::from_checkpoint(checkpoint)?;
        let decoder = Decoder::load(&mut backend, checkpoint, spec, progress)?;
        let state = State::new(&mut backend, &decoder.spec, options)?;
        Ok(LoadedModel {
            backend,
            decoder,
            state,
            batch: options.batch,
            context: options.context,
            kv_type: options.kv_type,
        })
    }

    /// The device.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// [`CausalLm::forward`], with `watch` looking on.
    pub fn forward_watched(
        &mut self,
        batch: &Batch<'_>,
        logits: &mut [f32],
        watch: &mut impl Watch<B>,
    ) -> Result<(), ModelError> {
        forward(
            &mut self.backend,
            &self.decoder,
            &mut self.state,
            batch,
            logits,
            watch,
        )
    }
}

/// Asks a closure before each layer.
struct Asking<'a>(&'a mut dyn FnMut() -> bool);

impl<B: Backend> Watch<B> for Asking<'_> {
    fn proceed(&mut self) -> bool {
        (self.0)()
    }
}

impl<B> CausalLm for LoadedModel<B>
where
    B: Backend + Send,
    B::Buf: Send,
    B::Weight: Send,
    B::Kv: Send,
{
    fn spec(&self) -> &DecoderSpec {
        &self.decoder.spec
    }

    fn max_batch(&self) -> usize {
        self.batch
    }

    fn context(&self) -> usize {
        self.context
    }

    fn n_pages(&self) -> usize {
        self.state.n_pages
    }

    fn forward(
        &mut self,
        batch: &Batch<'_>,
        logits: &mut [f32],
        proceed: &mut dyn FnMut() -> bool,
    ) -> Result<(), ModelError> {
        self.forward_watched(batch, logits, &mut Asking(proceed))
    }

    fn each(&mut self, n: usize, body: &(dyn Fn(usize) + Sync)) {
        self.backend.each(n, body);
    }

    fn kv_type(&self) -> KvType {
        self.kv_type
    }

    fn layout(&self) -> String {
        let device = self.backend.layout();
        format!("{device}; {:?}; {:?}", self.kv_type, self.decoder.spec)
    }

    fn page_bytes(&self) -> usize {
        let layers = self.state.kv.iter();
        layers.map(|kv| self.backend.page_bytes(kv)).sum()
    }

    fn read_page(&self, dst: &mut Vec<u8>, page: u32) -> Result<(), ModelError> {
        for kv in &self.state.kv {
            self.backend
                .read_page(dst, kv, page)
                .map_err(ModelError::backend)?;
        }
        Ok(())
    }

    fn write_page(&mut self, page: u32, src: &[u8]) -> Result<(), ModelError> {
        let (got, expected) = (src.len(), self.page_bytes());
        if got != expected {
            return Err(ModelError::PageBytes { got, expected });
        }
        let n_bytes = src.len() / self.state.kv.len();
        for (kv, src) in self.state.kv.iter_mut().zip(src.chunks(n_bytes)) {
            self.backend
                .write_page(kv, page, src)
                .map_err(ModelError::backend)?;
        }
        Ok(())
    }

    fn copy_page(&mut self, from: u32, to: u32) -> Result<(), ModelError> {
        for kv in &mut self.state.kv {
            self.backend
                .copy_page(kv, from, to)
                .map_err(ModelError::backend)?;
        }
        Ok(())
    }
}
