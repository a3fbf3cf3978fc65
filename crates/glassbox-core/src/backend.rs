use crate::{AttentionShape, Batch, KvType, Rope, SharedBytes, WeightView};

/// A device that computes a decoder, one operation at a time.
///
/// Operations run in call order and write `dst`. Memory is reserved by [`buffer`](Self::buffer),
/// [`kv`](Self::kv) and [`upload`](Self::upload), before the first token; no operation after
/// [`begin`](Self::begin) allocates, so that a decode step can be captured and replayed.
///
/// Every backend computes what the portable kernels specify, and
/// [`conformance`](crate::conformance) holds it to that.
pub trait Backend: Sized {
    /// Rows of activations, `[n_tokens, width]`, f32.
    type Buf;
    /// A weight matrix `[out, in]` of any type, laid out for this device.
    type Weight;
    /// One layer's pages: keys and values, each `[n_pages, PAGE, n_kv_heads * head_dim]`.
    type Kv;
    /// What can go wrong on the device.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The device's layout of a page and all else that decides its bits, but for the model and the
    /// type of keys and values: pages of the same layout can be exchanged.
    fn layout(&self) -> String;

    /// Reserves a buffer of up to `rows` rows of `width`.
    fn buffer(&mut self, rows: usize, width: usize) -> Result<Self::Buf, Self::Error>;

    /// Reserves `n_pages` pages of keys and values for one layer.
    fn kv(
        &mut self,
        n_pages: usize,
        shape: AttentionShape,
        kv_type: KvType,
    ) -> Result<Self::Kv, Self::Error>;

    /// Brings a weight to the device, in the layout that its kernels read.
    fn upload(&mut self, weight: WeightView) -> Result<Self::Weight, Self::Error>;

    /// The name of the layout that [`lay_out`](Self::lay_out) makes, which changes when that does;
    /// `None` for a device whose weights can't be kept in a file.
    fn weight_layout(&self) -> Option<&'static str> {
        None
    }

    /// A weight's bytes in this device's layout, which are whole rows of its type; `None` for one
    /// that is not worth keeping, such as a vector.
    fn lay_out(&mut self, _weight: &WeightView) -> Result<Option<SharedBytes>, Self::Error> {
        Ok(None)
    }

    /// [`upload`](Self::upload) of a weight of which `laid_out` is what [`lay_out`](Self::lay_out)
    /// made; its own bytes are not read.
    fn upload_laid_out(
        &mut self,
        weight: WeightView,
        _laid_out: SharedBytes,
    ) -> Result<Self::Weight, Self::Error> {
        self.upload(weight)
    }

    /// Starts a batch: its shape, page tables and wanted rows hold for all operations until the
    /// next `begin`, and the angles of `rope` are prepared for its positions. Every buffer now
    /// has `batch.n_tokens()` rows.
    fn begin(&mut self, batch: &Batch<'_>, rope: &Rope) -> Result<(), Self::Error>;

    /// `dst[t] = table[ids[t]]`.
    fn embed(&mut self, dst: &mut Self::Buf, table: &Self::Weight) -> Result<(), Self::Error>;

    /// `dst = x / sqrt(mean(x²) + eps) * gain`, row by row.
    fn rms_norm(
        &mut self,
        dst: &mut Self::Buf,
        x: &Self::Buf,
        gain: &Self::Weight,
        eps: f32,
    ) -> Result<(), Self::Error>;

    /// `dst[i] = x · weight[i]ᵀ + bias[i]` for `N` layers that share their input, so that
    /// whatever the device does to the input is done once.
    fn linear<const N: usize>(
        &mut self,
        dst: [&mut Self::Buf; N],
        x: &Self::Buf,
        weight: [&Self::Weight; N],
        bias: [Option<&Self::Weight>; N],
    ) -> Result<(), Self::Error>;

    /// Turns each of the `n_heads` heads of every row of `x` by the angles of its position.
    fn rope(&mut self, x: &mut Self::Buf, n_heads: usize) -> Result<(), Self::Error>;

    /// Stores `k` and `v` at their positions, then lets each row of `q` attend to its own
    /// sequence up to and including its own position:
    /// `dst = softmax(q · kᵀ * scale) · v`, head by head.
    fn attention(
        &mut self,
        dst: &mut Self::Buf,
        q: &Self::Buf,
        k: &Self::Buf,
        v: &Self::Buf,
        kv: &mut Self::Kv,
        shape: AttentionShape,
    ) -> Result<(), Self::Error>;

    /// `dst = silu(gate) * up`, with `silu(x) = x / (1 + exp(-x))`.
    fn swiglu(
        &mut self,
        dst: &mut Self::Buf,
        gate: &Self::Buf,
        up: &Self::Buf,
    ) -> Result<(), Self::Error>;

    /// `dst = swiglu(x · gateᵀ, x · upᵀ)` for the weights `[gate, up]`; `space` is for the two
    /// products.
    fn gated_linear(
        &mut self,
        dst: &mut Self::Buf,
        space: [&mut Self::Buf; 2],
        x: &Self::Buf,
        weight: [&Self::Weight; 2],
    ) -> Result<(), Self::Error> {
        let [gate, up] = space;
        self.linear([&mut *gate, &mut *up], x, weight, [None; 2])?;
        self.swiglu(dst, gate, up)
    }

    /// `dst += x`.
    fn add(&mut self, dst: &mut Self::Buf, x: &Self::Buf) -> Result<(), Self::Error>;

    /// `sum += x`, then `dst = rms_norm(sum)`: the step between two halves of a layer.
    fn add_rms_norm(
        &mut self,
        dst: &mut Self::Buf,
        sum: &mut Self::Buf,
        x: &Self::Buf,
        gain: &Self::Weight,
        eps: f32,
    ) -> Result<(), Self::Error> {
        self.add(sum, x)?;
        self.rms_norm(dst, sum, gain, eps)
    }

    /// `dst[i] = x[row i] · headᵀ` for the rows that the batch wants, `[n_wanted, vocab]`.
    fn logits(
        &mut self,
        dst: &mut [f32],
        x: &Self::Buf,
        head: &Self::Weight,
    ) -> Result<(), Self::Error>;

    /// Calls `body` with each number below `n`, on as many of the host's threads as compute.
    fn each(&mut self, n: usize, body: &(dyn Fn(usize) + Sync)) {
        (0..n).for_each(body);
    }

    /// Copies the first `dst.len()` elements of a buffer to the host.
    fn read(&self, dst: &mut [f32], src: &Self::Buf) -> Result<(), Self::Error>;

    /// Bytes of one page of a layer, as the cache keeps it.
    fn page_bytes(&self, kv: &Self::Kv) -> usize;

    /// Appends page `page` of a layer to `dst`, as the cache keeps it: in f32 keys, then values,
    /// each `[PAGE, kv_width]`, little-endian; in 16 bits in the device's own order.
    fn read_page(&self, dst: &mut Vec<u8>, kv: &Self::Kv, page: u32) -> Result<(), Self::Error>;

    /// The reverse of [`read_page`](Self::read_page).
    fn write_page(&mut self, kv: &mut Self::Kv, page: u32, src: &[u8]) -> Result<(), Self::Error>;

    /// Copies page `from` over page `to`, within a layer.
    fn copy_page(&mut self, kv: &mut Self::Kv, from: u32, to: u32) -> Result<(), Self::Error>;
}
