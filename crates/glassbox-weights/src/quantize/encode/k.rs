//! Super-blocks of 256 in eight sub-blocks with 6-bit scales and minima: q4_k, q5_k.
//!
//! `w = (d * scale[s]) * q - (dmin * min[s])`. Each sub-block first gets the best scale and offset
//! of its own; then the two f16 of the super-block are chosen, integers near the ideal ones are
//! tried for every scale and minimum, and last `d` and `dmin` are solved for by least squares over
//! all 256 weights and the integers tried once more.

use super::scale_f16;
use super::search::{affine_scale, error, inverse, quant};
use half::f16;

const SUBS: usize = 8;
const SUB: usize = 32;

/// The scales of a super-block, as the file holds them.
#[derive(Clone)]
struct Scales {
    d: f16,
    dmin: f16,
    scales: [u8; SUBS],
    mins: [u8; SUBS],
}

impl Scales {
    /// Scale and offset of sub-block `s`, computed as dequantising does.
    fn of(&self, s: usize) -> (f32, f32) {
        (
            self.d.to_f32() * f32::from(self.scales[s]),
            -(self.dmin.to_f32() * f32::from(self.mins[s])),
        )
    }
}

/// The integers 0 to 63 within `reach` of `ideal`.
fn near(ideal: f32, reach: i32) -> impl Iterator<Item = u8> + Clone {
    let middle = (ideal.clamp(0.0, 99.0) + 0.5) as i32;
    ((middle - reach).clamp(0, 63)..=(middle + reach).clamp(0, 63)).map(|n| n as u8)
}

/// The best integers for all sub-blocks within `reach` of the ideal ones, given the two f16, and
/// the squared error that they lead to.
fn choose(
    x: &[f32],
    hi: f32,
    ideal: &[(f32, f32); SUBS],
    (d, dmin): (f16, f16),
    reach: i32,
) -> (Scales, f32) {
    let mut chosen = Scales {
        d,
        dmin,
        scales: [0; SUBS],
        mins: [0; SUBS],
    };
    let per_d = inverse(d.to_f32());
    let per_dmin = inverse(dmin.to_f32());
    let mut total = 0.0;
    for (s, x) in x.chunks_exact(SUB).enumerate() {
        let mut least = f32::INFINITY;
        for min in near(-ideal[s].1 * per_dmin, reach) {
            for scale in near(ideal[s].0 * per_d, reach) {
                let d = d.to_f32() * f32::from(scale);
                let m = -(dmin.to_f32() * f32::from(min));
                let error = error(x, d, m, 0.0, hi);
                if error < least {
                    least = error;
                    (chosen.scales[s], chosen.mins[s]) = (scale, min);
                }
            }
        }
        total += least;
    }
    (chosen, total)
}

/// `d` and `dmin` of least squared error for the integers that `chosen` leads to.
fn refit(x: &[f32], hi: f32, chosen: &Scales) -> Option<(f16, f16)> {
    let [mut aa, mut ab, mut bb, mut ax, mut bx] = [0.0f64; 5];
    for (s, x) in x.chunks_exact(SUB).enumerate() {
        let (scale, offset) = chosen.of(s);
        let inverse = inverse(scale);
        let b = -f64::from(chosen.mins[s]);
        for &x in x {
            let a = f64::from(chosen.scales[s]) * f64::from(quant(x - offset, inverse, 0.0, hi));
            let x = f64::from(x);
            aa += a * a;
            ab += a * b;
            bb += b * b;
            ax += a * x;
            bx += b * x;
        }
    }
    let determinant = aa * bb - ab * ab;
    let (d, dmin) = if determinant > 1e-9 * aa * bb {
        (
            (ax * bb - bx * ab) / determinant,
            (bx * aa - ax * ab) / determinant,
        )
    } else if aa > 0.0 {
        (ax / aa, 0.0)
    } else {
        return None;
    };
    (d > 0.0 && dmin >= 0.0).then(|| (scale_f16(d as f32), scale_f16(dmin as f32)))
}

fn best_scales(x: &[f32], hi: f32) -> Scales {
    let mut ideal = [(0.0, 0.0); SUBS];
    for (ideal, x) in ideal.iter_mut().zip(x.chunks_exact(SUB)) {
        *ideal = affine_scale(x, hi, |m| m.min(0.0), |d, m| (d, m));
    }
    let largest = ideal.iter().fold(0.0f32, |m, i| m.max(i.0));
    let deepest = ideal.iter().fold(0.0f32, |m, i| m.max(-i.1));
    // The largest at 63 is the finest grid; a coarser one may happen to fit the others better.
    let (mut best, mut least) = (None, f32::INFINITY);
    for top in [63.0, 61.0, 58.0] {
        let head = (scale_f16(largest / top), scale_f16(deepest / top));
        let (candidate, error) = choose(x, hi, &ideal, head, 1);
        if error < least {
            (best, least) = (Some(candidate), error);
        }
    }
    // Only an error that is not a number leaves nothing, and `check` let no such value in.
    let Some(mut best) = best else {
        return choose(x, hi, &ideal, (f16::ZERO, f16::ZERO), 0).0;
    };
    for _ in 0..3 {
        let Some(head) = refit(x, hi, &best) else {
            break;
        };
        let (candidate, error) = choose(x, hi, &ideal, head, 1);
        if error >= least {
            break;
        }
        (best, least) = (candidate, error);
    }
    best
}

fn quants(x: &[f32], hi: f32, scales: &Scales) -> [u8; 256] {
    let mut q = [0; 256];
    for (s, (q, x)) in q.chunks_exact_mut(SUB).zip(x.chunks_exact(SUB)).enumerate() {
        let (scale, offset) = scales.of(s);
        let inverse = inverse(scale);
        for (q, &x) in q.iter_mut().zip(x) {
            *q = quant(x - offset, inverse, 0.0, hi) as u8;
        }
    }
    q
}

/// `d`, `dmin`, and 6-bit scales and minima: the first four in six bits of a byte each, the last
/// four in nibbles and in the two bits that are left of the first.
fn put_head(y: &mut [u8], scales: &Scales) {
    y[..2].copy_from_slice(&scales.d.to_le_bytes());
    y[2..4].copy_from_slice(&scales.dmin.to_le_bytes());
    for s in 0..4 {
        let (scale, min) = (scales.scales[s + 4], scales.mins[s + 4]);
        y[4 + s] = scales.scales[s] | ((scale >> 4) << 6);
        y[8 + s] = scales.mins[s] | ((min >> 4) << 6);
        y[12 + s] = (scale & 15) | ((min & 15) << 4);
    }
}

/// Low nibbles of pairs of sub-blocks.
fn put_nibbles(y: &mut [u8], q: &[u8; 256]) {
    for (y, q) in y.chunks_exact_mut(32).zip(q.chunks_exact(64)) {
        for (i, y) in y.iter_mut().enumerate() {
            *y = (q[i] & 15) | ((q[i + 32] & 15) << 4);
        }
    }
}

pub(super) fn q4_k(x: &[f32], y: &mut [u8]) {
    let scales = best_scales(x, 15.0);
    put_head(y, &scales);
    put_nibbles(&mut y[16..], &quants(x, 15.0, &scales));
}

pub(super) fn q5_k(x: &[f32], y: &mut [u8]) {
    let scales = best_scales(x, 31.0);
    put_head(y, &scales);
    let q = quants(x, 31.0, &scales);
    for (i, y) in y[16..48].iter_mut().enumerate() {
        *y = (0..SUBS).fold(0, |bits, s| bits | ((q[s * SUB + i] >> 4) << s));
    }
    put_nibbles(&mut y[48..], &q);
}
