//! A softmax over scores that come page by page.

use super::dot::{largest, sum};
use super::exp::exp;

/// The largest score so far, `m`, and the sum of the exponentials, `s`; −∞ and 0 before the first.
#[derive(Clone, Copy)]
pub struct Running {
    max: f32,
    /// The sum.
    pub total: f32,
}

impl Default for Running {
    fn default() -> Self {
        Running {
            max: f32::NEG_INFINITY,
            total: 0.0,
        }
    }
}

impl Running {
    /// Takes a page's scores `x` in and leaves their weights in their place; returns the factor
    /// `a` by which what was summed with earlier weights shrinks:
    ///
    /// ```text
    /// m' = max(m, max x);  a = exp(m − m');  p[j] = exp(x[j] − m');  s = s * a + Σ p;  m = m'
    /// ```
    #[inline(always)]
    pub fn weights(&mut self, scores: &mut [f32]) -> f32 {
        let max = largest(self.max, scores);
        let shrink = exp(self.max - max);
        self.max = max;
        for x in scores.iter_mut() {
            *x = exp(*x - max);
        }
        self.total = self.total * shrink + sum(scores);
        shrink
    }
}
