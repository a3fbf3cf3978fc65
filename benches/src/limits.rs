//! What the machine can do at most, measured here and now.

use glassbox_kernels::Kernels;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long one measurement lasts; the best of several counts.
const WINDOW: Duration = Duration::from_millis(20);
const TRIES: usize = 5;

/// The measured limits of a machine.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Threads that read together.
    pub threads: usize,
    /// Bytes that all threads together read from memory in a second.
    pub read: f64,
    /// f32 multiply-adds of one core in a second, on the table that does most.
    pub fma: f64,
    /// Multiply-adds of 16-bit integers of one core in a second, on the table that does most.
    pub int: f64,
}

impl Limits {
    /// Measures everything, in about a second.
    pub fn measure(threads: usize) -> Self {
        let best = |rate: &dyn Fn(&Kernels) -> f64| {
            Kernels::available()
                .into_iter()
                .map(rate)
                .fold(0.0, f64::max)
        };
        let (a, b) = ([[3i16; 64]; 8], [[5i16; 64]; 8]);
        Limits {
            threads,
            read: read_bandwidth(threads),
            fma: best(&|kernels| {
                let mut lanes = [[1.0f32; 16]; 6];
                rate(6 * 16, |rounds| {
                    kernels.fma_chains(black_box(&mut lanes), black_box(0.5), rounds);
                })
            }),
            int: best(&|kernels| {
                let mut sums = [0i32; 8];
                rate(8 * 64, |rounds| {
                    kernels.madd_chains(black_box(&mut sums), black_box(&a), black_box(&b), rounds);
                })
            }),
        }
    }

    /// Prints the limits, which the figures below them are to be seen beside.
    pub fn print(&self) {
        println!(
            "limits: {} threads read {:.1} GB/s; a core does {:.1} GFMA/s in f32 and {:.1} GMAC/s in \
             16-bit integers",
            self.threads,
            self.read / 1e9,
            self.fma / 1e9,
            self.int / 1e9,
        );
    }
}

/// Steps in a second, where `body(rounds)` does `steps * rounds` of them.
fn rate(steps: usize, mut body: impl FnMut(usize)) -> f64 {
    const ROUNDS: usize = 1024;
    let mut best = 0f64;
    for _ in 0..TRIES {
        let begin = Instant::now();
        let mut done = 0;
        while begin.elapsed() < WINDOW {
            body(ROUNDS);
            done += steps * ROUNDS;
        }
        best = best.max(done as f64 / begin.elapsed().as_secs_f64());
    }
    best
}

/// Each thread sums its own 64 MiB, more than a cache holds.
fn read_bandwidth(threads: usize) -> f64 {
    const WORDS: usize = 8 << 20;
    let memory: Vec<u64> = (0..WORDS * threads).map(|i| i as u64).collect();
    let mut best = 0f64;
    for _ in 0..TRIES {
        let begin = Instant::now();
        std::thread::scope(|scope| {
            for part in memory.chunks_exact(WORDS) {
                scope.spawn(move || black_box(part.iter().fold(0u64, |s, &x| s.wrapping_add(x))));
            }
        });
        let bytes = (memory.len() * 8) as f64;
        best = best.max(bytes / begin.elapsed().as_secs_f64());
    }
    best
}
