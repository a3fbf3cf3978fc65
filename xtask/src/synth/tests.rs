use super::*;
use glassbox_core::{Batch, Sequence};
use glassbox_cpu::{Cpu, CpuOptions};
use glassbox_models::{CausalLm, LoadOptions, LoadedModel};
use glassbox_text::{GgufVocab, Show, Special, Tokenizer};
use glassbox_weights::config::DISTILLS;
use glassbox_weights::{Checkpoint, OpenOptions};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// A small model of either family: eight layers, so that the mix has both of its types.
fn small(family: &str) -> ModelConfig {
    let published = DISTILLS.into_iter().find(|d| d.name.starts_with(family));
    macro_rules! shrunk {
        ($c:ident) => {{
            $c.vocab_size = 640;
            $c.hidden_size = 256;
            $c.intermediate_size = 512;
            $c.num_hidden_layers = 8;
            $c.num_attention_heads = 4;
            $c.num_key_value_heads = 2;
            $c.head_dim = Some(64);
            $c.bos_token_id = Some(601);
            $c.eos_token_id = vec![600];
        }};
    }
    let mut config = published.unwrap().config();
    match &mut config {
        ModelConfig::Qwen2(c) => shrunk!(c),
        ModelConfig::Llama(c) => shrunk!(c),
        _ => unreachable!(),
    }
    config
}

fn written(config: &ModelConfig, target: Target, seed: u64) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    let bytes = write(config, "small", target, seed, &path).unwrap();
    assert!(bytes < fs::metadata(&path).unwrap().len());
    (folder, path)
}

/// The logits after three tokens, `[640]`.
fn logits(path: &Path) -> Vec<f32> {
    let checkpoint = Checkpoint::open(path, &OpenOptions::default()).unwrap();
    let cpu = Cpu::new(&CpuOptions::default().threads(1)).unwrap();
    let options = LoadOptions::default();
    let mut model = LoadedModel::load(cpu, &checkpoint, &options, &mut |_| true).unwrap();
    let sequence = [Sequence {
        n_tokens: 3,
        start: 0,
        pages: &[0],
    }];
    let batch = Batch::new(&[600, 7, 300], &sequence, &[2]).unwrap();
    let mut logits = vec![0.0; 640];
    model.forward(&batch, &mut logits, &mut || true).unwrap();
    logits
}

#[test]
fn models_of_both_families_load_and_compute_ordinary_numbers() {
    for family in ["qwen2", "llama"] {
        for target in [
            Target::Q4_K_M,
            Target::Q4_0,
            Target::Q8_0,
            Target::BF16,
            Target::F16,
        ] {
            let (_folder, path) = written(&small(family), target, 1);
            let logits = logits(&path);
            let n = logits.len() as f32;
            let mean = logits.iter().sum::<f32>() / n;
            let variance = logits.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / n;
            let what = format!("{family} {target}: mean {mean}, variance {variance}");
            assert!(mean.abs() < 0.2, "{what}");
            assert!((0.5..2.0).contains(&variance), "{what}");
        }
    }
}

#[test]
fn types_are_those_of_the_mix() {
    let (_folder, path) = written(&small("qwen2"), Target::Q4_K_M, 1);
    let checkpoint = Checkpoint::open(&path, &OpenOptions::default()).unwrap();
    for (name, dtype) in [
        ("output.weight", DType::Q6_K),
        ("token_embd.weight", DType::Q4_K),
        ("blk.0.attn_v.weight", DType::Q6_K),
        ("blk.1.attn_v.weight", DType::Q4_K),
        ("blk.7.ffn_down.weight", DType::Q6_K),
        ("blk.7.ffn_up.weight", DType::Q4_K),
        ("blk.3.attn_k.bias", DType::F32),
        ("blk.3.attn_norm.weight", DType::F32),
    ] {
        assert_eq!(checkpoint.info(name).unwrap().dtype(), dtype, "{name}");
    }
}

#[test]
fn a_seed_gives_the_same_file_and_another_gives_another() {
    let file = |seed| fs::read(written(&small("llama"), Target::Q4_0, seed).1).unwrap();
    let first = file(1);
    assert!(first == file(1));
    assert!(first != file(2));
}

#[test]
fn the_tokenizer_takes_text_apart_and_puts_it_together() {
    for (family, pre) in [("qwen2", "deepseek-r1-qwen"), ("llama", "llama-bpe")] {
        let vocabulary = Vocabulary::new(&small(family)).unwrap();
        assert_eq!(vocabulary.tokens.len(), 640);
        assert_eq!(vocabulary.pre, pre);
        let tokenizer = Tokenizer::from_gguf(GgufVocab {
            model: "gpt2".into(),
            pre: Some(pre.into()),
            tokens: vocabulary.tokens,
            token_types: vocabulary.types,
            merges: vocabulary.merges,
            bos: Some(vocabulary.bos),
            eos: Some(vocabulary.eos),
            add_bos: Some(true),
            ..GgufVocab::default()
        });
        let tokenizer = tokenizer.unwrap();
        let text = "To be, or ńot to be? 42\n\u{1F600}";
        let ids = tokenizer.encode_document(text, Special::AsText).unwrap();
        // BOS, `T`, `o`, and ` b` by the second of the merges.
        assert_eq!(ids[..4], [601, 51, 78, 257]);
        assert_eq!(tokenizer.decode(&ids[1..], Show::Text), text);
    }
}

#[test]
fn every_distill_has_a_whole_vocabulary() {
    for distill in DISTILLS {
        let config = distill.config();
        let vocabulary = Vocabulary::new(&config).unwrap();
        let spec = DecoderSpec::try_from(&config).unwrap();
        assert_eq!(vocabulary.tokens.len(), spec.vocab, "{}", distill.name);
        assert_eq!(vocabulary.types.len(), spec.vocab);
        let mut tokens = vocabulary.tokens;
        tokens.sort_unstable();
        tokens.dedup();
        assert_eq!(tokens.len(), spec.vocab, "{}: no two alike", distill.name);
    }
}

#[test]
fn a_place_that_cannot_be_written_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let config = small("qwen2");
    for (path, expected) in [
        (folder.path().to_path_buf(), "is a folder"),
        (folder.path().join("missing/model.gguf"), "missing"),
    ] {
        let error = write(&config, "small", Target::Q4_0, 1, &path).unwrap_err();
        assert!(format!("{error:#}").contains(expected), "{error:#}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
