//! Files written by the PyPI packages `gguf` and `safetensors`; see
//! `tools/fixtures/weights/read.py`.

mod common;

use common::{CONFIG, fixture, safetensors, write};
use glassbox_core::DType;
use glassbox_weights::gguf::{Array, Header, Value, Writer};
use glassbox_weights::{Checkpoint, Format, OpenOptions, WeightsError, verify};

fn open(name: &str, mmap: bool) -> Checkpoint {
    Checkpoint::open(fixture(name), &OpenOptions::default().mmap(mmap)).unwrap()
}

#[test]
fn every_metadata_type_is_read() {
    let checkpoint = open("every_type.gguf", true);
    let m = checkpoint.gguf().unwrap();
    assert_eq!((m.version(), m.alignment()), (3, 32));
    assert_eq!(m.get("test.u8"), Some(&Value::U8(200)));
    assert_eq!(m.get("test.i8"), Some(&Value::I8(-100)));
    assert_eq!(m.get("test.u16"), Some(&Value::U16(60000)));
    assert_eq!(m.get("test.i16"), Some(&Value::I16(-30000)));
    assert_eq!(m.get("test.u32"), Some(&Value::U32(4_000_000_000)));
    assert_eq!(m.get("test.i32"), Some(&Value::I32(-2_000_000_000)));
    assert_eq!(m.get("test.u64"), Some(&Value::U64((1 << 63) + 1)));
    assert_eq!(m.get("test.i64"), Some(&Value::I64(-(1 << 62))));
    assert_eq!(m.get("test.f64"), Some(&Value::F64(1e300)));
    assert_eq!(m.f32("test.f32").unwrap(), Some(0.5));
    assert_eq!(m.bool("test.bool").unwrap(), Some(true));
    assert_eq!(m.str("test.string").unwrap(), Some("Grüße 👋"));
    let strings: Vec<&str> = m.strings("test.strings").unwrap().unwrap().collect();
    assert_eq!(strings, ["", "a", "ő", "<think>"]);
    assert_eq!(m.i32s("test.i32s").unwrap(), Some(vec![-1, 0, 7]));
    assert_eq!(m.f32s("test.f32s").unwrap(), Some(vec![0.25, -2.0]));
    let bools: Vec<Value> = m
        .array("test.bools")
        .unwrap()
        .unwrap()
        .scalars()
        .unwrap()
        .collect();
    assert_eq!(bools, [Value::Bool(true), Value::Bool(false)]);
    assert!(m.iter().next().unwrap().0 == "general.architecture");
}

/// BAD_INPUTS 42: a value of another type is an error that says so, and a missing one is none.
#[test]
fn accessors_check_types() {
    let checkpoint = open("every_type.gguf", true);
    let m = checkpoint.gguf().unwrap();
    assert_eq!(m.u32("test.u8").unwrap(), Some(200), "widens");
    assert_eq!(m.u64("test.u32").unwrap(), Some(4_000_000_000), "widens");
    assert_eq!(m.u32("test.missing").unwrap(), None);
    let messages = [
        (
            m.u32("test.i8").unwrap_err(),
            "\"test.i8\": expected u32, found -100 (i8)",
        ),
        (
            m.u32("test.string").unwrap_err(),
            "expected u32, found \"Grüße 👋\" (string)",
        ),
        (
            m.i32("test.u64").unwrap_err(),
            "expected i32, found 9223372036854775809 (u64)",
        ),
        (m.f32("test.f64").unwrap_err(), "expected f32"),
        (
            m.bool("test.u8").unwrap_err(),
            "expected bool, found 200 (u8)",
        ),
        (
            m.str("test.bool").unwrap_err(),
            "expected string, found true (bool)",
        ),
        (
            m.strings("test.i32s").err().unwrap(),
            "expected array of string, found array of 3 i32",
        ),
        (
            m.u32s("test.i32s").unwrap_err(),
            "expected array of u32, found array of 3 i32",
        ),
        (
            m.i32s("test.strings").unwrap_err(),
            "expected array of i32, found array of 4 string",
        ),
        (
            m.f32s("test.f32").unwrap_err(),
            "expected array of f32, found 0.5 (f32)",
        ),
    ];
    for (error, piece) in messages {
        assert!(matches!(error, WeightsError::MetadataType { .. }));
        assert!(error.to_string().contains(piece), "{error}");
    }
}

#[test]
fn tensors_are_read_mapped_and_plain() {
    for mmap in [true, false] {
        let checkpoint = open("every_type.gguf", mmap);
        assert_eq!(checkpoint.format(), Format::Gguf);
        assert_eq!(checkpoint.tensors().len(), 9);
        for (dtype, tolerance) in [
            (DType::F32, 0.0),
            (DType::F16, 0.0),
            (DType::BF16, 0.0),
            (DType::Q8_0, 0.02),
            (DType::Q5_0, 0.2),
            (DType::Q5_1, 0.02),
            (DType::Q4_0, 0.3),
            (DType::Q4_1, 0.03),
        ] {
            let name = format!("ramp.{dtype}.weight");
            let weight = checkpoint.require(&name, 2, 256).unwrap();
            assert_eq!((weight.dtype(), weight.name()), (dtype, &*name));
            let mut row = [0.0; 256];
            weight.dequantize_row(1, &mut row);
            for (i, x) in row.iter().enumerate() {
                let expected = i as f32 / 64.0;
                assert!(
                    (x - expected).abs() <= tolerance,
                    "{name} {i}: {x}, {expected}"
                );
            }
        }
        let vector = checkpoint.tensor("vector.weight").unwrap().unwrap();
        assert_eq!((vector.rows(), vector.cols()), (1, 3));
        assert!(checkpoint.tensor("missing").unwrap().is_none());
        assert_eq!(verify(&checkpoint).unwrap(), []);
    }
}

#[test]
fn what_a_model_requires_is_checked() {
    let checkpoint = open("every_type.gguf", true);
    let missing = checkpoint.require("nope", 1, 1).unwrap_err();
    assert_eq!(missing.to_string(), "tensor \"nope\" is missing");
    let shape = checkpoint.require("ramp.f32.weight", 256, 2).unwrap_err();
    assert_eq!(
        shape.to_string(),
        "tensor \"ramp.f32.weight\": shape [2, 256], expected [256, 2]"
    );
}

#[test]
fn safetensors_are_read_with_and_without_a_config() {
    for mmap in [true, false] {
        let checkpoint = open("plain.safetensors", mmap);
        assert_eq!(checkpoint.format(), Format::SafeTensors);
        assert!(checkpoint.config().is_none());
        let mut row = [0.0; 3];
        let matrix = checkpoint.require("matrix", 2, 3).unwrap();
        matrix.dequantize_row(1, &mut row);
        assert_eq!(row, [3.0, 4.0, 5.0]);
        let half = checkpoint.tensor("half").unwrap().unwrap();
        half.dequantize_row(0, &mut row[..2]);
        assert_eq!(row[..2], [1.5, -2.0]);
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(
        fixture("plain.safetensors"),
        folder.path().join("model.safetensors"),
    )
    .unwrap();
    write(folder.path(), "config.json", CONFIG);
    write(folder.path(), "tokenizer.json", "{}");
    let checkpoint = Checkpoint::open(folder.path(), &OpenOptions::default()).unwrap();
    assert_eq!(checkpoint.config().unwrap().model_type(), "llama");
    assert_eq!(
        checkpoint
            .directory_file("tokenizer.json")
            .unwrap()
            .unwrap(),
        b"{}"
    );
    assert_eq!(checkpoint.directory_file("absent.json").unwrap(), None);
    assert!(checkpoint.directory_file("../config.json").is_err());
}

#[test]
fn shards_are_read_through_links_as_a_cache_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let one = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    let two = r#"{"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    write(folder.path(), "1.safetensors", safetensors(one, 8));
    let blob = tempfile::tempdir().unwrap();
    let target = write(blob.path(), "blob", safetensors(two, 4));
    #[cfg(unix)]
    std::os::unix::fs::symlink(target, folder.path().join("2.safetensors")).unwrap();
    #[cfg(not(unix))]
    std::fs::copy(target, folder.path().join("2.safetensors")).unwrap();
    write(folder.path(), "config.json", CONFIG);
    let index =
        r#"{"metadata":{"total_size":12},"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}"#;
    write(folder.path(), "model.safetensors.index.json", index);
    let checkpoint = Checkpoint::open(folder.path(), &OpenOptions::default()).unwrap();
    assert_eq!(checkpoint.tensors().len(), 2);
    assert_eq!(checkpoint.files().len(), 2);
    assert!(checkpoint.require("b", 1, 1).is_ok());
    assert!(
        checkpoint
            .info("b")
            .unwrap()
            .file()
            .ends_with("2.safetensors")
    );
}

/// BAD_INPUTS 19, for plain reads.
#[test]
fn a_file_that_shrinks_gives_an_error_with_plain_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.gguf");
    std::fs::copy(fixture("every_type.gguf"), &path).unwrap();
    let checkpoint = Checkpoint::open(&path, &OpenOptions::default().mmap(false)).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(2000).unwrap();
    let error = checkpoint.tensor("vector.weight").unwrap_err();
    assert!(matches!(error, WeightsError::Shrunk { .. }), "{error}");
}

/// BAD_INPUTS 20.
#[test]
fn verify_counts_what_is_not_finite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.gguf");
    let mut writer = Writer::new();
    writer.tensor("a", DType::F32, &[5000]);
    writer.tensor("b", DType::F16, &[2, 2]);
    writer.tensor("c", DType::Q8_0, &[32]);
    let mut data = writer.create(&path).unwrap();
    let mut values = vec![1.0f32; 5000];
    (values[7], values[4999]) = (f32::NAN, f32::NEG_INFINITY);
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    data.write(&bytes).unwrap();
    data.write(&[0; 8]).unwrap();
    // An infinite scale makes 0 · ∞ of every zero.
    let mut block = [0u8; 34];
    block[..2].copy_from_slice(&0x7C00u16.to_le_bytes());
    block[2] = 1;
    data.write(&block).unwrap();
    data.finish().unwrap();
    let checkpoint = Checkpoint::open(&path, &OpenOptions::default()).unwrap();
    let found: Vec<(String, u64, u64)> = verify(&checkpoint)
        .unwrap()
        .into_iter()
        .map(|n| (n.tensor, n.nan, n.infinite))
        .collect();
    assert_eq!(found, [("a".into(), 1, 1), ("c".into(), 31, 1)]);
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.gguf");
    let original = Header::parse(&std::fs::read(fixture("every_type.gguf")).unwrap()).unwrap();
    let mut writer = Writer::new();
    for (key, value) in original.metadata().iter() {
        writer.set(key, value.clone());
    }
    writer.set("empty", Value::Array(Array::from_strings::<&str>(&[])));
    writer.tensor("t", DType::F32, &[2, 3]);
    writer.tensor("nothing", DType::F32, &[0]);
    writer.tensor("u", DType::F16, &[1]);
    let mut data = writer.create(&path).unwrap();
    assert!(!path.exists(), "not before it is complete");
    data.write(&[1; 10]).unwrap();
    data.write(&[2; 14]).unwrap();
    assert!(data.write(&[3; 3]).is_err(), "more than the tensor has");
    data.write(&[3; 2]).unwrap();
    data.finish().unwrap();
    let checkpoint = Checkpoint::open(&path, &OpenOptions::default()).unwrap();
    let metadata = checkpoint.gguf().unwrap();
    for (key, value) in original.metadata().iter() {
        assert_eq!(metadata.get(key), Some(value), "{key}");
    }
    let t = checkpoint.require("t", 2, 3).unwrap();
    assert_eq!(t.data()[..], [&[1; 10][..], &[2; 14]].concat());
    assert_eq!(checkpoint.require("u", 1, 1).unwrap().data()[..], [3, 3]);
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no temporary file is left"
    );
}

#[test]
fn an_unfinished_file_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "m.gguf", "the old file");
    let mut writer = Writer::new();
    writer.tensor("t", DType::F32, &[2]);
    let mut data = writer.create(&path).unwrap();
    data.write(&[0; 4]).unwrap();
    assert!(data.finish().is_err(), "a tensor is incomplete");
    assert_eq!(std::fs::read(&path).unwrap(), b"the old file");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
