//! Super-blocks of 256 in sixteen sub-blocks with signed 8-bit scales: q6_k.

use super::scale_f16;
use super::search::{error, extreme, inverse, quant, symmetric_scale};
use half::f16;

const SUBS: usize = 16;
const SUB: usize = 16;
const LO: f32 = -32.0;
const HI: f32 = 31.0;

struct Scales {
    d: f16,
    scales: [i8; SUBS],
}

impl Scales {
    fn of(&self, s: usize) -> f32 {
        self.d.to_f32() * f32::from(self.scales[s])
    }
}

/// The best integer scales within `reach` of the ideal ones, given `d`, and the squared error that
/// they lead to.
fn choose(x: &[f32], ideal: &[f32; SUBS], d: f16, reach: i32) -> (Scales, f32) {
    let mut chosen = Scales {
        d,
        scales: [0; SUBS],
    };
    let per_d = inverse(d.to_f32());
    let mut total = 0.0;
    for (s, x) in x.chunks_exact(SUB).enumerate() {
        let middle = (ideal[s] * per_d).clamp(-200.0, 200.0).round() as i32;
        let mut least = f32::INFINITY;
        for scale in (middle - reach).clamp(-128, 127)..=(middle + reach).clamp(-128, 127) {
            let error = error(x, d.to_f32() * scale as f32, 0.0, LO, HI);
            if error < least {
                least = error;
                chosen.scales[s] = scale as i8;
            }
        }
        total += least;
    }
    (chosen, total)
}

/// `d` of least squared error for the integers that `chosen` leads to.
fn refit(x: &[f32], chosen: &Scales) -> Option<f16> {
    let [mut aa, mut ax] = [0.0f64; 2];
    for (s, x) in x.chunks_exact(SUB).enumerate() {
        let inverse = inverse(chosen.of(s));
        for &x in x {
            let a = f64::from(chosen.scales[s]) * f64::from(quant(x, inverse, LO, HI));
            aa += a * a;
            ax += a * f64::from(x);
        }
    }
    (aa > 0.0).then(|| scale_f16((ax / aa) as f32))
}

fn best_scales(x: &[f32]) -> Scales {
    let mut ideal = [0.0; SUBS];
    for (ideal, x) in ideal.iter_mut().zip(x.chunks_exact(SUB)) {
        *ideal = symmetric_scale(x, LO, HI, extreme(x) / LO, |d| d);
    }
    let largest = extreme(&ideal);
    // The largest scale at −128 is the finest grid; others may happen to fit better, and 127 has
    // another sign to round with.
    let (mut best, mut least) = (None, f32::INFINITY);
    for end in [-128.0, 127.0, -125.0, -122.0] {
        let (candidate, error) = choose(x, &ideal, scale_f16(largest / end), 1);
        if error < least {
            (best, least) = (Some(candidate), error);
        }
    }
    // Only an error that is not a number leaves nothing, and `check` let no such value in.
    let Some(mut best) = best else {
        return choose(x, &ideal, f16::ZERO, 0).0;
    };
    for _ in 0..2 {
        let Some(d) = refit(x, &best) else { break };
        let (candidate, error) = choose(x, &ideal, d, 1);
        if error >= least {
            break;
        }
        (best, least) = (candidate, error);
    }
    best
}

pub(super) fn q6_k(x: &[f32], y: &mut [u8]) {
    let scales = best_scales(x);
    let mut q = [0u8; 256];
    for (s, (q, x)) in q.chunks_exact_mut(SUB).zip(x.chunks_exact(SUB)).enumerate() {
        let inverse = inverse(scales.of(s));
        for (q, &x) in q.iter_mut().zip(x) {
            *q = (quant(x, inverse, LO, HI) - LO) as u8;
        }
    }
    let (low, rest) = y.split_at_mut(128);
    let (high, rest) = rest.split_at_mut(64);
    // Each half of 128 weights is four planes of 32: nibbles in two planes of bytes, and the two
    // high bits of all four in one.
    for (half, q) in q.chunks_exact(128).enumerate() {
        for i in 0..32 {
            let plane = |p: usize| q[p * 32 + i];
            low[half * 64 + i] = (plane(0) & 15) | ((plane(2) & 15) << 4);
            low[half * 64 + 32 + i] = (plane(1) & 15) | ((plane(3) & 15) << 4);
            high[half * 32 + i] = (0..4).fold(0, |bits, p| bits | ((plane(p) >> 4) << (2 * p)));
        }
    }
    for (y, scale) in rest.iter_mut().zip(scales.scales) {
        *y = scale as u8;
    }
    rest[16..].copy_from_slice(&scales.d.to_le_bytes());
}
