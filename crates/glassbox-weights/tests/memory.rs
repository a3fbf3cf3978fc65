//! A checkpoint in memory is the checkpoint of the same files in a folder, errors included.

use glassbox_core::SharedBytes;
use glassbox_weights::{Checkpoint, OpenOptions, Target, WeightsError, quantize};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

type Files = Vec<(String, Vec<u8>)>;

fn files() -> Files {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/convert/qwen2");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

fn shared(files: &Files) -> Vec<(&str, SharedBytes)> {
    let files = files.iter();
    files
        .map(|(name, bytes)| (name.as_str(), bytes.clone().into()))
        .collect()
}

/// The files opened from memory and from a folder called `model`, which lasts as long as the last.
fn both(files: &Files) -> ([Result<Checkpoint, WeightsError>; 2], TempDir) {
    let memory = Checkpoint::from_memory("model", shared(files));
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("model");
    fs::create_dir(&folder).unwrap();
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    let opened = Checkpoint::open(&folder, &OpenOptions::default());
    ([memory, opened], temporary)
}

fn same(files: &Files) -> Checkpoint {
    let (opened, _temporary) = both(files);
    let [memory, folder] = opened.map(|opened| opened.unwrap());
    assert_eq!(memory.config(), folder.config());
    assert_eq!(memory.tensors().len(), folder.tensors().len());
    for (a, b) in memory.tensors().zip(folder.tensors()) {
        assert_eq!(
            (a.name(), a.dtype(), a.shape()),
            (b.name(), b.dtype(), b.shape())
        );
        let [a, b] = [(&memory, a), (&folder, b)]
            .map(|(checkpoint, info)| checkpoint.tensor(info.name()).unwrap().unwrap());
        assert_eq!(&a.data()[..], &b.data()[..]);
    }
    memory
}

/// What is wrong, which has to be the same, with every path from the folder's name on.
fn wrong(files: &Files) -> String {
    let (opened, _temporary) = both(files);
    let [memory, folder] = opened.map(|opened| opened.unwrap_err().to_string());
    assert!(folder.ends_with(&memory), "{folder} | {memory}");
    memory
}

#[test]
fn a_checkpoint_in_memory_is_that_of_the_folder() {
    let memory = same(&files());
    let tokenizer = memory.directory_file("tokenizer.json").unwrap();
    assert!(tokenizer.is_some());
    assert!(memory.directory_file("none.json").unwrap().is_none());
    assert!(memory.directory_file("../model.safetensors").is_err());
    let files: Vec<_> = memory.files().collect();
    assert_eq!(files, [Path::new("model/model.safetensors")]);
}

#[test]
fn shards_lie_in_memory_as_well() {
    let mut files = files();
    let weights = files
        .iter_mut()
        .find(|f| f.0 == "model.safetensors")
        .unwrap();
    weights.0 = "model-00001-of-00001.safetensors".into();
    let shard = weights.0.clone();
    let whole = same(&self::files());
    let names = whole.tensors().map(|t| format!("{:?}:{shard:?}", t.name()));
    let map = names.collect::<Vec<_>>().join(",");
    let index = format!("{{\"metadata\":{{}},\"weight_map\":{{{map}}}}}");
    files.push(("model.safetensors.index.json".into(), index.into_bytes()));
    same(&files);
    files.retain(|f| f.0 != shard);
    assert!(wrong(&files).contains(&shard));
}

#[test]
fn what_is_wrong_with_a_folder_is_wrong_in_memory() {
    let without = |name: &str| -> Files { files().into_iter().filter(|f| f.0 != name).collect() };
    let with = |name: &str, bytes: &[u8]| {
        let mut files = without(name);
        files.push((name.into(), bytes.into()));
        files
    };
    assert!(wrong(&without("config.json")).ends_with("no config.json"));
    assert!(wrong(&without("model.safetensors")).contains("no model.safetensors"));
    let mut pickle = without("model.safetensors");
    pickle.push(("pytorch_model.bin".into(), vec![0x80, 2]));
    assert!(wrong(&pickle).contains("pytorch_model.bin: pickle"));
    assert!(wrong(&with("config.json", b"{}")).starts_with("model/config.json: "));
    assert!(wrong(&with("model.safetensors", b"")).contains("0 bytes"));
    assert!(wrong(&with("model.safetensors", b"<html>")).contains("HTML"));
    let cut = files()
        .into_iter()
        .find(|f| f.0 == "model.safetensors")
        .unwrap()
        .1;
    wrong(&with("model.safetensors", &cut[..cut.len() - 1]));
}

#[test]
fn weights_are_not_copied() {
    static BYTES: [u8; 4] = [1, 2, 3, 4];
    let bytes = SharedBytes::from(&BYTES[..]);
    assert!(std::ptr::eq(&bytes[..], &BYTES[..]));
    let files = files();
    let all = shared(&files);
    let checkpoint = Checkpoint::from_memory("model", all.clone()).unwrap();
    let file = &all.iter().find(|f| f.0 == "model.safetensors").unwrap().1;
    let range = file.as_ptr_range();
    for info in checkpoint.tensors() {
        let view = checkpoint.tensor(info.name()).unwrap().unwrap();
        assert!(range.contains(&view.data().as_ptr()), "{}", info.name());
    }
}

#[test]
fn both_quantise_to_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let (opened, _temporary) = both(&files());
    let [memory, disk] = opened.map(|opened| opened.unwrap());
    let written = [("a.gguf", memory), ("b.gguf", disk)].map(|(name, checkpoint)| {
        let out = folder.path().join(name);
        quantize(
            &checkpoint,
            &out,
            Target::from_name("q8_0").unwrap(),
            &mut |_| true,
        )
        .unwrap();
        fs::read(out).unwrap()
    });
    assert!(written[0] == written[1]);
}
