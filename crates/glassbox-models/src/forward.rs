//! The forward pass of a decoder-only transformer.

use crate::ModelError;
use crate::load::{Decoder, State};
use glassbox_core::{Backend, Batch};
use std::fmt;

/// A place in the forward pass whose activations can be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Site {
    Embed,
    AttnNorm(usize),
    Q(usize),
    K(usize),
    V(usize),
    QRope(usize),
    KRope(usize),
    Attn(usize),
    AttnResidual(usize),
    FfnNorm(usize),
    Ffn(usize),
    Residual(usize),
    FinalNorm,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (layer, name) = match *self {
            Site::Embed => return f.pad("embed"),
            Site::FinalNorm => return f.pad("final_norm"),
            Site::AttnNorm(l) => (l, "attn_norm"),
            Site::Q(l) => (l, "q"),
            Site::K(l) => (l, "k"),
            Site::V(l) => (l, "v"),
            Site::QRope(l) => (l, "q_rope"),
            Site::KRope(l) => (l, "k_rope"),
            Site::Attn(l) => (l, "attn"),
            Site::AttnResidual(l) => (l, "attn_residual"),
            Site::FfnNorm(l) => (l, "ffn_norm"),
            Site::Ffn(l) => (l, "ffn"),
            Site::Residual(l) => (l, "residual"),
        };
        f.pad(&format!("layers.{layer}.{name}"))
    }
}

/// Looks on while a forward pass runs.
pub trait Watch<B: Backend> {
    /// Called before each layer; `false` ends the pass with [`ModelError::Cancelled`].
    fn proceed(&mut self) -> bool {
        true
    }

    /// Called with the activations of every site, in order.
    fn site(&mut self, _backend: &B, _site: Site, _x: &B::Buf) -> Result<(), B::Error> {
        Ok(())
    }
}

/// Turns a batch of token ids into logits, `[batch.logits().len(), vocab]`, and extends the
/// cache by the batch's tokens.
pub fn forward<B: Backend>(
    b: &mut B,
    model: &Decoder<B>,
    state: &mut State<B>,
    batch: &Batch<'_>,
    logits: &mut [f32],
    watch: &mut impl Watch<B>,
) -> Result<(), ModelError> {
    match pass(b, model, state, batch, logits, watch) {
        Ok(true) => Ok(()),
        Ok(false) => Err(ModelError::Cancelled),
        Err(error) => Err(ModelError::backend(error)),
    }
}

fn pass<B: Backend>(
    b: &mut B,
    model: &Decoder<B>,
    state: &mut State<B>,
    batch: &Batch<'_>,
    logits: &mut [f32],
    watch: &mut impl Watch<B>,
) -> Result<bool, B::Error> {
    let State {
        x,
        h,
        out,
        q,
        k,
        v,
        attn,
        gate,
        up,
        act,
        kv,
        ..
    } = state;
    let spec = &model.spec;
    let (shape, eps) = (spec.attention(), spec.rms_eps);

    b.begin(batch, &model.rope)?;
    b.embed(x, &model.embed)?;
    watch.site(b, Site::Embed, x)?;
    b.rms_norm(h, x, &model.layers[0].attn_norm, eps)?;

    for (l, (layer, kv)) in model.layers.iter().zip(kv).enumerate() {
        if !watch.proceed() {
            return Ok(false);
        }
        watch.site(b, Site::AttnNorm(l), h)?;
        let bias = match &layer.qkv_bias {
            Some([q, k, v]) => [Some(q), Some(k), Some(v)],
            None => [None; 3],
        };
        b.linear([q, k, v], h, [&layer.q, &layer.k, &layer.v], bias)?;
        watch.site(b, Site::Q(l), q)?;
        watch.site(b, Site::K(l), k)?;
        watch.site(b, Site::V(l), v)?;
        b.rope(q, shape.n_heads)?;
        b.rope(k, shape.n_kv_heads)?;
        watch.site(b, Site::QRope(l), q)?;
        watch.site(b, Site::KRope(l), k)?;
        b.attention(attn, q, k, v, kv, shape)?;
        watch.site(b, Site::Attn(l), attn)?;
        b.linear([out], attn, [&layer.o], [None])?;
        b.add_rms_norm(h, x, out, &layer.ffn_norm, eps)?;
        watch.site(b, Site::AttnResidual(l), x)?;
        watch.site(b, Site::FfnNorm(l), h)?;

        b.gated_linear(act, [gate, up], h, [&layer.gate, &layer.up])?;
        b.linear([out], act, [&layer.down], [None])?;
        watch.site(b, Site::Ffn(l), out)?;
        let next = model
            .layers
            .get(l + 1)
            .map_or(&model.final_norm, |next| &next.attn_norm);
        b.add_rms_norm(h, x, out, next, eps)?;
        watch.site(b, Site::Residual(l), x)?;
    }
    watch.site(b, Site::FinalNorm, h)?;
    b.logits(logits, h, model.head.as_ref().unwrap_or(&model.embed))?;
    Ok(true)
}
