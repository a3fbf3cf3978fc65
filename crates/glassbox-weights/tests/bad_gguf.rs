//! Wrong GGUF files: each gets an error that names the thing, the place, what was found and what
//! was expected. The same files are opened mapped and with plain reads.

mod common;

use common::{Gguf, entry, string, write};
use glassbox_weights::{Checkpoint, OpenOptions};

/// `(what is wrong, the file, pieces of the message)`.
fn cases() -> Vec<(&'static str, Vec<u8>, &'static [&'static str])> {
    let base = Gguf::new;
    let count = |n_tensors, n_entries| {
        let mut file = base();
        (file.n_tensors, file.n_entries) = (n_tensors, n_entries);
        file.bytes()
    };
    let version = |version| {
        let mut file = base();
        file.version = version;
        file.bytes()
    };
    let nested = |depth: usize| {
        let mut value = Vec::new();
        for _ in 0..depth {
            value.extend(9u32.to_le_bytes());
            value.extend(1u64.to_le_bytes());
        }
        value.extend(4u32.to_le_bytes());
        value.extend(0u64.to_le_bytes());
        base().entry("deep", 9, &value).bytes()
    };
    let alignment = |n: u32| {
        base()
            .entry("general.alignment", 4, &n.to_le_bytes())
            .bytes()
    };
    let truncated_key = {
        let mut bytes = base().bytes();
        bytes.truncate(50);
        bytes
    };
    let long_key = {
        let mut bytes = base().bytes();
        bytes[24..32].copy_from_slice(&(1u64 << 40).to_le_bytes());
        bytes
    };
    let bad_name = {
        let mut file = base();
        file.entries.push(entry(b"\xff\xfekey", 4, &[0; 4]));
        file.bytes()
    };
    let long_string = base().entry("text", 8, &u64::MAX.to_le_bytes()).bytes();
    let huge_array = {
        let mut value = 8u32.to_le_bytes().to_vec();
        value.extend((1u64 << 60).to_le_bytes());
        base().entry("list", 9, &value).bytes()
    };
    vec![
        (
            "version 1",
            version(1),
            &["offset 4", "version 1", "2 and 3"],
        ),
        ("version 0", version(0), &["offset 4", "version 0"]),
        (
            "future version",
            version(4),
            &["offset 4", "version 4", "2 and 3"],
        ),
        (
            "big-endian",
            version(3u32.swap_bytes()),
            &["offset 4", "big-endian"],
        ),
        (
            "2^64-1 tensors",
            count(Some(u64::MAX), None),
            &["offset 8", "18446744073709551615 tensors"],
        ),
        (
            "2^64-1 keys",
            count(None, Some(u64::MAX)),
            &["offset 16", "18446744073709551615 keys"],
        ),
        (
            "one key too many",
            count(None, Some(3)),
            &["key 1", "offset 69", "0 remain"],
        ),
        ("truncated key", truncated_key, &["needs", "remain"]),
        (
            "key past the end",
            long_key,
            &["key 0", "offset 32", "1099511627776"],
        ),
        (
            "string past the end",
            long_string,
            &["\"text\"", "18446744073709551615"],
        ),
        (
            "array past the end",
            huge_array,
            &["\"list\"", "array elements", "room for"],
        ),
        (
            "name not UTF-8",
            bad_name,
            &["key 1", r#"\xff\xfekey"#, "not UTF-8"],
        ),
        (
            "duplicate key",
            base()
                .entry("a", 4, &[1, 0, 0, 0])
                .entry("a", 4, &[2, 0, 0, 0])
                .bytes(),
            &["\"a\"", "twice", "69", "86"],
        ),
        ("arrays 1,000 deep", nested(1000), &["\"deep\"", "8 deep"]),
        (
            "value type 13",
            base().entry("x", 13, &[0; 8]).bytes(),
            &["\"x\"", "type 13"],
        ),
        (
            "boolean 2",
            base().entry("x", 7, &[2]).bytes(),
            &["\"x\"", "boolean 2"],
        ),
        (
            "alignment 0",
            alignment(0),
            &["general.alignment", "0 (u32)", "power of two"],
        ),
        ("alignment 13", alignment(13), &["13 (u32)", "power of two"]),
        (
            "alignment 2^31",
            alignment(1 << 31),
            &["2147483648 (u32)", "1048576"],
        ),
        (
            "alignment as i32",
            base()
                .entry("general.alignment", 5, &32i32.to_le_bytes())
                .bytes(),
            &["32 (i32)", "expected a u32"],
        ),
        (
            "product overflows",
            base().tensor("t", &[1 << 40, 1 << 40], 0, 0).bytes(),
            &["\"t\"", "overflow", "1099511627776"],
        ),
        (
            "bytes overflow",
            base().tensor("t", &[1 << 62], 0, 0).bytes(),
            &["\"t\"", "overflow"],
        ),
        (
            "padding overflows",
            base().tensor("t", &[1], 0, u64::MAX - 31).bytes(),
            &["\"t\"", "overflow"],
        ),
        (
            "ragged row",
            base().tensor("t", &[33, 2], 8, 0).data(64).bytes(),
            &["\"t\"", "33", "q8_0", "32"],
        ),
        (
            "unknown type",
            base().tensor("t", &[32], 999, 0).bytes(),
            &["\"t\"", "999", "q4_k", "bf16"],
        ),
        (
            "five dimensions",
            base().tensor("t", &[1; 5], 0, 0).bytes(),
            &["\"t\"", "5 dimensions", "4"],
        ),
        (
            "past the end",
            base().tensor("t", &[32], 0, 0).data(64).bytes(),
            &["\"t\"", "past the end", "128 bytes", "64 remain"],
        ),
        (
            "an empty tensor past the end",
            base().tensor("t", &[0], 0, 0).bytes(),
            &["\"t\"", "past the end", "0 bytes", "0 remain"],
        ),
        (
            "overlap",
            base()
                .tensor("a", &[16], 0, 0)
                .tensor("b", &[16], 0, 32)
                .data(128)
                .bytes(),
            &["\"a\"", "\"b\"", "overlap", "32"],
        ),
        (
            "hole",
            base()
                .tensor("a", &[8], 0, 0)
                .tensor("b", &[8], 0, 64)
                .data(128)
                .bytes(),
            &["hole of 32 bytes", "\"a\"", "\"b\""],
        ),
        (
            "hole at the start",
            base().tensor("b", &[8], 0, 32).data(128).bytes(),
            &["hole of 32 bytes", "\"b\""],
        ),
        (
            "misaligned",
            base().tensor("a", &[8], 0, 8).data(128).bytes(),
            &["\"a\"", "offset 8", "alignment 32"],
        ),
        (
            "duplicate tensor",
            base()
                .tensor("a", &[8], 0, 0)
                .tensor("a", &[8], 0, 32)
                .data(64)
                .bytes(),
            &["\"a\"", "twice", "offsets"],
        ),
        (
            "one part of several",
            base()
                .entry("split.count", 2, &3u16.to_le_bytes())
                .entry("split.no", 2, &1u16.to_le_bytes())
                .bytes(),
            &["part 2", "3 files"],
        ),
        (
            "string typed as u32",
            base().entry("split.count", 8, &string("x")).bytes(),
            &["split.count", "expected u64", "\"x\" (string)"],
        ),
    ]
}

#[test]
fn wrong_files_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (what, bytes, pieces) in cases() {
        let path = write(folder.path(), "m.gguf", &bytes);
        for mmap in [true, false] {
            let options = OpenOptions::default().mmap(mmap);
            let error = match Checkpoint::open(&path, &options) {
                Ok(_) => panic!("{what}: accepted"),
                Err(e) => e.to_string(),
            };
            for piece in pieces {
                assert!(
                    error.contains(piece),
                    "{what}: {piece:?} is not in {error:?}"
                );
            }
        }
        assert_eq!(
            std::fs::read(&path).unwrap(),
            bytes,
            "{what}: the file changed"
        );
    }
}

/// What the rules allow: order of tensors, alignments, empty tensors, trailing bytes.
#[test]
fn unusual_files_that_are_right_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let aligned = Gguf::new()
        .entry("general.alignment", 4, &64u32.to_le_bytes())
        .tensor("b", &[16], 0, 64)
        .tensor("a", &[8], 0, 0);
    let mut bytes = aligned.bytes();
    bytes.resize(bytes.len().next_multiple_of(64) + 128, 0);
    let mut version_2 = Gguf::new().tensor("a", &[8], 0, 0).data(32);
    version_2.version = 2;
    for bytes in [
        bytes,
        version_2.bytes(),
        Gguf::new()
            .tensor("a", &[8, 0], 0, 0)
            .tensor("b", &[8], 0, 0)
            .data(32)
            .bytes(),
        Gguf::new().tensor("a", &[8], 0, 0).data(32 + 7).bytes(),
        Gguf::new().tensor("scalar", &[], 0, 0).data(4).bytes(),
    ] {
        let path = write(folder.path(), "m.gguf", &bytes);
        Checkpoint::open(&path, &OpenOptions::default()).unwrap();
    }
}

/// A count that the file's size vouches for, but that does not come true, reserves nothing much:
/// this would take gigabytes if entries were reserved by count.
#[test]
fn long_headers_are_read_in_pieces() {
    let mut file = Gguf::new();
    for i in 0..400_000u32 {
        file.entries
            .push(entry(format!("key.{i}"), 4, &i.to_le_bytes()));
    }
    let file = file.tensor("t", &[8], 0, 0).data(32);
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "m.gguf", file.bytes());
    for mmap in [true, false] {
        let checkpoint = Checkpoint::open(&path, &OpenOptions::default().mmap(mmap)).unwrap();
        let metadata = checkpoint.gguf().unwrap();
        assert_eq!(metadata.len(), 400_001);
        assert_eq!(metadata.u32("key.399999").unwrap(), Some(399_999));
    }
}
