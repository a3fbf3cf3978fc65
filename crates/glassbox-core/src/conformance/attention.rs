//! Attention over a paged cache.

use super::Failure;
use super::data::{MAX_ROWS, Rng, U, device, equal, filled, near, no_rope, read};
use crate::{AttentionShape, Backend, Batch, KvType, PAGE, Sequence};
use half::f16;

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
/// and without groups, in both types of cache.
pub(super) fn attention<B: Backend>(backend: &mut B) -> Result<(), Failure> {
    for (n_heads, n_kv_heads, head_dim) in [(2, 2, 16), (6, 2, 64), (7, 1, 24), (2, 1, 128)] {
        for kv_type in [KvType::F32, KvType::F16] {
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
    poison(backend, case, &mut kv, shape, kv_type)?;
    // Keys and values of each sequence so far, as the cache rounds them.
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
                past.extend(new.iter().map(|&x| kept(x, kv_type)));
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
            reference(q, keys, values, pos + 1, shape)
        });
        near(&format!("{case}, step {step}"), &got, expected)?;
        // What attention leaves in its inputs is what came in.
        equal(case, &read(backend, case, &q_buf, q.len())?, &q)?;
    }
    Ok(())
}

/// Fills a cache with NaN, so that whoever looks at a position that is not there shows it.
fn poison<B: Backend>(
    backend: &mut B,
    case: &str,
    kv: &mut B::Kv,
    shape: AttentionShape,
    kv_type: KvType,
) -> Result<(), Failure> {
    let page = match kv_type {
        KvType::F32 => f32::NAN.to_le_bytes().to_vec(),
        KvType::F16 => f16::NAN.to_le_bytes().to_vec(),
    };
    let page = page.repeat(2 * PAGE * shape.kv_width());
    for i in 0..N_PAGES as u32 {
        backend
            .write_page(kv, i, &page)
            .map_err(device::<B>(case))?;
    }
    Ok(())
}

/// What the cache keeps of a number.
pub(super) fn kept(x: f32, kv_type: KvType) -> f32 {
    match kv_type {
        KvType::F32 => x,
        KvType::F16 => f16::from_f32(x).to_f32(),
    }
}

/// The row of all heads in f64 and its bound.
///
/// A score is off by `ε = head_dim u Σ |q k| scale + 3 u |score|`. A weight of the softmax is then
/// off by a factor `e^δ`, `δ = 2 ε + u (range + 4)`, with the rounding of a difference of up to
/// the scores' range and an exponential within two units in the last place. A softmax that runs
/// over the pages repeats that once a page. Output and total each sum `len` terms in any order,
/// and the quotient rounds twice.
fn reference(
    q: &[f32],
    keys: &[f32],
    values: &[f32],
    len: usize,
    shape: AttentionShape,
) -> Vec<(f64, f64)> {
    let hd = shape.head_dim;
    let scale = 1.0 / (hd as f64).sqrt();
    let mut out = Vec::new();
    for (head, q) in q.chunks_exact(hd).enumerate() {
        let kv_head = head / (shape.n_heads / shape.n_kv_heads);
        let at = |pos: usize| pos * shape.kv_width() + kv_head * hd;
        let (mut scores, mut epsilon) = (Vec::new(), 0f64);
        for pos in 0..len {
            let (mut score, mut size) = (0.0, 0.0);
            for (&q, &k) in q.iter().zip(&keys[at(pos)..]) {
                let product = f64::from(q) * f64::from(k) * scale;
                score += product;
                size += product.abs();
            }
            epsilon = epsilon.max(U * (hd as f64 * size + 3.0 * score.abs()));
            scores.push(score);
        }
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let range = scores.iter().fold(0f64, |r, x| r.max(largest - x));
        let total: f64 = scores.iter().map(|x| (x - largest).exp()).sum();
        let mut row = vec![(0.0, 0.0); hd];
        for (pos, score) in scores.iter().enumerate() {
            let p = (score - largest).exp() / total;
            for ((y, size), &v) in row.iter_mut().zip(&values[at(pos)..]) {
                *y += p * f64::from(v);
                *size += p * f64::from(v).abs();
            }
        }
        let pages = len.div_ceil(PAGE) as f64;
        let delta = 2.0 * epsilon + U * (range + 4.0);
        let relative = 2.0 * delta * (1.0 + pages) + 2.0 * U * (len as f64 + pages + 1.0);
        out.extend(row.into_iter().map(|(y, size)| (y, relative * size)));
    }
    out
}
