//! Wrong safetensors files, indexes and folders, and files that are no weights at all.

mod common;

use common::{CONFIG, safetensors, write};
use glassbox_weights::{Checkpoint, OpenOptions};
use std::path::Path;

fn message(path: &Path, mmap: bool) -> String {
    match Checkpoint::open(path, &OpenOptions::default().mmap(mmap)) {
        Ok(_) => panic!("{} was accepted", path.display()),
        Err(e) => e.to_string(),
    }
}

fn check(what: &str, error: &str, pieces: &[&str]) {
    for piece in pieces {
        assert!(
            error.contains(piece),
            "{what}: {piece:?} is not in {error:?}"
        );
    }
}

fn f32_tensor(name: &str, shape: &str, start: u64, end: u64) -> String {
    format!(r#""{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{start},{end}]}}"#)
}

#[test]
fn wrong_files_are_refused_by_name() {
    let header = |tensors: &[String]| format!("{{{}}}", tensors.join(","));
    let a = f32_tensor("a", "[2]", 0, 8);
    let cases: &[(&str, Vec<u8>, &[&str])] = &[
        ("empty", vec![], &["0 bytes, expected GGUF or safetensors"]),
        (
            "LFS pointer",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n".to_vec(),
            &["Git LFS", "git lfs pull"],
        ),
        ("HTML", b"\n<!DOCTYPE html><html>".to_vec(), &["HTML"]),
        (
            "zip",
            b"PK\x03\x04..........".to_vec(),
            &["pickle", "safetensors"],
        ),
        ("pickle", b"\x80\x02}q\x00(X\x05\x00".to_vec(), &["pickle"]),
        ("JSON", b"{\"a\": 1, \"b\": 2}".to_vec(), &["JSON"]),
        ("GGML", b"lmgg\x00\x00\x00\x00".to_vec(), &["before GGUF"]),
        (
            "noise",
            b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a".to_vec(),
            &["\\x01\\x02", "expected GGUF or safetensors"],
        ),
        (
            "header of 2^63",
            [&(1u64 << 63).to_le_bytes()[..], b"{}"].concat(),
            &["9223372036854775808", "100000000"],
        ),
        (
            "header past the end",
            [&100u64.to_le_bytes()[..], b"{}"].concat(),
            &["100 bytes", "2 remain"],
        ),
        (
            "not JSON",
            safetensors("{\"a\": nope}", 0),
            &["header", "line 1"],
        ),
        (
            "deep JSON",
            safetensors(&format!("{{\"a\":{}", "[".repeat(10_000)), 0),
            &["header"],
        ),
        (
            "not UTF-8",
            [&4u64.to_le_bytes()[..], b"{\"\xff\"", b""].concat(),
            &["\\xff", "offset 10"],
        ),
        (
            "duplicate tensor",
            safetensors(&header(&[a.clone(), f32_tensor("a", "[2]", 8, 16)]), 16),
            &["\"a\"", "twice", "0", "8"],
        ),
        (
            "duplicate field",
            safetensors(
                r#"{"a":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]}}"#,
                8,
            ),
            &["\"a\"", "duplicate field"],
        ),
        (
            "unknown field",
            safetensors(
                r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}}"#,
                8,
            ),
            &["\"a\"", "`x`"],
        ),
        (
            "type I64",
            safetensors(
                r#"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#,
                8,
            ),
            &["\"a\"", "I64", "BF16"],
        ),
        (
            "nine dimensions",
            safetensors(&header(&[f32_tensor("a", "[1,1,1,1,1,1,1,1,2]", 0, 8)]), 8),
            &["\"a\"", "9 dimensions"],
        ),
        (
            "wrong size",
            safetensors(&header(&[f32_tensor("a", "[3]", 0, 8)]), 8),
            &["\"a\"", "[3]", "12 bytes"],
        ),
        (
            "backwards",
            safetensors(&header(&[f32_tensor("a", "[2]", 8, 0)]), 8),
            &["\"a\"", "from 8 to 0"],
        ),
        (
            "overflow",
            safetensors(
                &header(&[f32_tensor("a", "[4294967296,4294967296]", 0, 8)]),
                8,
            ),
            &["\"a\"", "overflows"],
        ),
        (
            "negative size",
            safetensors(&header(&[f32_tensor("a", "[-1]", 0, 8)]), 8),
            &["\"a\"", "-1"],
        ),
        (
            "past the end",
            safetensors(&header(std::slice::from_ref(&a)), 4),
            &["\"a\"", "past the end", "8 bytes", "4 remain"],
        ),
        (
            "overlap",
            safetensors(&header(&[a.clone(), f32_tensor("b", "[2]", 4, 12)]), 12),
            &["\"a\"", "\"b\"", "overlap"],
        ),
        (
            "hole",
            safetensors(&header(&[a.clone(), f32_tensor("b", "[1]", 12, 16)]), 16),
            &["hole of 4", "\"a\"", "\"b\""],
        ),
        (
            "trailing bytes",
            safetensors(&header(std::slice::from_ref(&a)), 10),
            &["hole of 2", "\"a\""],
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (what, bytes, pieces) in cases {
        let path = write(folder.path(), "model.safetensors", bytes);
        for mmap in [true, false] {
            check(what, &message(&path, mmap), pieces);
        }
    }
}

#[test]
fn wrong_indexes_are_refused_by_name() {
    let one = safetensors(&format!("{{{}}}", f32_tensor("a", "[2]", 0, 8)), 8);
    let map = |entries: &str| format!("{{\"weight_map\":{{{entries}}}}}");
    let cases: &[(&str, String, &[&str])] = &[
        (
            "missing shard",
            map(r#""a":"2.safetensors""#),
            &["2.safetensors", "missing"],
        ),
        (
            "climbing path",
            map(r#""a":"../x.safetensors""#),
            &["../x.safetensors", "same folder"],
        ),
        (
            "absolute path",
            map(r#""a":"/etc/passwd""#),
            &["/etc/passwd", "same folder"],
        ),
        (
            "folder",
            map(r#""a":"x/1.safetensors""#),
            &["x/1.safetensors"],
        ),
        ("dots", map(r#""a":"..""#), &["\"..\""]),
        (
            "drive",
            map(r#""a":"c:1.safetensors""#),
            &["c:1.safetensors"],
        ),
        ("nothing", map(r#""a":"""#), &["\"\""]),
        (
            "not in the shard",
            map(r#""a":"1.safetensors","b":"1.safetensors""#),
            &["\"b\"", "1.safetensors", "not in shard"],
        ),
        (
            "duplicate",
            map(r#""a":"1.safetensors","a":"1.safetensors""#),
            &["\"a\"", "twice"],
        ),
        ("no map", "{}".into(), &["weight_map"]),
        (
            "two maps",
            r#"{"weight_map":{},"weight_map":{}}"#.into(),
            &["duplicate", "weight_map"],
        ),
        ("number", map(r#""a":1"#), &["string"]),
    ];
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "config.json", CONFIG);
    write(folder.path(), "1.safetensors", &one);
    for (what, index, pieces) in cases {
        write(folder.path(), "model.safetensors.index.json", index);
        check(what, &message(folder.path(), true), pieces);
    }
    let both = safetensors(
        &format!(
            "{{{},{}}}",
            f32_tensor("a", "[2]", 0, 8),
            f32_tensor("c", "[1]", 8, 12)
        ),
        12,
    );
    write(folder.path(), "1.safetensors", both);
    write(
        folder.path(),
        "model.safetensors.index.json",
        map(r#""a":"1.safetensors""#),
    );
    check(
        "not in the index",
        &message(folder.path(), true),
        &["\"c\"", "1.safetensors"],
    );
    write(folder.path(), "1.safetensors", "GGUF\x03\0\0\0");
    check(
        "GGUF as a shard",
        &message(folder.path(), true),
        &["1.safetensors", "a GGUF file, expected safetensors"],
    );
    write(folder.path(), "1.safetensors", "PK\x03\x04");
    check(
        "shard of another kind",
        &message(folder.path(), true),
        &["1.safetensors", "pickle"],
    );
}

#[test]
fn folders_say_what_they_lack() {
    let folder = tempfile::tempdir().unwrap();
    check(
        "empty",
        &message(folder.path(), true),
        &["no model.safetensors"],
    );
    write(folder.path(), "pytorch_model.bin", "PK");
    check(
        "pickle",
        &message(folder.path(), true),
        &["pytorch_model.bin", "convert to safetensors"],
    );
    write(folder.path(), "model.safetensors", safetensors("{}", 0));
    check(
        "no config",
        &message(folder.path(), true),
        &["no config.json"],
    );
    write(folder.path(), "config.json", vec![b' '; (1 << 20) + 1]);
    check(
        "large config",
        &message(folder.path(), true),
        &["config.json", "1048576"],
    );
    check(
        "absent",
        &message(&folder.path().join("nope.gguf"), true),
        &["nope.gguf"],
    );
}
