//! `quantize`, over the small models of the workspace.

mod support;

use serde_json::json;
use std::fs;
use support::{fixture, run};

#[test]
fn a_model_keeps_its_logits_in_f32_and_about_its_logits_in_q8_0() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["qwen2-tied.gguf", "llama-untied.gguf"] {
        let source = fixture(name);
        let logits = |model: &str| -> Vec<f64> {
            let args = [
                "logits", "--model", model, "--ids", "1,2,3", "--kv", "f32", "--all", "--json",
            ];
            serde_json::from_value(run(&args).json()["logits"].clone()).unwrap()
        };
        let before = logits(&source);
        let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
        // Eight bits change the logits of these models, whose weights are random and large, by 2
        // to 5 parts in 100, of which the rounding of the weights alone is more than half.
        for (to, most) in [("f32", 0.0), ("q8_0", 0.1)] {
            let out = folder.path().join(format!("{to}-{name}"));
            let out = out.to_str().unwrap();
            let report = run(&["quantize", &source, out, "--to", to, "--json"]).json();
            assert_eq!(report["to"], to);
            assert!(report["target_bytes"].as_u64().unwrap() > 0);
            let differ = |(a, b): (&f64, f64)| a - b;
            let after = logits(out);
            let change: Vec<f64> = before.iter().zip(after).map(differ).collect();
            let change = norm(&change) / norm(&before);
            assert!(change <= most, "{name} {to}: {change}");
        }
    }
}

/// The tokenizer and the configs of a Hugging Face directory are read too.
#[test]
fn no_file_of_a_directory_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let model = crate::support::reasoner(folder.path());
    let tokenizer = model.join("tokenizer.json");
    let before = fs::read(&tokenizer).unwrap();
    let [model, out] = [&model, &tokenizer].map(|path| path.to_str().unwrap());
    run(&["quantize", model, out, "--to", "q8_0", "--force"])
        .fails(1, "a file of the model that is read");
    assert_eq!(fs::read(&tokenizer).unwrap(), before);
}

#[test]
fn nothing_is_overwritten_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (source, out) = (path("in.gguf"), path("out.gguf"));
    fs::copy(fixture("qwen2-tied.gguf"), &source).unwrap();
    let before = fs::read(&source).unwrap();
    let quantize =
        |to: &str, more: &[&str]| run(&[&["quantize", &source, to, "--to", "q8_0"], more].concat());
    quantize(&source, &["--force"]).fails(1, "a file of the model that is read");
    quantize(&out, &[]).ok();
    quantize(&out, &[]).fails(1, "--force overwrites it");
    assert!(quantize(&out, &["--force"]).ok().contains("q8_0"));
    quantize(folder.path().to_str().unwrap(), &["--force"]).fails(1, "not a regular file");
    quantize("/no/such/folder/out.gguf", &[]).fails(1, "/no/such/folder");
    assert_eq!(fs::read(&source).unwrap(), before);
    let names = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 2, "no temporary file is left");
    run(&["quantize", &source, &out, "--to", "q9"]).fails(2, "q4_k_m");
    run(&["quantize", "/no/such/model", &out, "--to", "f16"]).fails(1, "/no/such/model");
    assert_eq!(
        run(&["inspect", &out, "--json"]).json()["runs"],
        json!(true)
    );
}
