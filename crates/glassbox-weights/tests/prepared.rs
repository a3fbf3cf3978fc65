//! A file of prepared weights is used while it is what it was made to be, and only then.

use glassbox_core::{SharedBytes, WeightView};
use glassbox_weights::{Checkpoint, OpenOptions, Unusable, WeightsError, prepare};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const LAYOUT: &str = "back to front";
const MATRIX: &str = "model.layers.0.mlp.gate_proj.weight";
const VECTOR: &str = "model.norm.weight";

/// A folder with a model, opened.
struct Model {
    folder: TempDir,
}

impl Model {
    fn new() -> Model {
        let model = Model {
            folder: tempfile::tempdir().unwrap(),
        };
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/convert/qwen2");
        for entry in fs::read_dir(fixture).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), model.folder.path().join(entry.file_name())).unwrap();
        }
        model
    }

    fn open(&self) -> Checkpoint {
        Checkpoint::open(self.folder.path(), &OpenOptions::default()).unwrap()
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("model.prepared")
    }

    fn prepare(&self) -> Result<PathBuf, WeightsError> {
        prepare(&self.open(), LAYOUT, &mut back_to_front, &mut |_, _| true)
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

/// The bytes in the reverse order, but for vectors.
fn back_to_front(view: &WeightView) -> Result<Option<SharedBytes>, WeightsError> {
    let reversed: Vec<u8> = view.data().iter().rev().copied().collect();
    Ok((view.rows() > 1).then(|| reversed.into()))
}

#[test]
fn what_was_laid_out_is_found() {
    let model = Model::new();
    assert!(model.open().prepared().is_none());
    assert!(model.open().laid_out(MATRIX, LAYOUT).unwrap().is_none());

    assert_eq!(model.prepare().unwrap(), model.place());
    let checkpoint = model.open();
    assert_eq!(checkpoint.prepared(), Some(Ok(model.place().as_path())));
    for info in checkpoint.tensors() {
        let (name, view) = (
            info.name(),
            checkpoint.tensor(info.name()).unwrap().unwrap(),
        );
        let kept = checkpoint.laid_out(name, LAYOUT).unwrap();
        let expected = back_to_front(&view).unwrap();
        assert_eq!(kept.as_deref(), expected.as_deref(), "{name}");
        if let Some(bytes) = kept {
            assert!(bytes.as_ptr().addr().is_multiple_of(64), "{name}");
        }
    }
    assert!(checkpoint.laid_out(VECTOR, LAYOUT).unwrap().is_none());
    assert!(checkpoint.laid_out("no such", LAYOUT).unwrap().is_none());
    assert!(checkpoint.laid_out(MATRIX, "another").unwrap().is_none());
    // One that is there already is made anew.
    model.prepare().unwrap();
}

#[test]
fn a_changed_byte_is_noticed() {
    let model = Model::new();
    model.prepare().unwrap();
    let whole = fs::read(model.place()).unwrap();
    let laid_out = model.open().laid_out(MATRIX, LAYOUT).unwrap().unwrap();
    let at = whole
        .windows(laid_out.len())
        .position(|window| *window == *laid_out);
    drop(laid_out);
    for at in [at.unwrap(), at.unwrap() + 77] {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        fs::remove_file(model.place()).unwrap();
        fs::write(model.place(), bytes).unwrap();
        let error = model.open().laid_out(MATRIX, LAYOUT).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, WeightsError::Damaged { .. }), "{text}");
        assert!(
            text.contains("model.prepared") && text.contains(MATRIX),
            "{text}"
        );
    }
}

#[test]
fn of_other_files_it_is_outdated() {
    let model = Model::new();
    model.prepare().unwrap();
    let weights = model.folder.path().join("model.safetensors");
    let file = fs::File::options().write(true).open(&weights).unwrap();
    let before = file.metadata().unwrap().modified().unwrap();

    file.set_modified(SystemTime::now() + Duration::from_secs(1))
        .unwrap();
    let checkpoint = model.open();
    let path = model.place();
    assert_eq!(
        checkpoint.prepared(),
        Some(Err(&Unusable::Outdated { path }))
    );
    assert!(checkpoint.laid_out(MATRIX, LAYOUT).unwrap().is_none());

    file.set_modified(before).unwrap();
    assert!(model.open().prepared().unwrap().is_ok());
    file.set_modified(SystemTime::now() + Duration::from_secs(2))
        .unwrap();
    model.prepare().unwrap();
    assert!(model.open().prepared().unwrap().is_ok());
}

#[test]
fn another_file_in_its_place_is_left_alone() {
    let model = Model::new();
    model.prepare().unwrap();
    let prepared = fs::read(model.place()).unwrap();
    let gguf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../glassbox-models/tests/fixtures");
    let gguf = fs::read(gguf.join("qwen2-tied.gguf")).unwrap();
    for other in [&b"notes"[..], b"", &gguf, &prepared[..prepared.len() - 1]] {
        fs::remove_file(model.place()).unwrap();
        fs::write(model.place(), other).unwrap();
        let why = model.open().prepared().unwrap().unwrap_err().to_string();
        assert!(why.contains("model.prepared"), "{why}");
        let error = model.prepare().unwrap_err();
        assert!(matches!(error, WeightsError::Taken { .. }), "{error}");
        assert_eq!(fs::read(model.place()).unwrap(), other);
    }
}

#[test]
fn what_stops_half_way_leaves_nothing() {
    let model = Model::new();
    let before = model.files();
    let mut left = 20;
    let error = prepare(
        &model.open(),
        LAYOUT,
        &mut back_to_front,
        &mut |done, total| {
            assert!(done <= total);
            left -= 1;
            left > 0
        },
    );
    assert!(matches!(error, Err(WeightsError::Cancelled)));
    assert_eq!(left, 0);
    let mut ragged = |view: &WeightView| match view.name() {
        MATRIX => Ok(Some(vec![0; 3].into())),
        _ => back_to_front(view),
    };
    let error = prepare(&model.open(), LAYOUT, &mut ragged, &mut |_, _| true);
    assert!(
        matches!(error, Err(WeightsError::WriteSize { .. })),
        "{error:?}"
    );
    assert_eq!(model.files(), before);
}

#[test]
fn only_a_map_of_files_has_one() {
    let model = Model::new();
    model.prepare().unwrap();
    let read = OpenOptions::default().mmap(false);
    let read = Checkpoint::open(model.folder.path(), &read).unwrap();
    let files = model.files();
    let files = files.iter().map(|file| {
        let name = file.file_name().unwrap().to_str().unwrap();
        (name, SharedBytes::from(fs::read(file).unwrap()))
    });
    let memory = Checkpoint::from_memory("model", files).unwrap();
    for checkpoint in [read, memory] {
        assert!(checkpoint.prepared().is_none());
        let error = prepare(&checkpoint, LAYOUT, &mut back_to_front, &mut |_, _| true);
        assert!(matches!(error, Err(WeightsError::NoPlace)), "{error:?}");
    }
}

/// Wherever a file is damaged, what is taken from it is right.
#[test]
fn no_byte_can_change_unnoticed() {
    let model = Model::new();
    model.prepare().unwrap();
    let whole = fs::read(model.place()).unwrap();
    let plain = Checkpoint::open(model.folder.path(), &OpenOptions::default().mmap(false)).unwrap();
    let header = 4096.min(whole.len());
    let (mut unusable, mut damaged) = (0, 0);
    for at in (0..header).chain((header..whole.len()).step_by(997)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::remove_file(model.place()).unwrap();
        fs::write(model.place(), bytes).unwrap();
        let checkpoint = model.open();
        unusable += usize::from(checkpoint.prepared().unwrap().is_err());
        for info in plain.tensors() {
            match checkpoint.laid_out(info.name(), LAYOUT) {
                Ok(None) => {}
                Ok(Some(got)) => {
                    let view = plain.tensor(info.name()).unwrap().unwrap();
                    let expected = back_to_front(&view).unwrap();
                    assert_eq!(Some(&got[..]), expected.as_deref(), "byte {at}");
                }
                Err(error) => {
                    assert!(matches!(error, WeightsError::Damaged { .. }), "{error}");
                    damaged += 1;
                }
            }
        }
    }
    assert!(unusable > 1000 && damaged > 100, "{unusable} {damaged}");
}
