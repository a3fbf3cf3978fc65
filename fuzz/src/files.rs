//! Model files: what the weights crate reads, and the specification that models make of it.

use glassbox_models::DecoderSpec;
use glassbox_weights::gguf::{Header, Value};
use glassbox_weights::{ModelConfig, safetensors};

/// A GGUF file: its header, every value in it, and the specification of its decoder. A header
/// that was accepted is accepted again from its own bytes alone.
pub fn gguf(data: &[u8]) {
    let Ok(header) = Header::parse(data) else {
        return;
    };
    for (_, value) in header.metadata().iter() {
        if let Value::Array(array) = value {
            let strings = array.strings().map_or(0, Iterator::count);
            let scalars = array.scalars().map_or(0, Iterator::count);
            assert!((strings + scalars) as u64 <= array.len());
        }
    }
    let _ = header.check_data(data.len() as u64);
    let _ = DecoderSpec::from_metadata(header.metadata(), 96, true);
    let end = (header.data_offset() as usize).min(data.len());
    let again = Header::parse_prefix(&data[..end], data.len() as u64);
    assert!(matches!(again, Ok(Some(_))), "{again:?}");
}

/// A safetensors file, and the same bytes as the index of a sharded checkpoint. Every tensor lies
/// inside the file.
pub fn safetensors(data: &[u8]) {
    if let Ok(header) = safetensors::parse(data) {
        let present = data.len() as u64 - header.data_offset;
        for entry in &header.tensors {
            assert!(entry.offset + entry.n_bytes <= present, "{}", entry.name);
        }
    }
    let _ = safetensors::parse_index(data);
}

/// A `config.json`, and the specification of its decoder.
pub fn config(data: &[u8]) {
    if let Ok(config) = ModelConfig::parse(data) {
        let _ = DecoderSpec::try_from(&config);
    }
}
