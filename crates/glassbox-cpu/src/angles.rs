use glassbox_core::{Batch, Rope, RopeLayout};

/// Cosines and sines of a batch's positions, shared by all layers.
pub(crate) struct Angles {
    pub(crate) layout: RopeLayout,
    half: usize,
    cos: Vec<f32>, // [n_tokens, head_dim / 2]
    sin: Vec<f32>,
}

impl Default for Angles {
    fn default() -> Self {
        Angles {
            layout: RopeLayout::Half,
            half: 0,
            cos: Vec::new(),
            sin: Vec::new(),
        }
    }
}

impl Angles {
    /// The angle is the f32 product of position and frequency, as the reference computes it; its
    /// cosine and sine are taken in f64 and rounded, times the magnitude.
    pub(crate) fn prepare(&mut self, batch: &Batch<'_>, rope: &Rope) {
        self.layout = rope.layout;
        self.half = rope.inv_freq.len();
        self.cos.clear();
        self.sin.clear();
        for (_, pos) in batch.rows() {
            for &frequency in &rope.inv_freq {
                let (sin, cos) = libm::sincos(f64::from(pos as f32 * frequency));
                self.cos.push(cos as f32 * rope.magnitude);
                self.sin.push(sin as f32 * rope.magnitude);
            }
        }
    }

    /// Head dimensions that turn.
    pub(crate) fn head_dim(&self) -> usize {
        2 * self.half
    }

    pub(crate) fn row(&self, row: usize) -> (&[f32], &[f32]) {
        let at = row * self.half;
        (&self.cos[at..][..self.half], &self.sin[at..][..self.half])
    }
}
