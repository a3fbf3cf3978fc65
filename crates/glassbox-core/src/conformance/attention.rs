//! Attention over a paged cache.

use super::Failure;
use super::data::{MAX_ROWS, Rng, U, device, equal, filled, near, no_rope, read};
use crate::{AttentionShape, Backend, Batch, KvType, PAGE, Sequence};

const N_PAGES: usize = 9;

/// A sequence's page table, and how many of its tokens come in each of three batches: chunks of
/// a prefill and single tokens, some that end with a page and some that do not.
struct Plan {
    pages: &'static [u32],
    steps: [usize; 3],
}

const PLANS: [Plan; 3] = [
    Plan {
        pages: &[7, 2, 5],
        steps: [63, 70, 1],
    },
    Plan {
        pages: &[0],
        steps: [0, 1, 1],
    },
    Plan {
        pages: &[8, 1],
        steps: [64, 1, 30],
    },
];

/// Several sequences in one batch, prefill chunks beside single tokens, over shuffled pages, with
/// and without groups, in every type of cache.
pub(super) fn attention<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    for (n_heads, n_kv_heads, head_dim) in [(2, 2, 16), (6, 2, 64), (7, 1, 24), (2, 1, 128)] {
        for kv_type in KvType::ALL {
            let shape = AttentionShape {
                n_heads,
                n_kv_heads,
                head_dim,
            };
            let case = format!("attention, {n_heads}/{n_kv_heads} × {head_dim}, {kv_type:?}");
            one_shape(backend, &case, shape, kv_type)?;
        }
    }
    Ok(())
}

fn one_shape<B: Backend>(
    backend: &mut B,
    case: &str,
    shape: AttentionShape,
    kv_type: KvType,
) -> Result<(), Failure> {
    let fail = device::<B>(case);
    let mut rng = Rng(10);
    let mut kv = backend.kv(N_PAGES, shape, kv_type).map_err(&fail)?;
    poison(backend, case, &mut kv)?;
    // Keys and values of each sequence so far.
    let mut past: [(Vec<f32>, Vec<f32>); PLANS.len()] = Default::default();
    for step in 0..PLANS[0].steps.len() {
        let mut sequences = Vec::new();
        let mut rows = Vec::new();
        for (which, plan) in PLANS.iter().enumerate() {
            let start: usize = plan.steps[..step].iter().sum();
            let n_tokens = plan.steps[step];
            sequences.push(Sequence {
                n_tokens,
                start,
                pages: plan.pages,
            });
            rows.extend((start..start + n_tokens).map(|pos| (which, pos)));
        }
        let n = rows.len();
        let q = rng.floats(n * shape.q_width(), 2.0);
        let k = rng.floats(n * shape.kv_width(), 2.0);
        let v = rng.floats(n * shape.kv_width(), 2.0);
        for (row, &(which, _)) in rows.iter().enumerate() {
            for (past, new) in [(&mut past[which].0, &k), (&mut past[which].1, &v)] {
                let new = &new[row * shape.kv_width()..][..shape.kv_width()];
                past.extend(new);
            }
        }
        let mut dst = backend.buffer(MAX_ROWS, shape.q_width()).map_err(&fail)?;
        let q_buf = filled(backend, case, &q, shape.q_width())?;
        let k_buf = filled(backend, case, &k, shape.kv_width())?;
        let v_buf = filled(backend, case, &v, shape.kv_width())?;
        let ids = vec![0; n];
        let batch = Batch::new(&ids, &sequences, &[]).expect("the pages cover the tokens");
        backend.begin(&batch, &no_rope()).map_err(&fail)?;
        backend
            .attention(&mut dst, &q_buf, &k_buf, &v_buf, &mut kv, shape)
            .map_err(&fail)?;
        let got = read(backend, case, &dst, n * shape.q_width())?;
        let expected = rows.iter().enumerate().flat_map(|(row, &(which, pos))| {
            let q = &q[row * shape.q_width()..][..shape.q_width()];
            let (keys, values) = &past[which];
            reference(q, keys, values, pos + 1, (shape, kv_type))
        });
        near(&format!("{case}, step {step}"), &got, expected)?;
        // What attention leaves in its inputs is what came in.
        equal(case, &read(backend, case, &q_buf, q.len())?, &q)?;
    }
    Ok(())
}

/// Fills a cache with NaN, so that whoever looks at a position that is not there shows it.
fn poison<B: Backend>(backend: &mut B, case: &str, kv: &mut B::Kv) -> Result<(), Failure> {
    let fail = device::<B>(case);
    let mut page = Vec::new();
    backend.read_page(&mut page, kv, 0).map_err(&fail)?;
    let page = f32::NAN.to_le_bytes().repeat(page.len() / 4);
    for i in 0..N_PAGES as u32 {
        backend.write_page(kv, i, &page).map_err(&fail)?;
    }
    Ok(())
}

/// The row of all heads in f64 and its bound.
///
/// A score is off by `ε = head_dim u Σ |q k| scale + 3 u |score|`. A weight of the softmax is then
/// off by a factor `e^δ`, `δ = 2 ε + u (range + 4)`, with the rounding of a difference of up to
/// the scores' range and an exponential within two units in the last place. A softmax that runs
/// over the pages repeats that once a page. Output and total each sum `len` terms in any order,
/// and the quotient rounds twice.
///
/// In [`KvType::Half`] a backend keeps queries, keys and values within `r = 2⁻¹¹` of the largest
/// magnitude of their head, and a page's softmax weights times the largest magnitude of their
/// values within 2⁻¹³ of the largest such product in the page; in [`KvType::Q8`] keys and values
/// within `r = 1 / 254`. The former moves a score by
/// `η = Σ (|q| r max |k| + |k| r_q max |q| + r r_q max |q| max |k|) scale`, and a weight by
/// `e^(2 η)`.
fn reference(
    q: &[f32],
    keys: &[f32],
    values: &[f32],
    len: usize,
    (shape, kv_type): (AttentionShape, KvType),
) -> Vec<(f64, f64)> {
    let (r, r_q, r_weights) = match kv_type {
        KvType::F32 => (0.0, 0.0, 0.0),
        KvType::Half => (1.0 / 2048.0, 1.0 / 2048.0, 1.0 / 8192.0),
        KvType::Q8 => (1.0 / 254.0, 1.0 / 2048.0, 1.0 / 8192.0),
    };
    let largest_of = |x: &[f32]| f64::from(x.iter().fold(0f32, |m, x| m.max(x.abs())));
    let hd = shape.head_dim;
    let scale = 1.0 / (hd as f64).sqrt();
    let mut out = Vec::new();
    for (head, q) in q.chunks_exact(hd).enumerate() {
        let kv_head = head / (shape.n_heads / shape.n_kv_heads);
        let at = |pos: usize| pos * shape.kv_width() + kv_head * hd;
        let (mut scores, mut epsilon, mut eta) = (Vec::new(), 0f64, 0f64);
        let q_max = largest_of(q);
        for pos in 0..len {
            let (mut score, mut size, mut moved) = (0.0, 0.0, 0.0);
            let k_max = largest_of(&keys[at(pos)..][..hd]);
            for (&q, &k) in q.iter().zip(&keys[at(pos)..]) {
                let (q, k) = (f64::from(q), f64::from(k));
                score += q * k * scale;
                size += (q * k * scale).abs();
                moved += q.abs() * r * k_max + k.abs() * r_q * q_max + r * r_q * q_max * k_max;
            }
            eta = eta.max(moved * scale);
            epsilon = epsilon.max(U * (hd as f64 * size + 3.0 * score.abs()));
            scores.push(score);
        }
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let range = scores.iter().fold(0f64, |r, x| r.max(largest - x));
        let total: f64 = scores.iter().map(|x| (x - largest).exp()).sum();
        let weight = |pos: usize| (scores[pos] - largest).exp() / total;
        let v_max = |pos: usize| largest_of(&values[at(pos)..][..hd]);
        let mut row = vec![(0.0, 0.0); hd];
        // What the rounding of values and of weights adds to the output.
        let mut added = vec![0.0; hd];
        for first in (0..len).step_by(PAGE) {
            let page = first..len.min(first + PAGE);
            let heaviest = page
                .clone()
                .fold(0f64, |m, pos| m.max(weight(pos) * v_max(pos)));
            for pos in page {
                let (p, v_max) = (weight(pos), v_max(pos));
                for (i, &v) in values[at(pos)..][..hd].iter().enumerate() {
                    let v = f64::from(v);
                    row[i].0 += p * v;
                    row[i].1 += p * v.abs();
                    let kept = v.abs() / v_max + r;
                    added[i] += r * p * v_max + r_weights * heaviest * kept;
                }
            }
        }
        let moved = (2.0 * eta).exp();
        let pages = len.div_ceil(PAGE) as f64;
        let delta = 2.0 * epsilon + U * (range + 4.0);
        let relative = 2.0 * delta * (1.0 + pages) + 2.0 * U * (len as f64 + pages + 1.0);
        let relative = relative + (moved * moved - 1.0);
        let bounds = row.into_iter().zip(added);
        out.extend(bounds.map(|((y, size), added)| (y, relative * size + moved * moved * added)));
    }
    out
}
