//! Attention in integers over a paged cache.

use super::fixed::{WEIGHT_LIMIT, fixed, key_limit};
use super::softmax::Running;
use glassbox_core::PAGE;

/// `out = softmax(q · kᵀ / sqrt(head_dim)) · v` of one query over `key_scales.len()` positions.
///
/// Keys and values are vectors of `q.len()` integers, each with its scale, made by
/// [`fixed`] with [`key_limit`] and [`VALUE_LIMIT`](super::fixed::VALUE_LIMIT), or in 8 bits with
/// [`Q8_LIMIT`](super::fixed::Q8_LIMIT) for both; the query is made such a vector here. A page of keys `k`, values `v` and their scales `d_k` and `d_v`, whose scores
/// `x` become weights `p` and a factor `a` as [`Running`] has it, does to the output `o`, 0 at
/// first,
///
/// ```text
/// x[j] = Σ q k[j] * ((d_q * scale) * d_k[j])
/// (w, d) = fixed(p[j] * d_v[j], WEIGHT_LIMIT);  o = fma(Σ w[j] v[j], d, o * a)
/// ```
///
/// where sums of integers are exact, and the output is `o * (1 / s)` at the end, `s` being the sum
/// of all weights `p`.
pub fn attention_i16(
    out: &mut [f32],
    query: &[f32],
    (keys, key_scales): (&[i16], &[f32]),
    (values, value_scales): (&[i16], &[f32]),
    scale: f32,
) {
    let hd = query.len();
    let mut q = vec![0; hd];
    let unit = fixed(&mut q, query, key_limit(hd)) * scale;
    let mut run = Running::default();
    out.fill(0.0);
    for first in (0..key_scales.len()).step_by(PAGE) {
        let n = PAGE.min(key_scales.len() - first);
        let vector = |of: &[i16], j: usize, i: usize| i32::from(of[(first + j) * hd + i]);
        let mut p: Vec<f32> = (0..n)
            .map(|j| {
                let products = (0..hd).map(|i| i32::from(q[i]) * vector(keys, j, i));
                products.sum::<i32>() as f32 * (unit * key_scales[first + j])
            })
            .collect();
        let shrink = run.weights(&mut p);
        for (p, d) in p.iter_mut().zip(&value_scales[first..]) {
            *p *= d;
        }
        let mut weights = [0; PAGE];
        let unit = fixed(&mut weights, &p, WEIGHT_LIMIT);
        for (i, o) in out.iter_mut().enumerate() {
            let products = (0..n).map(|j| i32::from(weights[j]) * vector(values, j, i));
            *o = (products.sum::<i32>() as f32).mul_add(unit, *o * shrink);
        }
    }
    let inverse = 1.0 / run.total;
    out.iter_mut().for_each(|o| *o *= inverse);
}
