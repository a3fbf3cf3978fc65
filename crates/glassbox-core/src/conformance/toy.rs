//! A decoder of two layers that has every operation and nearly every weight type.

use super::Failure;
use super::data::{MAX_ROWS, Rng, device, matrix};
use crate::{AttentionShape, Backend, Batch, DType, KvType, Rope, RopeLayout};

/// Width of the residual stream: a super-block.
const HIDDEN: usize = 256;
/// Width of the feed-forward part.
const FFN: usize = 256;
/// Rows of the embedding and of the head.
pub(super) const VOCAB: usize = 50;
/// Pages of each layer's cache.
pub(super) const N_PAGES: usize = 12;
const EPS: f32 = 1e-6;
const SHAPE: AttentionShape = AttentionShape {
    n_heads: 4,
    n_kv_heads: 2,
    head_dim: 32,
};

struct Layer<B: Backend> {
    norms: [B::Weight; 2],
    qkv: [B::Weight; 3],
    biases: [B::Weight; 3],
    out: B::Weight,
    gate_up: [B::Weight; 2],
    down: B::Weight,
    kv: B::Kv,
}

struct Bufs<B: Backend> {
    x: B::Buf,      // [n_tokens, HIDDEN], the residual stream
    normed: B::Buf, // [n_tokens, HIDDEN]
    delta: B::Buf,  // [n_tokens, HIDDEN]
    q: B::Buf,      // [n_tokens, n_heads * head_dim]
    k: B::Buf,      // [n_tokens, n_kv_heads * head_dim]
    v: B::Buf,      // [n_tokens, n_kv_heads * head_dim]
    mixed: B::Buf,  // [n_tokens, n_heads * head_dim]
    gate: B::Buf,   // [n_tokens, FFN]
    up: B::Buf,     // [n_tokens, FFN]
    act: B::Buf,    // [n_tokens, FFN]
}

/// The decoder with its cache.
pub(super) struct Toy<B: Backend> {
    embedding: B::Weight,
    layers: Vec<Layer<B>>,
    norm: B::Weight,
    head: B::Weight,
    bufs: Bufs<B>,
    rope: Rope,
}

impl<B: Backend> Toy<B> {
    /// Uploads the weights and reserves everything for a batch.
    pub(super) fn new(backend: &mut B, case: &str, kv_type: KvType) -> Result<Self, Failure> {
        Self::build(backend, kv_type).map_err(device::<B>(case))
    }

    fn build(backend: &mut B, kv_type: KvType) -> Result<Self, B::Error> {
        use DType::*;
        let mut rng = Rng(12);
        let (q, kv) = (SHAPE.q_width(), SHAPE.kv_width());
        let mut layers = Vec::new();
        for types in [
            [Q4_K, Q8_0, Q6_K, Q4_0, Q5_K, Q4_1, BF16],
            [Q2_K, Q3_K, Q5_0, F16, Q8_0, Q5_1, Q4_K],
        ] {
            let mut weight = |backend: &mut B, which: usize, rows, cols| {
                backend.upload(rng.weight(types[which], rows, cols, 0.1))
            };
            layers.push(Layer {
                qkv: [
                    weight(backend, 0, q, HIDDEN)?,
                    weight(backend, 1, kv, HIDDEN)?,
                    weight(backend, 2, kv, HIDDEN)?,
                ],
                out: weight(backend, 3, HIDDEN, q)?,
                gate_up: [
                    weight(backend, 4, FFN, HIDDEN)?,
                    weight(backend, 5, FFN, HIDDEN)?,
                ],
                down: weight(backend, 6, HIDDEN, FFN)?,
                norms: [
                    backend.upload(matrix(1, HIDDEN, &rng.floats(HIDDEN, 2.0)))?,
                    backend.upload(matrix(1, HIDDEN, &rng.floats(HIDDEN, 2.0)))?,
                ],
                biases: [
                    backend.upload(matrix(1, q, &rng.floats(q, 1.0)))?,
                    backend.upload(matrix(1, kv, &rng.floats(kv, 1.0)))?,
                    backend.upload(matrix(1, kv, &rng.floats(kv, 1.0)))?,
                ],
                kv: backend.kv(N_PAGES, SHAPE, kv_type)?,
            });
        }
        let mut buffer = |width| backend.buffer(MAX_ROWS, width);
        let bufs = Bufs {
            x: buffer(HIDDEN)?,
            normed: buffer(HIDDEN)?,
            delta: buffer(HIDDEN)?,
            q: buffer(q)?,
            k: buffer(kv)?,
            v: buffer(kv)?,
            mixed: buffer(q)?,
            gate: buffer(FFN)?,
            up: buffer(FFN)?,
            act: buffer(FFN)?,
        };
        let half = SHAPE.head_dim / 2;
        Ok(Toy {
            embedding: backend.upload(rng.weight(Q8_0, VOCAB, HIDDEN, 1.0))?,
            layers,
            norm: backend.upload(matrix(1, HIDDEN, &rng.floats(HIDDEN, 2.0)))?,
            head: backend.upload(rng.weight(Q6_K, VOCAB, HIDDEN, 0.1))?,
            bufs,
            rope: Rope {
                inv_freq: (0..half)
                    .map(|i| 1e4f32.powf(-(i as f32) / half as f32))
                    .collect(),
                magnitude: 1.0,
                layout: RopeLayout::Half,
            },
        })
    }

    /// Logits of the rows that the batch wants, `[n_wanted, VOCAB]`.
    pub(super) fn forward(
        &mut self,
        backend: &mut B,
        case: &str,
        batch: &Batch<'_>,
    ) -> Result<Vec<f32>, Failure> {
        let mut logits = vec![f32::NAN; batch.logits().len() * VOCAB];
        self.run(backend, batch, &mut logits)
            .map_err(device::<B>(case))?;
        Ok(logits)
    }

    fn run(
        &mut self,
        backend: &mut B,
        batch: &Batch<'_>,
        logits: &mut [f32],
    ) -> Result<(), B::Error> {
        let b = &mut self.bufs;
        backend.begin(batch, &self.rope)?;
        backend.embed(&mut b.x, &self.embedding)?;
        for (i, layer) in self.layers.iter_mut().enumerate() {
            if i == 0 {
                backend.rms_norm(&mut b.normed, &b.x, &layer.norms[0], EPS)?;
            } else {
                let norm = &layer.norms[0];
                backend.add_rms_norm(&mut b.normed, &mut b.x, &b.delta, norm, EPS)?;
            }
            let [wq, wk, wv] = &layer.qkv;
            let [bq, bk, bv] = &layer.biases;
            backend.linear(
                [&mut b.q, &mut b.k, &mut b.v],
                &b.normed,
                [wq, wk, wv],
                [Some(bq), Some(bk), Some(bv)],
            )?;
            backend.rope(&mut b.q, SHAPE.n_heads)?;
            backend.rope(&mut b.k, SHAPE.n_kv_heads)?;
            backend.attention(&mut b.mixed, &b.q, &b.k, &b.v, &mut layer.kv, SHAPE)?;
            backend.linear([&mut b.delta], &b.mixed, [&layer.out], [None])?;
            let norm = &layer.norms[1];
            backend.add_rms_norm(&mut b.normed, &mut b.x, &b.delta, norm, EPS)?;
            let [gate, up] = &layer.gate_up;
            backend.linear(
                [&mut b.gate, &mut b.up],
                &b.normed,
                [gate, up],
                [None, None],
            )?;
            backend.swiglu(&mut b.act, &b.gate, &b.up)?;
            backend.linear([&mut b.delta], &b.act, [&layer.down], [None])?;
        }
        backend.add_rms_norm(&mut b.normed, &mut b.x, &b.delta, &self.norm, EPS)?;
        backend.logits(logits, &b.normed, &self.head)
    }
}
