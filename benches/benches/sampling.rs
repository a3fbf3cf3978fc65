//! The draw of a token, in logits looked at.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glassbox_benches::data::floats;
use glassbox_sampling::{Candidates, Sampler, SamplingParams};

/// Logits as a model gives them: most lie in a bell, and the best stand out.
fn logits(vocab: usize) -> Vec<f32> {
    let parts: Vec<Vec<f32>> = (0..12).map(|seed| floats(seed, vocab)).collect();
    let bell = |i: usize| parts.iter().map(|part| part[i]).sum::<f32>();
    let best = |i: usize| match i % 4999 {
        17 => 6.0 + bell(i / 2),
        _ => 0.0,
    };
    (0..vocab).map(|i| 1.5 * bell(i) + best(i)).collect()
}

fn sampling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sampling");
    for vocab in [49_152, 151_936] {
        let logits = logits(vocab);
        let mut scratch = Candidates::default();
        group.throughput(Throughput::Elements(vocab as u64));
        let defaults = SamplingParams::default();
        let warm = SamplingParams {
            temperature: 1.0,
            ..SamplingParams::default()
        };
        let mut biased = warm.clone();
        biased.logit_bias.insert(0, f64::NEG_INFINITY);
        for (name, params) in [("defaults", defaults), ("warm", warm), ("biased", biased)] {
            let sampler = Sampler::new(&params, vocab).unwrap();
            let mut pos = 0;
            group.bench_function(format!("{name}/{vocab}"), |b| {
                b.iter(|| {
                    pos += 1;
                    sampler.sample(&logits, pos, &mut scratch).unwrap()
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, sampling);
criterion_main!(benches);
