//! What a GGUF file says and the forward pass does not do is refused by name (law 4), and no
//! shape of a tensor makes it panic (law 3).

use glassbox_core::DType;
use glassbox_models::{DecoderSpec, RopeScaling};
use glassbox_weights::gguf::{Value, Writer};
use glassbox_weights::{Checkpoint, OpenOptions};

const HEAD_DIM: u32 = 8;

/// A file of a small Llama's metadata and the named tensors, with `change` made to it, and what
/// its spec is.
fn spec(
    change: impl FnOnce(&mut Writer),
    tensors: &[(&str, &[u64])],
) -> Result<DecoderSpec, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let mut writer = Writer::new();
    writer.set("general.architecture", Value::String("llama".into()));
    for (key, value) in [
        ("block_count", 2),
        ("embedding_length", 16),
        ("feed_forward_length", 32),
        ("attention.head_count", 2),
        ("context_length", 64),
    ] {
        writer.set(format!("llama.{key}"), Value::U32(value));
    }
    writer.set("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-5));
    change(&mut writer);
    let all = [&[("token_embd.weight", &[10, 16][..])], tensors].concat();
    let sizes: Vec<u64> = all
        .iter()
        .map(|(name, shape)| writer.tensor(*name, DType::F32, shape))
        .collect();
    let mut file = writer.create(&path).unwrap();
    for n_bytes in sizes {
        let ones = 1.0f32.to_le_bytes().repeat(n_bytes as usize / 4);
        file.write(&ones).unwrap();
    }
    file.finish().unwrap();
    let checkpoint = Checkpoint::open(&path, &OpenOptions::default()).unwrap();
    DecoderSpec::from_checkpoint(&checkpoint).map_err(|e| e.to_string())
}

fn refused(key: &str, value: Value) -> String {
    let set = |w: &mut Writer| {
        w.set(key, value);
    };
    spec(set, &[]).unwrap_err()
}

#[test]
fn a_plain_file_is_accepted() {
    let spec = spec(|_| {}, &[]).unwrap();
    assert_eq!(
        (spec.head_dim, spec.n_kv_heads, spec.vocab),
        (HEAD_DIM as usize, 2, 10)
    );
    assert_eq!(spec.rope_scaling, RopeScaling::None);
}

#[test]
fn what_is_not_done_is_refused_by_name() {
    for (key, value, says) in [
        (
            "general.architecture",
            Value::String("mamba".into()),
            "\"mamba\" is not supported",
        ),
        (
            "llama.attention.sliding_window",
            Value::U32(4096),
            "llama.attention.sliding_window",
        ),
        (
            "llama.expert_count",
            Value::U32(8),
            "llama.expert_count = 8 (u32)",
        ),
        ("llama.logit_scale", Value::F32(0.5), "llama.logit_scale"),
        (
            "llama.attention.value_length",
            Value::U32(4),
            "supported: the length of a key",
        ),
        (
            "llama.rope.dimension_count",
            Value::U32(4),
            "llama.rope.dimension_count",
        ),
        (
            "llama.rope.scaling.type",
            Value::String("longrope".into()),
            "none, linear, yarn",
        ),
        (
            "llama.rope.scaling.type",
            Value::String("yarn".into()),
            "rope.scaling.factor is missing",
        ),
        (
            "llama.rope.scaling.factor",
            Value::F32(4.0),
            "1 without rope.scaling.type",
        ),
        (
            "llama.rope.scaling.attn_factor",
            Value::F32(1.2),
            "1 without rope.scaling.type = yarn",
        ),
        (
            "llama.attention.head_count_kv",
            Value::U32(0),
            "kv heads = 0, expected 1 to",
        ),
        (
            "llama.attention.head_count",
            Value::U32(3),
            "hidden = 16 is not a multiple of heads (3)",
        ),
        ("llama.attention.head_count", Value::U32(0), "heads = 0"),
        ("llama.embedding_length", Value::U64(u64::MAX), "hidden = "),
        (
            "llama.rope.freq_base",
            Value::F32(f32::NAN),
            "rope_theta = NaN",
        ),
        (
            "llama.block_count",
            Value::String("two".into()),
            "llama.block_count",
        ),
    ] {
        let error = refused(key, value);
        assert!(error.contains(says), "{key}: {error}");
    }
}

#[test]
fn yarn_takes_the_factor_on_scores_as_it_is_meant() {
    let yarn = |key: &'static str, factor: f32| {
        let set = move |w: &mut Writer| {
            w.set("llama.rope.scaling.type", Value::String("yarn".into()));
            w.set("llama.rope.scaling.factor", Value::F32(4.0));
            w.set(key, Value::F32(factor));
        };
        spec(set, &[]).map(|s| s.rope().magnitude)
    };
    let paper = 0.1 * 4.0f32.ln() + 1.0;
    let plain = yarn("llama.rope.scaling.attn_factor", 1.0).unwrap();
    assert!((plain - paper).abs() < 1e-6);
    assert_eq!(
        yarn("llama.rope.scaling.attn_factor", 0.5).unwrap(),
        plain * 0.5
    );
    assert_eq!(
        yarn("llama.rope.scaling.yarn_attn_factor", paper).unwrap(),
        plain
    );
    let other = yarn("llama.rope.scaling.yarn_attn_factor", 1.5).unwrap_err();
    assert!(
        other.contains("llama.rope.scaling.yarn_attn_factor = 1.5 (f32)"),
        "{other}"
    );
}

#[test]
fn rope_factors_of_another_shape_are_an_error() {
    let factors = |shape: &[u64]| spec(|_| {}, &[("rope_freqs.weight", shape)]);
    assert_eq!(
        factors(&[4]).unwrap().rope_scaling,
        RopeScaling::Factors(vec![1.0; 4])
    );
    for (shape, says) in [
        (
            &[0, 2][..],
            "tensor rope_freqs.weight is [0, 2], expected [1, 4]",
        ),
        (
            &[0, 1 << 60],
            "tensor rope_freqs.weight is [0, 1152921504606846976], expected [1, 4]",
        ),
        (
            &[2, 2],
            "tensor rope_freqs.weight is [2, 2], expected [1, 4]",
        ),
        (&[5], "tensor rope_freqs.weight is [1, 5], expected [1, 4]"),
    ] {
        assert_eq!(factors(shape).unwrap_err(), says);
    }
}
