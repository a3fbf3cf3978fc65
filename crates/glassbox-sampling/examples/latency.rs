//! How long one token takes, on a vocabulary of Qwen2's size:
//! `cargo run --release -p glassbox-sampling --example latency`.

use glassbox_sampling::{Candidates, Sampler, SamplingError, SamplingParams};
use std::time::Instant;

const VOCAB: usize = 152_064;
const ROUNDS: u64 = 200;

/// A row of about normal logits with a few that stand out, as far as `peak` above the rest.
fn row(peak: f32) -> Vec<f32> {
    let mut state = 1u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 24) as f32
    };
    let normal = |u: &mut dyn FnMut() -> f32| (0..12).map(|_| u()).sum::<f32>() - 6.0;
    let mut row: Vec<f32> = (0..VOCAB).map(|_| 2.5 * normal(&mut uniform)).collect();
    for i in 0..40 {
        row[(i * 3_701) % VOCAB] = peak - i as f32 * 0.4;
    }
    row
}

fn main() -> Result<(), SamplingError> {
    let off = SamplingParams::unfiltered();
    let default = SamplingParams::default();
    let cases = [
        ("greedy", SamplingParams::greedy()),
        (
            "greedy, logprobs 5",
            SamplingParams {
                logprobs: Some(5),
                ..SamplingParams::greedy()
            },
        ),
        ("default", default.clone()),
        (
            "default, logprob",
            SamplingParams {
                logprobs: Some(0),
                ..default.clone()
            },
        ),
        (
            "default, logprobs 20",
            SamplingParams {
                logprobs: Some(20),
                ..default.clone()
            },
        ),
        (
            "top_k 40",
            SamplingParams {
                top_k: 40,
                ..default.clone()
            },
        ),
        (
            "min_p 0.05",
            SamplingParams {
                min_p: 0.05,
                ..off.clone()
            },
        ),
        (
            "typical 0.95",
            SamplingParams {
                typical_p: 0.95,
                ..off.clone()
            },
        ),
        ("unfiltered", off.clone()),
        (
            "penalties",
            SamplingParams {
                repetition_penalty: 1.1,
                presence_penalty: 0.5,
                ..default.clone()
            },
        ),
        (
            "dry",
            SamplingParams {
                dry_multiplier: 0.8,
                ..default
            },
        ),
    ];
    let rows = [("peaked", row(22.0)), ("flat", row(0.0))];
    println!("{VOCAB} logits, 8192 tokens of history; best of {ROUNDS}, in µs\n");
    for (name, params) in &cases {
        print!("{name:22}");
        for (shape, logits) in &rows {
            let mut sampler = Sampler::new(params, VOCAB)?;
            sampler.accept_prompt(&(0..8192).map(|i| (i * i) % 2_000).collect::<Vec<_>>())?;
            let mut scratch = Candidates::default();
            let mut best = f64::INFINITY;
            for pos in 0..ROUNDS {
                let start = Instant::now();
                std::hint::black_box(sampler.sample(logits, pos, &mut scratch)?);
                best = best.min(start.elapsed().as_secs_f64());
            }
            print!("  {shape} {:7.1}", best * 1e6);
        }
        println!();
    }
    Ok(())
}
