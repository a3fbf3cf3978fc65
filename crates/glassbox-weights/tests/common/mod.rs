//! Files made by hand, so that they can be wrong.
#![allow(dead_code, unreachable_pub)]

use std::path::{Path, PathBuf};

/// A GGUF file, part by part.
#[derive(Clone)]
pub struct Gguf {
    pub version: u32,
    pub n_tensors: Option<u64>,
    pub n_entries: Option<u64>,
    pub entries: Vec<Vec<u8>>,
    pub tensors: Vec<Vec<u8>>,
    pub data: Vec<u8>,
}

impl Gguf {
    pub fn new() -> Gguf {
        Gguf {
            version: 3,
            n_tensors: None,
            n_entries: None,
            entries: vec![entry("general.architecture", 8, &string("llama"))],
            tensors: Vec::new(),
            data: Vec::new(),
        }
    }

    pub fn entry(mut self, key: &str, kind: u32, value: &[u8]) -> Gguf {
        self.entries.push(entry(key, kind, value));
        self
    }

    /// Sizes are innermost first, as in the file.
    pub fn tensor(mut self, name: &str, dims: &[u64], kind: u32, offset: u64) -> Gguf {
        let mut t = string(name);
        t.extend((dims.len() as u32).to_le_bytes());
        t.extend(dims.iter().flat_map(|d| d.to_le_bytes()));
        t.extend(kind.to_le_bytes());
        t.extend(offset.to_le_bytes());
        self.tensors.push(t);
        self
    }

    pub fn data(mut self, n_bytes: usize) -> Gguf {
        self.data = vec![0; n_bytes];
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = b"GGUF".to_vec();
        out.extend(self.version.to_le_bytes());
        let n_tensors = self.n_tensors.unwrap_or(self.tensors.len() as u64);
        let n_entries = self.n_entries.unwrap_or(self.entries.len() as u64);
        out.extend(n_tensors.to_le_bytes());
        out.extend(n_entries.to_le_bytes());
        out.extend(self.entries.concat());
        out.extend(self.tensors.concat());
        if !self.data.is_empty() {
            out.resize(out.len().next_multiple_of(32), 0);
            out.extend(&self.data);
        }
        out
    }
}

pub fn string(text: impl AsRef<[u8]>) -> Vec<u8> {
    let text = text.as_ref();
    let mut out = (text.len() as u64).to_le_bytes().to_vec();
    out.extend(text);
    out
}

pub fn entry(key: impl AsRef<[u8]>, kind: u32, value: &[u8]) -> Vec<u8> {
    let mut out = string(key);
    out.extend(kind.to_le_bytes());
    out.extend(value);
    out
}

/// A safetensors file of this header and so many bytes of data.
pub fn safetensors(header: &str, n_data: usize) -> Vec<u8> {
    let mut out = (header.len() as u64).to_le_bytes().to_vec();
    out.extend(header.as_bytes());
    out.resize(out.len() + n_data, 0);
    out
}

pub fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// A small config that parses.
pub const CONFIG: &str = r#"{"model_type": "llama", "architectures": ["LlamaForCausalLM"],
"vocab_size": 32, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2,
"num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "hidden_act": "silu",
"max_position_embeddings": 128, "rope_theta": 10000.0, "tie_word_embeddings": true}"#;
