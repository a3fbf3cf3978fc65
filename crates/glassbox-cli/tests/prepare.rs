//! `prepare`, and what the other commands say of what it made.

mod support;

use serde_json::json;
use std::fs;
use std::time::{Duration, SystemTime};
use support::{fixture, run};

const ASK: [&str; 7] = [
    "logits",
    "--ids",
    "1,2,3",
    "--all",
    "--json",
    "--threads",
    "1",
];

#[test]
fn a_prepared_model_is_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.gguf");
    fs::copy(fixture("llama-untied.gguf"), &model).unwrap();
    let place = folder.path().join("model.gguf.prepared");
    let [model, prepared] = [&model, &place].map(|path| path.to_str().unwrap());
    let logits = || run(&[&ASK[..], &["-m", model]].concat());
    let before = logits().json();
    assert_eq!(
        run(&["inspect", model, "--json"]).json()["prepared"],
        json!(null)
    );

    assert!(run(&["prepare", "-m", model]).ok().starts_with(prepared));
    let report = run(&["prepare", "-m", model, "--json"]).json();
    assert_eq!(report["prepared"], prepared);
    assert_eq!(report["bytes"], fs::metadata(prepared).unwrap().len());
    assert_eq!(
        run(&["inspect", model, "--json"]).json()["prepared"],
        prepared
    );
    let after = logits();
    assert_eq!(after.json(), before);
    assert_eq!(after.err, "");

    // A damaged file is an error, and one of other files only a warning.
    let mut bytes = fs::read(prepared).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(prepared, bytes).unwrap();
    logits().fails(1, "is damaged; without the file the model loads");
    let file = fs::File::options().write(true).open(model).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(1))
        .unwrap();
    let outdated = logits();
    assert_eq!(outdated.json(), before);
    let warning = "made of other files than the model has now (`glassbox prepare` makes it anew)";
    assert!(outdated.err.contains(warning), "{}", outdated.err);
    let bench = run(&["bench", "-m", model, "-p", "4", "-n", "1", "-r", "1"]);
    assert!(bench.err.contains(warning), "{}", bench.err);
    assert!(
        run(&["inspect", model])
            .ok()
            .contains("made of other files")
    );

    run(&["prepare", "-m", model]).ok();
    assert_eq!(logits().err, "");
    fs::write(prepared, "notes").unwrap();
    run(&["prepare", "-m", model]).fails(1, "none of prepared weights");
    assert_eq!(fs::read(prepared).unwrap(), b"notes");
}

#[test]
fn what_has_no_place_for_it_is_refused() {
    run(&["prepare", "-m", "/no/such/model"]).fails(1, "/no/such/model");
    run(&["prepare", "-m", &fixture("qwen2-tied"), "--threads", "0"]).fails(2, "expected 1 to");
    #[cfg(feature = "tiny")]
    run(&["prepare", "-m", "tiny"]).fails(1, "a model in memory has no place");
}
