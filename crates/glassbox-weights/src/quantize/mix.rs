//! Which type each tensor gets.
//!
//! The rules of `q4_k_m` are those of llama.cpp's `llama_tensor_get_type` (`src/llama-quant.cpp`)
//! for dense models without an importance matrix.

use super::Target;
use glassbox_core::DType;

/// What the rules ask of a tensor.
#[derive(Clone, Copy, Debug)]
pub struct Shape<'a> {
    /// Its name in GGUF.
    pub name: &'a str,
    /// Outermost first.
    pub shape: &'a [u64],
    /// Its type in the source.
    pub dtype: DType,
}

/// What the rules ask of the model.
struct Model {
    /// The number of `blk.*.attn_v.weight`.
    n_attn_v: u64,
    /// The number of `blk.*.ffn_down.weight`.
    n_ffn_down: u64,
    /// Whether there is no `output.weight`, so that the embedding does its work.
    tied: bool,
    /// Llama 70B: eight query heads share each value head, which makes the value projections
    /// small, and more bits for them cheap.
    is_70b: bool,
}

/// The type for a tensor, and the type that the rules wanted where its rows don't fit that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) dtype: DType,
    pub(super) wanted: Option<DType>,
}

/// The types of all tensors of a model, in their order.
pub(super) fn choose_all(target: Target, is_llama: bool, tensors: &[Shape<'_>]) -> Vec<Choice> {
    let count = |suffix| {
        let in_layer = |t: &&Shape<'_>| layer(t.name).is_some_and(|(_, s)| s == suffix);
        tensors.iter().filter(in_layer).count() as u64
    };
    let find = |name: &str| tensors.iter().find(|t| t.name == name);
    let rows = |name: &str| find(name).and_then(|t| t.shape.first());
    let n_attn_v = count("attn_v.weight");
    let model = Model {
        n_attn_v,
        n_ffn_down: count("ffn_down.weight"),
        tied: find("output.weight").is_none(),
        // As llama.cpp tells it: 80 layers, and fewer value heads than query heads.
        is_70b: n_attn_v == 80
            && is_llama
            && rows("blk.0.attn_v.weight") != rows("blk.0.attn_q.weight"),
    };
    tensors
        .iter()
        .map(|tensor| choose(target, tensor, &model))
        .collect()
}

fn choose(target: Target, tensor: &Shape<'_>, model: &Model) -> Choice {
    let plain = |dtype| Choice {
        dtype,
        wanted: None,
    };
    if tensor.shape.len() < 2 {
        // Norms and biases: nothing to gain, much to lose.
        return plain(DType::F32);
    }
    if !tensor.name.ends_with(".weight") || tensor.name.ends_with("_norm.weight") {
        return plain(tensor.dtype);
    }
    let wanted = wanted(target, tensor, model);
    let dtype = fitting(wanted, tensor.shape.last().copied().unwrap_or(1));
    Choice {
        dtype,
        wanted: (dtype != wanted).then_some(wanted),
    }
}

fn wanted(target: Target, tensor: &Shape<'_>, model: &Model) -> DType {
    let base = target.dtype();
    if !base.is_quantized() {
        return base;
    }
    let is_output = tensor.name == "output.weight";
    let is_embedding = tensor.name == "token_embd.weight";
    if is_output || (is_embedding && model.tied) {
        return match base {
            DType::Q8_0 => base,
            _ => DType::Q6_K,
        };
    }
    if target != Target::Q4_K_M {
        return base;
    }
    match layer(tensor.name) {
        Some((layer, "attn_v.weight")) => {
            if use_more_bits(layer, model.n_attn_v) {
                DType::Q6_K
            } else if model.is_70b {
                DType::Q5_K
            } else {
                base
            }
        }
        Some((layer, "ffn_down.weight")) if use_more_bits(layer, model.n_ffn_down) => DType::Q6_K,
        _ => base,
    }
}

/// The first and the last eighth of the layers, and every third one between them.
fn use_more_bits(layer: u64, n_layers: u64) -> bool {
    let eighth = n_layers / 8;
    layer < eighth || layer >= 7 * n_layers / 8 || (layer - eighth) % 3 == 2
}

/// `blk.3.attn_v.weight` is layer 3 and `attn_v.weight`.
fn layer(name: &str) -> Option<(u64, &str)> {
    let (number, rest) = name.strip_prefix("blk.")?.split_once('.')?;
    Some((number.parse().ok()?, rest))
}

/// The type itself where rows of `cols` are whole blocks of it, llama.cpp's substitute otherwise.
fn fitting(wanted: DType, cols: u64) -> DType {
    let fits = |dtype: DType| cols.is_multiple_of(dtype.block_len() as u64);
    if fits(wanted) {
        return wanted;
    }
    let substitute = match wanted {
        DType::Q4_K => DType::Q5_0,
        DType::Q5_K => DType::Q5_1,
        DType::Q6_K => DType::Q8_0,
        other => other,
    };
    if fits(substitute) {
        substitute
    } else {
        DType::F16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(target: Target, name: &str, shape: &[u64], tied: bool) -> Choice {
        let tensor = Shape {
            name,
            shape,
            dtype: DType::BF16,
        };
        let model = Model {
            n_attn_v: 28,
            n_ffn_down: 28,
            tied,
            is_70b: false,
        };
        choose(target, &tensor, &model)
    }

    /// The layers of a published Q4_K_M of R1-Distill-Qwen-7B whose value and down projections
    /// are q6_k.
    #[test]
    fn more_bits_go_to_the_layers_they_go_to_in_published_files() {
        let more: Vec<u64> = (0..28).filter(|&l| use_more_bits(l, 28)).collect();
        assert_eq!(more, [0, 1, 2, 5, 8, 11, 14, 17, 20, 23, 24, 25, 26, 27]);
    }

    /// A file may hold a tensor of rank 0 under any name.
    #[test]
    fn a_tensor_without_dimensions_is_no_trouble() {
        let shape = |name| Shape {
            name,
            shape: &[],
            dtype: DType::F32,
        };
        let names = [
            "output.weight",
            "blk.0.attn_v.weight",
            "blk.0.attn_q.weight",
        ];
        let choices = choose_all(Target::Q4_K_M, true, &names.map(shape));
        assert!(choices.iter().all(|choice| choice.dtype == DType::F32));
    }

    #[test]
    fn tensors_get_the_types_of_the_mix() {
        let mix = |name, shape: &[u64]| chosen(Target::Q4_K_M, name, shape, false).dtype;
        let matrix = [512, 512];
        assert_eq!(mix("blk.0.attn_v.weight", &matrix), DType::Q6_K);
        assert_eq!(mix("blk.3.attn_v.weight", &matrix), DType::Q4_K);
        assert_eq!(mix("blk.5.ffn_down.weight", &matrix), DType::Q6_K);
        assert_eq!(mix("blk.5.ffn_up.weight", &matrix), DType::Q4_K);
        assert_eq!(mix("output.weight", &matrix), DType::Q6_K);
        assert_eq!(mix("token_embd.weight", &matrix), DType::Q4_K);
        assert_eq!(mix("blk.0.attn_q.bias", &[512]), DType::F32);
        assert_eq!(mix("output_norm.weight", &[512]), DType::F32);
        let tied = chosen(Target::Q4_K_M, "token_embd.weight", &matrix, true);
        assert_eq!(tied.dtype, DType::Q6_K);
        let q8 = chosen(Target::Q8_0, "output.weight", &matrix, false);
        assert_eq!(q8.dtype, DType::Q8_0);
    }

    #[test]
    fn rows_that_do_not_fit_get_a_substitute_and_say_so() {
        let choice = chosen(Target::Q4_K, "blk.3.attn_q.weight", &[8, 576], false);
        assert_eq!(
            (choice.dtype, choice.wanted),
            (DType::Q5_0, Some(DType::Q4_K))
        );
        let choice = chosen(Target::Q6_K, "blk.3.attn_q.weight", &[8, 576], false);
        assert_eq!(
            (choice.dtype, choice.wanted),
            (DType::Q8_0, Some(DType::Q6_K))
        );
        let choice = chosen(Target::Q4_0, "blk.3.attn_q.weight", &[8, 40], false);
        assert_eq!(
            (choice.dtype, choice.wanted),
            (DType::F16, Some(DType::Q4_0))
        );
    }
}
