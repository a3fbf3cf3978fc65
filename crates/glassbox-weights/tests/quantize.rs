//! The quantiser as a whole: what it keeps, what it changes, and what it refuses.

mod common;

use common::fixture;
use glassbox_core::{DType, quant};
use glassbox_weights::gguf::{Array, Value, Writer};
use glassbox_weights::quantize::{encode_row, quantize};
use glassbox_weights::{Checkpoint, OpenOptions, Target, WeightsError};
use std::path::Path;

/// A model of one layer with rows of 256 and one tensor of rows of 32.
fn model(path: &Path, spoil: impl Fn(&str, &mut [f32])) {
    let mut writer = Writer::new();
    writer.set("general.architecture", Value::String("llama".into()));
    writer.set("general.file_type", Value::U32(0));
    writer.set("quantize.imatrix.file", Value::String("old".into()));
    writer.set(
        "tokenizer.ggml.tokens",
        Value::Array(Array::from_strings(&["a", "b"])),
    );
    let tensors: [(&str, &[u64]); 6] = [
        ("token_embd.weight", &[8, 256]),
        ("blk.0.attn_norm.weight", &[256]),
        ("blk.0.attn_v.weight", &[16, 256]),
        ("blk.0.ffn_up.weight", &[16, 256]),
        ("blk.0.ffn_down.weight", &[256, 32]),
        ("output.weight", &[8, 256]),
    ];
    for (name, shape) in tensors {
        writer.tensor(name, DType::F32, shape);
    }
    let mut data = writer.create(path).unwrap();
    for (name, shape) in tensors {
        let n: u64 = shape.iter().product();
        let mut values: Vec<f32> = (0..n)
            .map(|i| ((i * 7919) % 1013) as f32 / 500.0 - 1.0)
            .collect();
        spoil(name, &mut values);
        let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        data.write(&bytes).unwrap();
    }
    data.finish().unwrap();
}

fn open(path: &Path) -> Checkpoint {
    Checkpoint::open(path, &OpenOptions::default()).unwrap()
}

fn types(checkpoint: &Checkpoint) -> Vec<DType> {
    checkpoint.tensors().map(|t| t.dtype()).collect()
}

#[test]
fn a_cancelled_quantiser_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("f32.gguf");
    model(&source, |_, _| ());
    let mut calls = 0;
    let stopped = quantize(
        &open(&source),
        &folder.path().join("out.gguf"),
        Target::Q8_0,
        &mut |_| {
            calls += 1;
            calls < 2
        },
    );
    assert_eq!(stopped.unwrap_err().to_string(), "cancelled");
    assert_eq!(calls, 2);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn the_mix_is_written_and_metadata_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (source, out) = (
        folder.path().join("f32.gguf"),
        folder.path().join("mix.gguf"),
    );
    model(&source, |_, _| ());
    let source = open(&source);
    let mut steps = Vec::new();
    let report = quantize(&source, &out, Target::Q4_K_M, &mut |p| {
        steps.push((
            p.tensor.to_owned(),
            p.done,
            p.total,
            p.bytes_done == p.bytes_total,
        ));
        true
    })
    .unwrap();
    let written = open(&out);
    use DType::{F32, Q4_K, Q6_K, Q8_0};
    // Layer 0 of 1 gets more bits, and rows of 32 no super-block.
    assert_eq!(types(&written), [Q4_K, F32, Q6_K, Q4_K, Q8_0, Q6_K]);
    assert_eq!(report.types, [(F32, 1), (Q8_0, 1), (Q4_K, 2), (Q6_K, 2)]);
    assert_eq!(report.fallbacks.len(), 1);
    let fallback = &report.fallbacks[0];
    assert_eq!(fallback.tensor, "blk.0.ffn_down.weight");
    assert_eq!((fallback.wanted, fallback.written), (Q6_K, Q8_0));
    assert_eq!(steps.len(), 6);
    assert_eq!(steps[5], ("output.weight".into(), 6, 6, true));
    let metadata = written.gguf().unwrap();
    assert_eq!(metadata.u32("general.file_type").unwrap(), Some(15));
    assert_eq!(
        metadata.u32("general.quantization_version").unwrap(),
        Some(2)
    );
    assert_eq!(metadata.get("quantize.imatrix.file"), None);
    assert_eq!(
        metadata.get("tokenizer.ggml.tokens"),
        source.gguf().unwrap().get("tokenizer.ggml.tokens")
    );
    assert_eq!(
        report.target_bytes,
        written.tensors().map(|t| t.n_bytes()).sum::<u64>()
    );
}

#[test]
fn every_target_is_near_the_source() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("f32.gguf");
    model(&source, |_, _| ());
    let source = open(&source);
    for (target, worst) in [
        (Target::F32, 0.0),
        (Target::F16, 0.0005),
        (Target::BF16, 0.004),
        (Target::Q8_0, 0.005),
        (Target::Q6_K, 0.03),
        (Target::Q4_K, 0.1),
        (Target::Q4_K_M, 0.1),
        (Target::Q4_1, 0.1),
        (Target::Q4_0, 0.2),
    ] {
        let out = folder.path().join(format!("{target}.gguf"));
        quantize(&source, &out, target, &mut |_| true).unwrap();
        let written = open(&out);
        let mut largest = 0.0f32;
        for info in source.tensors() {
            let (a, b) = (
                source.tensor(info.name()).unwrap().unwrap(),
                written.tensor(info.name()).unwrap().unwrap(),
            );
            let (mut x, mut y) = (vec![0.0; a.cols()], vec![0.0; a.cols()]);
            for row in 0..a.rows() {
                a.dequantize_row(row, &mut x);
                b.dequantize_row(row, &mut y);
                for (x, y) in x.iter().zip(&y) {
                    largest = largest.max((x - y).abs());
                }
            }
        }
        assert!(largest <= worst, "{target}: {largest} > {worst}");
        assert!(
            worst == 0.0 || largest > worst / 10.0,
            "{target}: {largest} proves nothing"
        );
    }
}

/// The result depends on the source and the target alone, and what has its type is not touched.
#[test]
fn the_same_bytes_come_out_whatever_the_threads() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("f32.gguf");
    model(&source, |_, _| ());
    let run = |from: &Path, name: &str, threads: usize| {
        let out = folder.path().join(name);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| quantize(&open(from), &out, Target::Q4_K_M, &mut |_| true).unwrap());
        out
    };
    let one = run(&source, "one.gguf", 1);
    let four = run(&source, "four.gguf", 4);
    let again = run(&one, "again.gguf", 2);
    let bytes = std::fs::read(&one).unwrap();
    assert!(
        bytes == std::fs::read(four).unwrap(),
        "threads changed the result"
    );
    assert!(
        bytes == std::fs::read(again).unwrap(),
        "q4_k_m of q4_k_m is not the same file"
    );
}

#[test]
fn values_that_no_type_holds_are_refused_and_the_old_file_stays() {
    for (value, target, piece) in [
        (f32::NAN, Target::Q8_0, "column 5 is NaN"),
        (f32::INFINITY, Target::Q4_K_M, "column 5 is inf"),
        (f32::NEG_INFINITY, Target::F16, "column 5 is -inf"),
        (1e5, Target::F16, "column 5 is 1e5, beyond the type's range"),
        (3.4e38, Target::BF16, "column 5 is 3.4e38"),
        (1e30, Target::Q4_0, "column 5 is 1e30"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (source, out) = (folder.path().join("a.gguf"), folder.path().join("b.gguf"));
        model(&source, |name, x| {
            if name == "blk.0.ffn_up.weight" {
                x[256 * 3 + 5] = if value == 3.4e38 { f32::MAX } else { value };
            }
        });
        std::fs::write(&out, "old").unwrap();
        let piece = if value == 3.4e38 {
            "column 5 is 3.4028235e38"
        } else {
            piece
        };
        let error = quantize(&open(&source), &out, target, &mut |_| true).unwrap_err();
        assert!(
            matches!(error, WeightsError::Encode { row: 3, .. }),
            "{error}"
        );
        let message = error.to_string();
        assert!(
            message.contains("\"blk.0.ffn_up.weight\", row 3"),
            "{message}"
        );
        assert!(message.contains(piece), "{piece:?} is not in {message:?}");
        assert_eq!(std::fs::read(&out).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}

/// Zeros, constants, and the largest and smallest values that the types are sure to hold.
#[test]
fn extreme_blocks_come_out_finite() {
    let folder = tempfile::tempdir().unwrap();
    let (source, out) = (folder.path().join("a.gguf"), folder.path().join("b.gguf"));
    for fill in [
        0.0,
        -0.0,
        1.0,
        -1e-30,
        6e-8,
        65504.0,
        -65504.0,
        f32::MIN_POSITIVE / 8.0,
    ] {
        model(&source, |name, x| {
            if name.starts_with("blk") {
                x.fill(fill);
                x[0] = -fill;
            }
        });
        for target in Target::ALL {
            quantize(&open(&source), &out, target, &mut |_| true).unwrap();
            let found = glassbox_weights::verify(&open(&out)).unwrap();
            assert_eq!(found, [], "{target} of {fill:e}");
        }
    }
}

/// A scale that rounds to zero in f16 would erase its block; the smallest scale there is does not.
#[test]
fn weights_too_small_for_their_scale_survive() {
    let x: Vec<f32> = (0..256).map(|i| (i as f32 - 127.5) * 1e-8).collect();
    for dtype in [DType::Q8_0, DType::Q6_K, DType::Q5_K] {
        let mut bytes = vec![0; dtype.row_bytes(256).unwrap()];
        encode_row(dtype, &x, &mut bytes).unwrap();
        let mut y = vec![0.0; 256];
        quant::dequantize(dtype, &bytes, &mut y);
        let error: f32 = x.iter().zip(&y).map(|(x, y)| (x - y).powi(2)).sum();
        let all: f32 = x.iter().map(|x| x.powi(2)).sum();
        assert!(error < all / 100.0, "{dtype}: {error:e} of {all:e} is lost");
    }
}

#[test]
fn targets_have_names() {
    for target in Target::ALL {
        assert_eq!(
            Target::from_name(&target.name().to_uppercase()),
            Some(target)
        );
    }
    assert_eq!(Target::from_name("q4_k_m"), Some(Target::Q4_K_M));
    assert_eq!(Target::from_name("q3_k"), None);
}

#[test]
fn weights_without_a_config_do_not_convert() {
    let folder = tempfile::tempdir().unwrap();
    let source = open(&fixture("plain.safetensors"));
    let error = quantize(&source, &folder.path().join("x"), Target::F16, &mut |_| {
        true
    })
    .unwrap_err();
    assert!(error.to_string().contains("no config.json"), "{error}");
}
