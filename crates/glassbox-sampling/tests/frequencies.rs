//! Draws against exact distributions: 100,000 draws over a small vocabulary, compared by Pearson's chi-square.
//!
//! The expected probabilities are computed here from the definitions, with `f64::exp` and full sorts, and share no code
//! with the crate. Seeds are fixed, so that a test passes always or never. The bound is the 1 − 10⁻⁶ quantile of the
//! chi-square distribution: a wrong distribution exceeds it by orders of magnitude.

use glassbox_sampling::{Candidates, Sampler, SamplingParams};

const DRAWS: u64 = 100_000;

/// A token with its probability, best first.
type Exact = Vec<(u32, f64)>;

fn softmax(logits: &[f32], temperature: f64) -> Exact {
    let weights: Vec<f64> = logits
        .iter()
        .map(|l| (f64::from(*l) / temperature).exp())
        .collect();
    let mut p: Exact = (0u32..).zip(weights).collect();
    normalize(&mut p);
    p.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    p
}

fn normalize(p: &mut Exact) {
    let total: f64 = p.iter().map(|(_, w)| w).sum();
    p.iter_mut().for_each(|(_, w)| *w /= total);
}

/// The shortest front of the list that reaches the mass.
fn front(mut p: Exact, mass: f64) -> Exact {
    let mut sum = 0.0;
    let reached = p.iter().position(|(_, w)| {
        sum += w;
        sum >= mass
    });
    p.truncate(reached.map_or(p.len(), |i| i + 1));
    normalize(&mut p);
    p
}

/// The chance that chi-square exceeds `x`: e^(−x/2) Σ (x/2)^i / i!, i < k/2, for an even number of degrees `k`.
fn tail(even_degrees: usize, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for i in 1..even_degrees / 2 {
        term *= x / 2.0 / i as f64;
        sum += term;
    }
    (-x / 2.0).exp() * sum
}

/// The 1 − 10⁻⁶ quantile, by bisection; that of the next even number for odd degrees, which is a little larger.
fn bound(degrees: usize) -> f64 {
    let degrees = degrees.next_multiple_of(2);
    let (mut low, mut high) = (0.0, 1e3);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if tail(degrees, middle) > 1e-6 {
            low = middle
        } else {
            high = middle
        }
    }
    high
}

/// Draws at ascending positions under one seed, and compares.
fn check(params: &SamplingParams, logits: &[f32], exact: &Exact) {
    let sampler = Sampler::new(params, logits.len()).unwrap();
    let mut scratch = Candidates::default();
    let mut counts = vec![0u64; logits.len()];
    for pos in 0..DRAWS {
        counts[sampler.sample(logits, pos, &mut scratch).unwrap().id as usize] += 1;
    }
    compare(&counts, exact);
}

fn compare(counts: &[u64], exact: &Exact) {
    let draws: u64 = counts.iter().sum();
    let mut statistic = 0.0;
    let mut among = 0;
    for (id, p) in exact {
        let expected = p * draws as f64;
        assert!(
            expected > 5.0,
            "the approximation needs more draws of token {id}"
        );
        statistic += (counts[*id as usize] as f64 - expected).powi(2) / expected;
        among += counts[*id as usize];
    }
    assert_eq!(
        among, draws,
        "tokens that are not permitted were drawn: {counts:?}, {exact:?}"
    );
    let limit = bound((exact.len() - 1).max(1));
    assert!(
        statistic < limit,
        "chi-square {statistic} is above {limit}: {counts:?}, {exact:?}"
    );
}

fn logits() -> Vec<f32> {
    (0..16).map(|i| ((i * 7) % 16) as f32 * 0.3 - 1.0).collect()
}

#[test]
fn softmax_and_temperature() {
    let off = SamplingParams::unfiltered();
    check(&off, &logits(), &softmax(&logits(), 1.0));
    for temperature in [0.6, 2.5] {
        let params = SamplingParams {
            temperature,
            seed: 11,
            ..off.clone()
        };
        check(&params, &logits(), &softmax(&logits(), temperature));
    }
}

#[test]
fn the_default_is_temperature_then_top_p() {
    let params = SamplingParams {
        seed: 1,
        ..SamplingParams::default()
    };
    let exact = front(softmax(&logits(), 0.6), 0.95);
    assert!(exact.len() < 16);
    check(&params, &logits(), &exact);
}

#[test]
fn top_k_then_top_p_then_min_p() {
    let params = SamplingParams {
        top_k: 8,
        top_p: 0.9,
        min_p: 0.3,
        seed: 2,
        ..SamplingParams::unfiltered()
    };
    let mut exact = softmax(&logits(), 1.0);
    exact.truncate(8);
    normalize(&mut exact);
    exact = front(exact, 0.9);
    let best = exact[0].1;
    exact.retain(|(_, p)| *p >= 0.3 * best);
    normalize(&mut exact);
    assert_eq!(exact.len(), 5);
    check(&params, &logits(), &exact);
}

#[test]
fn typical() {
    let params = SamplingParams {
        typical_p: 0.6,
        seed: 3,
        ..SamplingParams::unfiltered()
    };
    let mut exact = softmax(&logits(), 1.0);
    let entropy: f64 = -exact.iter().map(|(_, p)| p * p.ln()).sum::<f64>();
    exact.sort_by(|a, b| {
        (a.1.ln() + entropy)
            .abs()
            .total_cmp(&(b.1.ln() + entropy).abs())
    });
    check(&params, &logits(), &front(exact, 0.6));
}

#[test]
fn penalties_shift_the_distribution() {
    let params = SamplingParams {
        repetition_penalty: 1.5,
        presence_penalty: 0.4,
        frequency_penalty: 0.3,
        logit_bias: [(2, 1.0), (9, f64::NEG_INFINITY)].into(),
        seed: 4,
        ..SamplingParams::unfiltered()
    };
    let mut sampler = Sampler::new(&params, 16).unwrap();
    sampler.accept_prompt(&[1, 2]).unwrap();
    for id in [2, 3, 3, 0] {
        sampler.accept(id).unwrap();
    }
    let mut scratch = Candidates::default();
    let mut counts = vec![0u64; 16];
    for pos in 6..DRAWS + 6 {
        counts[sampler.sample(&logits(), pos, &mut scratch).unwrap().id as usize] += 1;
    }

    let mut expected = logits();
    expected[2] += 1.0;
    for (id, count) in [(0, 1.0), (1, 0.0), (2, 1.0), (3, 2.0)] {
        let l = &mut expected[id];
        *l = if *l > 0.0 { *l / 1.5 } else { *l * 1.5 };
        if count > 0.0 {
            *l -= 0.4 + 0.3 * count;
        }
    }
    expected[9] = f32::NEG_INFINITY;
    let mut exact = softmax(&expected, 1.0);
    exact.retain(|(_, p)| *p > 0.0);
    compare(&counts, &exact);
}

/// XTC acts on a share of the draws, and its decision has to be independent of the draw of the token: the outcome is
/// the mixture of the two distributions.
#[test]
fn xtc_is_a_mixture() {
    let row: Vec<f32> = [0.4f32, 0.3, 0.2, 0.06, 0.04].map(f32::ln).to_vec();
    let params = SamplingParams {
        xtc_probability: 0.3,
        xtc_threshold: 0.1,
        seed: 5,
        ..SamplingParams::unfiltered()
    };
    let acted = [0.0, 0.0, 0.2 / 0.3, 0.06 / 0.3, 0.04 / 0.3];
    let plain = [0.4, 0.3, 0.2, 0.06, 0.04];
    let exact = (0..5)
        .map(|i| (i as u32, 0.7 * plain[i] + 0.3 * acted[i]))
        .collect();
    check(&params, &row, &exact);
}

/// What self-consistency does: one position, many seeds that follow each other.
#[test]
fn seeds_are_independent() {
    let row = logits();
    let mut scratch = Candidates::default();
    let mut counts = vec![0u64; 16];
    for seed in 0..DRAWS {
        let params = SamplingParams {
            seed,
            ..SamplingParams::unfiltered()
        };
        let sampler = Sampler::new(&params, 16).unwrap();
        counts[sampler.sample(&row, 42, &mut scratch).unwrap().id as usize] += 1;
    }
    compare(&counts, &softmax(&row, 1.0));
}

/// Pairs of draws at neighbouring positions are independent as well.
#[test]
fn neighbouring_positions_are_independent() {
    let row = [0.0f32, 0.5, 1.0];
    let p = softmax(&row, 1.0);
    let sampler = Sampler::new(&SamplingParams::unfiltered(), 3).unwrap();
    let mut scratch = Candidates::default();
    let mut counts = vec![0u64; 9];
    for pos in 0..DRAWS {
        let mut at = |pos| sampler.sample(&row, pos, &mut scratch).unwrap().id;
        counts[(at(2 * pos) * 3 + at(2 * pos + 1)) as usize] += 1;
    }
    let pairs = p
        .iter()
        .flat_map(|(a, pa)| p.iter().map(move |(b, pb)| (a * 3 + b, pa * pb)));
    compare(&counts, &pairs.collect());
}

/// Two degrees have the quantile −2 ln 10⁻⁶.
#[test]
fn the_bound_is_the_quantile() {
    assert!((bound(2) + 2.0 * 1e-6f64.ln()).abs() < 1e-9);
    // The 0.95 quantile of ten degrees in every table.
    assert!((tail(10, 18.307) - 0.05).abs() < 1e-5);
    assert!(bound(9) == bound(10) && bound(10) < bound(11));
}

/// The comparison finds a temperature of 0.63 in place of 0.6.
#[test]
#[should_panic(expected = "chi-square")]
fn a_slightly_wrong_distribution_is_found() {
    let params = SamplingParams {
        temperature: 0.63,
        seed: 1,
        ..SamplingParams::unfiltered()
    };
    check(&params, &logits(), &softmax(&logits(), 0.6));
}
