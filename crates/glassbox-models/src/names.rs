use crate::DecoderSpec;
use glassbox_weights::Format;
use std::fmt;

/// A tensor of a decoder, by its part in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Tensor {
    Embed,
    FinalNorm,
    Head,
    AttnNorm(usize),
    Q(usize),
    K(usize),
    V(usize),
    QBias(usize),
    KBias(usize),
    VBias(usize),
    O(usize),
    FfnNorm(usize),
    Gate(usize),
    Up(usize),
    Down(usize),
}

impl Tensor {
    /// The layer and the names within it: Hugging Face's and GGUF's.
    fn parts(self) -> (Option<usize>, &'static str, &'static str) {
        match self {
            Tensor::Embed => (None, "model.embed_tokens.weight", "token_embd.weight"),
            Tensor::FinalNorm => (None, "model.norm.weight", "output_norm.weight"),
            Tensor::Head => (None, "lm_head.weight", "output.weight"),
            Tensor::AttnNorm(l) => (Some(l), "input_layernorm.weight", "attn_norm.weight"),
            Tensor::Q(l) => (Some(l), "self_attn.q_proj.weight", "attn_q.weight"),
            Tensor::K(l) => (Some(l), "self_attn.k_proj.weight", "attn_k.weight"),
            Tensor::V(l) => (Some(l), "self_attn.v_proj.weight", "attn_v.weight"),
            Tensor::QBias(l) => (Some(l), "self_attn.q_proj.bias", "attn_q.bias"),
            Tensor::KBias(l) => (Some(l), "self_attn.k_proj.bias", "attn_k.bias"),
            Tensor::VBias(l) => (Some(l), "self_attn.v_proj.bias", "attn_v.bias"),
            Tensor::O(l) => (Some(l), "self_attn.o_proj.weight", "attn_output.weight"),
            Tensor::FfnNorm(l) => (
                Some(l),
                "post_attention_layernorm.weight",
                "ffn_norm.weight",
            ),
            Tensor::Gate(l) => (Some(l), "mlp.gate_proj.weight", "ffn_gate.weight"),
            Tensor::Up(l) => (Some(l), "mlp.up_proj.weight", "ffn_up.weight"),
            Tensor::Down(l) => (Some(l), "mlp.down_proj.weight", "ffn_down.weight"),
        }
    }

    /// Every tensor of a model.
    pub fn all(spec: &DecoderSpec) -> Vec<Tensor> {
        let mut all = vec![Tensor::Embed, Tensor::FinalNorm];
        if !spec.tie_embeddings {
            all.push(Tensor::Head);
        }
        for l in 0..spec.n_layers {
            all.extend([
                Tensor::AttnNorm(l),
                Tensor::Q(l),
                Tensor::K(l),
                Tensor::V(l),
            ]);
            if spec.qkv_bias {
                all.extend([Tensor::QBias(l), Tensor::KBias(l), Tensor::VBias(l)]);
            }
            all.extend([Tensor::O(l), Tensor::FfnNorm(l)]);
            all.extend([Tensor::Gate(l), Tensor::Up(l), Tensor::Down(l)]);
        }
        all
    }

    /// Rows and columns in a model of this spec, `[out, in]`; a vector is one row.
    pub fn shape(self, spec: &DecoderSpec) -> (usize, usize) {
        let DecoderSpec {
            hidden, ffn, vocab, ..
        } = *spec;
        let (q, kv) = (spec.attention().q_width(), spec.attention().kv_width());
        match self {
            Tensor::Embed | Tensor::Head => (vocab, hidden),
            Tensor::FinalNorm | Tensor::AttnNorm(_) | Tensor::FfnNorm(_) => (1, hidden),
            Tensor::Q(_) => (q, hidden),
            Tensor::K(_) | Tensor::V(_) => (kv, hidden),
            Tensor::QBias(_) => (1, q),
            Tensor::KBias(_) | Tensor::VBias(_) => (1, kv),
            Tensor::O(_) => (hidden, q),
            Tensor::Gate(_) | Tensor::Up(_) => (ffn, hidden),
            Tensor::Down(_) => (hidden, ffn),
        }
    }

    /// The shape in a file, outermost first: one number for a vector.
    pub fn file_shape(self, spec: &DecoderSpec) -> Vec<u64> {
        match self.shape(spec) {
            (1, cols) => vec![cols as u64],
            (rows, cols) => vec![rows as u64, cols as u64],
        }
    }

    /// The name in a checkpoint of this format.
    pub fn name(self, format: Format) -> String {
        match format {
            Format::Gguf => self.gguf(),
            Format::SafeTensors => self.hugging_face(),
        }
    }

    /// The name in a Hugging Face checkpoint.
    pub fn hugging_face(self) -> String {
        match self.parts() {
            (None, name, _) => name.to_owned(),
            (Some(layer), name, _) => format!("model.layers.{layer}.{name}"),
        }
    }

    /// The name in a GGUF file.
    pub fn gguf(self) -> String {
        match self.parts() {
            (None, _, name) => name.to_owned(),
            (Some(layer), _, name) => format!("blk.{layer}.{name}"),
        }
    }
}

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.hugging_face())
    }
}
