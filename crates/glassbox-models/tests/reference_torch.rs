//! The forward pass against PyTorch, on small random checkpoints of both families.
//!
//! Fixtures and the script that makes them: `tools/fixtures/models/make_models.py`.

use glassbox_core::{Backend, Batch, KvType, RopeLayout, Sequence};
use glassbox_cpu::{Cpu, CpuOptions};
use glassbox_models::{CausalLm, LoadOptions, LoadedModel, Site, Watch};
use glassbox_weights::{Checkpoint, OpenOptions};
use safetensors::SafeTensors;
use std::path::{Path, PathBuf};

/// Both sides sum some hundreds of f32 products a site in different orders: 2e-5 of the row's
/// largest magnitude is about 300 roundings.
const TOLERANCE: f32 = 2e-5;

const DIRECTORIES: [&str; 8] = [
    "qwen2-tied",
    "qwen2-untied-bf16",
    "qwen2-yarn",
    "llama-untied",
    "llama-tied-llama3",
    "llama-linear",
    "llama-headdim",
    "llama-odd",
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

struct Expected {
    bytes: Vec<u8>,
    ids: Vec<u32>,
    greedy_prompt: usize,
    greedy: Vec<u32>,
    n_sites: usize,
    sites: Vec<String>,
}

impl Expected {
    fn read(case: &str) -> Expected {
        let folder = fixtures().join(case);
        let bytes = std::fs::read(folder.join("expected.safetensors")).unwrap();
        let json = std::fs::read(folder.join("expected.json")).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        let ids = |v: &serde_json::Value| -> Vec<u32> {
            v.as_array()
                .unwrap()
                .iter()
                .map(|x| x.as_u64().unwrap() as u32)
                .collect()
        };
        Expected {
            bytes,
            ids: ids(&json["ids"]),
            greedy_prompt: json["greedy_prompt"].as_u64().unwrap() as usize,
            greedy: ids(&json["greedy"]),
            n_sites: json["n_sites"].as_u64().unwrap() as usize,
            sites: json["sites"]
                .as_array()
                .unwrap()
                .iter()
                .map(|s| s.as_str().unwrap().to_owned())
                .collect(),
        }
    }

    /// A tensor's elements and width.
    fn tensor(&self, name: &str) -> (Vec<f32>, usize) {
        let all = SafeTensors::deserialize(&self.bytes).unwrap();
        let t = all.tensor(name).unwrap();
        let data = t
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()));
        (data.collect(), t.shape()[1])
    }
}

/// The largest difference of two rows in units of the largest magnitude of the second.
fn difference(ours: &[f32], theirs: &[f32]) -> f32 {
    let largest = theirs.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let apart = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
    apart.fold(
        0.0,
        |m, x| if x.is_nan() { f32::INFINITY } else { x.max(m) },
    ) / largest
}

/// Compares every site with the reference and remembers the first that differs.
struct FirstDifference<'a> {
    expected: &'a Expected,
    /// Queries and keys stand in another order than the reference's.
    permuted: bool,
    seen: usize,
    found: Option<String>,
}

impl Watch<Cpu> for FirstDifference<'_> {
    fn site(
        &mut self,
        backend: &Cpu,
        site: Site,
        x: &<Cpu as Backend>::Buf,
    ) -> Result<(), <Cpu as Backend>::Error> {
        let name = site.to_string();
        assert_eq!(self.expected.sites[self.seen], name);
        self.seen += 1;
        let queries_or_keys = matches!(
            site,
            Site::Q(_) | Site::K(_) | Site::QRope(_) | Site::KRope(_)
        );
        if self.permuted && queries_or_keys {
            return Ok(());
        }
        let (theirs, width) = self.expected.tensor(&name);
        let mut ours = vec![0.0; theirs.len()];
        backend.read(&mut ours, x)?;
        for (pos, (ours, theirs)) in ours.chunks(width).zip(theirs.chunks(width)).enumerate() {
            let d = difference(ours, theirs);
            if d > TOLERANCE && self.found.is_none() {
                self.found = Some(format!("{name} at position {pos}: {d:e}"));
            }
        }
        Ok(())
    }
}

fn load(path: &Path) -> LoadedModel<Cpu> {
    let checkpoint = Checkpoint::open(path, &OpenOptions::default()).unwrap();
    let mut options = LoadOptions::default();
    options.context = 256;
    options.kv_type = KvType::F32;
    let cpu = Cpu::new(&CpuOptions::default().threads(2).widen_bf16(true)).unwrap();
    LoadedModel::load(cpu, &checkpoint, &options, &mut |_| true).unwrap()
}

fn check(path: &Path, expected: &Expected) {
    let mut model = load(path);
    let vocab = model.spec().vocab;
    let n = expected.ids.len();
    let pages: Vec<u32> = (0..4).rev().collect();
    let case = path.file_name().unwrap().to_string_lossy().into_owned();

    // Sites are kept for the first positions, so those are one batch and the rest another.
    let first = expected.n_sites;
    let mut logits = vec![0.0; n * vocab];
    let rows: Vec<usize> = (0..n).collect();
    let sequence = [Sequence {
        n_tokens: first,
        start: 0,
        pages: &pages,
    }];
    let batch = Batch::new(&expected.ids[..first], &sequence, &rows[..first]).unwrap();
    let permuted = model.spec().rope_layout == RopeLayout::Interleaved;
    let mut watch = FirstDifference {
        expected,
        permuted,
        seen: 0,
        found: None,
    };
    model
        .forward_watched(&batch, &mut logits[..first * vocab], &mut watch)
        .unwrap();
    assert_eq!(watch.found, None, "{case}: first site that differs");
    assert_eq!(watch.seen, expected.sites.len(), "{case}: sites seen");

    let rest = n - first;
    let sequence = [Sequence {
        n_tokens: rest,
        start: first,
        pages: &pages,
    }];
    let batch = Batch::new(&expected.ids[first..], &sequence, &rows[..rest]).unwrap();
    model
        .forward(&batch, &mut logits[first * vocab..], &mut || true)
        .unwrap();
    let (theirs, width) = expected.tensor("logits");
    assert_eq!(width, vocab);
    for (pos, (ours, theirs)) in logits.chunks(vocab).zip(theirs.chunks(vocab)).enumerate() {
        let d = difference(ours, theirs);
        assert!(d <= TOLERANCE, "{case}: logits at position {pos}: {d:e}");
    }

    // Greedy decoding, token by token over the page boundary.
    let argmax = |row: &[f32]| {
        (0..vocab)
            .max_by(|&a, &b| row[a].total_cmp(&row[b]))
            .unwrap()
    };
    let mut next = argmax(&logits[(expected.greedy_prompt - 1) * vocab..][..vocab]) as u32;
    for (i, &token) in expected.greedy.iter().enumerate() {
        assert_eq!(next, token, "{case}: greedy token {i}");
        let start = expected.greedy_prompt + i;
        let sequence = [Sequence {
            n_tokens: 1,
            start,
            pages: &pages,
        }];
        let ids = [next];
        let batch = Batch::new(&ids, &sequence, &[0]).unwrap();
        let mut row = vec![0.0; vocab];
        model.forward(&batch, &mut row, &mut || true).unwrap();
        next = argmax(&row) as u32;
    }
}

#[test]
fn checkpoints_of_both_families_agree_with_torch() {
    for case in DIRECTORIES {
        check(&fixtures().join(case), &Expected::read(case));
    }
}

/// GGUF stores Llama's q and k rows permuted, and Llama 3's scaling as a tensor of factors.
#[test]
fn gguf_forms_agree_with_torch() {
    for case in ["qwen2-tied", "llama-untied", "llama-tied-llama3"] {
        check(
            &fixtures().join(format!("{case}.gguf")),
            &Expected::read(case),
        );
    }
}

/// The classic and the new form of a config are the same model.
#[test]
fn both_forms_of_a_config_make_the_same_spec() {
    let mut seen = 0;
    for case in DIRECTORIES {
        let folder = fixtures().join(case);
        for other in ["config.classic.json", "config.v5.json"] {
            let Ok(bytes) = std::fs::read(folder.join(other)) else {
                continue;
            };
            let spec = |bytes: &[u8]| {
                let config = glassbox_weights::ModelConfig::parse(bytes).unwrap();
                glassbox_models::DecoderSpec::try_from(&config).unwrap()
            };
            let main = std::fs::read(folder.join("config.json")).unwrap();
            assert_eq!(spec(&main), spec(&bytes), "{case}/{other}");
            seen += 1;
        }
    }
    assert_eq!(seen, DIRECTORIES.len());
}
