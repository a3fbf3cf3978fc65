//! Any bytes give `Ok` or an error, never a panic: bytes from nowhere, and right files with some
//! of their bytes changed, cut off or repeated.

mod common;

use common::{CONFIG, Gguf, fixture, safetensors as safetensors_file, string};
use glassbox_weights::gguf::Header;
use glassbox_weights::{Checkpoint, ModelConfig, OpenOptions, safetensors as st, verify};
use proptest::prelude::*;

/// What happens to a file on its way.
#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Flip(usize, u8),
    Word(usize, u64),
    Cut(usize),
    Repeat(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, b)| Change::Set(at, b)),
        (any::<usize>(), 0..8u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (
            any::<usize>(),
            prop_oneof![Just(u64::MAX), Just(1 << 63), Just(1 << 32), 0..64u64]
        )
            .prop_map(|(at, word)| Change::Word(at, word)),
        any::<usize>().prop_map(Change::Cut),
        (any::<usize>(), 1..64usize).prop_map(|(at, n)| Change::Repeat(at, n)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let len = bytes.len();
    match *change {
        Change::Set(at, b) => bytes[at % len] = b,
        Change::Flip(at, bit) => bytes[at % len] ^= 1 << bit,
        Change::Word(at, word) => {
            let at = at % len;
            let n = (len - at).min(8);
            bytes[at..at + n].copy_from_slice(&word.to_le_bytes()[..n]);
        }
        Change::Cut(at) => bytes.truncate(at % len),
        Change::Repeat(at, n) => {
            let at = at % len;
            let piece = bytes[at..(at + n).min(len)].to_vec();
            bytes.splice(at..at, piece);
        }
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let nested = [
        &9u32.to_le_bytes()[..],
        &2u64.to_le_bytes(),
        &8u32.to_le_bytes(),
        &1u64.to_le_bytes(),
        &string("x"),
        &4u32.to_le_bytes(),
        &0u64.to_le_bytes(),
    ]
    .concat();
    vec![
        std::fs::read(fixture("every_type.gguf")).unwrap(),
        Gguf::new()
            .entry("nested", 9, &nested)
            .tensor("a", &[32, 2], 8, 0)
            .data(96)
            .bytes(),
        safetensors_file(
            r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[2,1],"data_offsets":[8,12]}}"#,
            12,
        ),
        CONFIG.as_bytes().to_vec(),
        br#"{"metadata":{},"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}"#.to_vec(),
    ]
}

/// Everything that takes bytes, and everything that looks at what comes out.
fn all_parsers(bytes: &[u8]) {
    if let Ok(header) = Header::parse(bytes) {
        for (key, value) in header.metadata().iter() {
            let _ = (header.metadata().strings(key), header.metadata().i32s(key));
            let _ = (value.to_string(), format!("{value:?}"));
            if let glassbox_weights::gguf::Value::Array(array) = value {
                let strings = array.strings().map(|s| s.count() as u64);
                assert!(strings.is_none_or(|n| n == array.len()));
            }
        }
        let _ = header.check_data(bytes.len() as u64);
    }
    if let Ok(header) = st::parse(bytes) {
        // Stricter than the format's own parser, never laxer, and of one mind about the tensors.
        let theirs = safetensors::SafeTensors::deserialize(bytes).unwrap();
        for entry in &header.tensors {
            let view = theirs.tensor(&entry.name).unwrap();
            assert_eq!(view.data().len() as u64, entry.n_bytes);
            assert_eq!(
                view.shape(),
                entry.shape.iter().map(|&n| n as usize).collect::<Vec<_>>()
            );
        }
    }
    let _ = st::parse_index(bytes);
    let _ = ModelConfig::parse(bytes);
}

fn open(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = common::write(folder.path(), "m", bytes);
    for mmap in [true, false] {
        if let Ok(checkpoint) = Checkpoint::open(&path, &OpenOptions::default().mmap(mmap)) {
            for info in checkpoint.tensors() {
                let _ = checkpoint.tensor(info.name());
            }
            verify(&checkpoint).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn changed_files(seed in 0..5usize, changes in prop::collection::vec(change(), 1..5)) {
        let mut bytes = seeds().swap_remove(seed);
        for change in &changes {
            apply(&mut bytes, change);
        }
        all_parsers(&bytes);
    }

    #[test]
    fn bytes_from_nowhere(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        all_parsers(&bytes);
        let mut gguf = b"GGUF\x03\0\0\0".to_vec();
        gguf.extend(&bytes);
        all_parsers(&gguf);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn changed_files_opened(seed in 0..3usize, changes in prop::collection::vec(change(), 1..3)) {
        let mut bytes = seeds().swap_remove(seed);
        for change in &changes {
            apply(&mut bytes, change);
        }
        open(&bytes);
    }
}

/// Each prefix of a right file is refused, and reading it in prefixes gives the same answer as
/// reading it whole.
#[test]
fn every_prefix_is_refused() {
    let bytes = std::fs::read(fixture("every_type.gguf")).unwrap();
    let whole = Header::parse(&bytes).unwrap();
    let header = whole.data_offset() as usize;
    let mut complete = 0;
    for n in 0..header {
        let refused = Header::parse(&bytes[..n]).is_err();
        let asks_for_more = matches!(
            Header::parse_prefix(&bytes[..n], bytes.len() as u64),
            Ok(None)
        );
        assert_eq!(refused, asks_for_more, "{n} bytes");
        complete += usize::from(!refused);
    }
    // Only the padding may be cut off.
    assert!(complete < 32, "{complete} prefixes were accepted");
}
