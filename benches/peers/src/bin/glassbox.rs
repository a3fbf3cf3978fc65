//! glassbox, as a program that embeds it uses it.

use anyhow::Result;
use glassbox::weights::{Checkpoint, OpenOptions};
use glassbox::{Batch, CausalLm, Limits, ModelOptions, PAGE, Sequence};
use glassbox_peers::{Engine, Setup, id, serve};
use std::thread;

struct Glassbox {
    model: Box<dyn CausalLm>,
    /// A page table for each sequence.
    pages: Vec<Vec<u32>>,
    logits: Vec<f32>,
    threads: usize,
}

fn main() -> Result<()> {
    serve(open)
}

fn open(setup: &Setup) -> Result<Glassbox> {
    let pages = setup.positions.div_ceil(PAGE);
    let options = ModelOptions::default()
        .threads(setup.threads)
        .context(pages * PAGE * setup.sequences);
    let checkpoint = Checkpoint::open(&setup.model, &OpenOptions::default())?;
    // As `Model::open` does, since the peers load their vocabularies, too.
    let (text, model) = thread::scope(|scope| {
        let text = scope.spawn(|| glassbox::text_side(&checkpoint));
        let model = options.load_lm(&checkpoint, |_| true);
        (text.join().expect("no panic"), model)
    });
    let (_, model) = (text?, model?);
    let table = |s: usize| {
        (s * pages..(s + 1) * pages)
            .map(|page| page as u32)
            .collect()
    };
    Ok(Glassbox {
        logits: vec![0.0; model.spec().vocab * setup.sequences],
        pages: (0..setup.sequences).map(table).collect(),
        model,
        threads: setup.threads,
    })
}

impl Glassbox {
    /// `n` tokens of each sequence from `first` on, in one batch.
    fn batch(&mut self, first: usize, sequences: &[usize], n: usize, wanted: bool) -> Result<()> {
        let vocab = self.model.spec().vocab;
        let ids: Vec<u32> = sequences
            .iter()
            .flat_map(|&s| (first..first + n).map(move |position| id(s, position, vocab)))
            .collect();
        let shares: Vec<Sequence<'_>> = sequences
            .iter()
            .map(|&s| Sequence {
                n_tokens: n,
                start: first,
                pages: &self.pages[s],
            })
            .collect();
        let last = |i| (i + 1) * n - 1;
        let rows: Vec<usize> = (0..if wanted { sequences.len() } else { 0 })
            .map(last)
            .collect();
        let batch = Batch::new(&ids, &shares, &rows)?;
        let logits = &mut self.logits[..rows.len() * vocab];
        Ok(self.model.forward(&batch, logits, &mut || true)?)
    }
}

impl Engine for Glassbox {
    fn forward(&mut self, sequences: usize, start: usize, n: usize) -> Result<()> {
        let all: Vec<usize> = (0..sequences).collect();
        if n == 1 {
            return self.batch(start, &all, 1, true);
        }
        let chunk = self.model.max_batch();
        for s in all {
            for first in (0..n).step_by(chunk) {
                let len = chunk.min(n - first);
                self.batch(start + first, &[s], len, first + len == n)?;
            }
        }
        Ok(())
    }

    fn rewind(&mut self, _len: usize) -> Result<bool> {
        // Positions say what there is; nothing is to be forgotten.
        Ok(true)
    }

    fn logits(&mut self) -> Result<Vec<f32>> {
        Ok(self.logits[..self.model.spec().vocab].to_vec())
    }

    fn limits(&self) -> Option<Vec<f64>> {
        let limits = Limits::measure(self.threads);
        Some(vec![
            limits.read_bytes_s,
            limits.int8_mac_s,
            limits.bf16_mac_s,
            limits.f32_fma_s,
        ])
    }
}
