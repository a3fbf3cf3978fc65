use glassbox_core::DType;
use glassbox_kernels::{Kernels, Step};
use std::fmt;
use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

/// How long one measurement lasts; the best of several counts.
const WINDOW: Duration = Duration::from_millis(30);
const TRIES: usize = 3;

/// What the machine can do at most, measured here and now: the limits of all threads together.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Threads that were measured.
    pub threads: usize,
    /// Bytes read from memory in a second: each thread sums a block larger than a cache.
    pub read_bytes_s: f64,
    /// f32 multiply-adds in a second, of registers alone.
    pub f32_fma_s: f64,
    /// Multiply-adds of 8-bit integers in a second, the form that quantised weights take.
    pub int8_mac_s: f64,
    /// Multiply-adds of 16-bit integers in a second, the form that attention over 16-bit keys and
    /// values takes.
    pub int16_mac_s: f64,
    /// Multiply-adds of bf16 in a second, the form that bf16 weights take.
    pub bf16_mac_s: f64,
}

impl Limits {
    /// Measures everything, in about a second. The arithmetic is that of the table that does the
    /// most, whichever one computes.
    pub fn measure(threads: usize) -> Self {
        // More threads than cores do no more.
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.clamp(1, cores);
        let tables = Kernels::available();
        let most = |of: fn(&'static Kernels, usize) -> f64| {
            let rates = tables.iter().map(|table| of(table, threads));
            rates.fold(0.0, f64::max)
        };
        Limits {
            threads,
            read_bytes_s: read_bandwidth(threads),
            f32_fma_s: most(f32_fma),
            int8_mac_s: most(int8_mac),
            int16_mac_s: most(int16_mac),
            bf16_mac_s: most(bf16_mac),
        }
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} threads read {:.1} GB/s; G multiply-adds/s: {:.1} f32, {:.1} bf16, {:.1} int16, {:.1} int8",
            self.threads,
            self.read_bytes_s / 1e9,
            self.f32_fma_s / 1e9,
            self.bf16_mac_s / 1e9,
            self.int16_mac_s / 1e9,
            self.int8_mac_s / 1e9,
        )
    }
}

/// Of [`Kernels`], what multiplies words without end.
type Chains = fn(&Kernels, &mut [f32; 16], &[u8; 64], &[u8; 64], usize);

fn f32_fma(kernels: &'static Kernels, threads: usize) -> f64 {
    chains(kernels, threads, 2f32.to_le_bytes(), Kernels::fma_chains)
}

fn int16_mac(kernels: &'static Kernels, threads: usize) -> f64 {
    chains(kernels, threads, [3, 0], Kernels::madd_chains)
}

fn int8_mac(kernels: &'static Kernels, threads: usize) -> f64 {
    chains(kernels, threads, [3], Kernels::dot_chains)
}

fn bf16_mac(kernels: &'static Kernels, threads: usize) -> f64 {
    if kernels.step(DType::BF16) != Step::Two {
        return f32_fma(kernels, threads);
    }
    chains(kernels, threads, [0, 0x40], Kernels::dot_bf16_chains)
}

/// Multiply-adds in a second of words whose elements are all `element`.
fn chains<const N: usize>(
    kernels: &'static Kernels,
    threads: usize,
    element: [u8; N],
    body: Chains,
) -> f64 {
    rate(threads, 48 * 64 / N, || {
        let (mut sums, w) = ([0.0; 16], std::array::from_fn(|i| element[i % N]));
        move |rounds| body(kernels, black_box(&mut sums), black_box(&w), &w, rounds)
    })
}

/// Steps of all threads in a second, where `body(rounds)` does `steps * rounds` of them.
fn rate<B: FnMut(usize)>(threads: usize, steps: usize, body: impl Fn() -> B + Sync) -> f64 {
    const ROUNDS: usize = 1024;
    let one = || {
        let mut body = body();
        let begin = Instant::now();
        let mut done = 0;
        while begin.elapsed() < WINDOW {
            body(ROUNDS);
            done += steps * ROUNDS;
        }
        done as f64 / begin.elapsed().as_secs_f64()
    };
    best(|| {
        thread::scope(|scope| {
            let start = || thread::Builder::new().spawn_scoped(scope, one);
            // A thread that the system refuses does nothing.
            let all: Vec<_> = (0..threads).filter_map(|_| start().ok()).collect();
            all.into_iter().map(|t| t.join().unwrap_or(0.0)).sum()
        })
    })
}

fn read_bandwidth(threads: usize) -> f64 {
    /// More than the last cache of any machine, together. A debug build measures nothing worth
    /// knowing, and need not take long over it.
    const ALL: usize = if cfg!(debug_assertions) { 64 } else { 768 } << 20;
    const LEAST: usize = 8 << 20;
    let words = (ALL / threads).max(LEAST) / 8;
    let memory = vec![1u64; words * threads];
    best(|| {
        let begin = Instant::now();
        let read: usize = thread::scope(|scope| {
            let start = |part| {
                thread::Builder::new().spawn_scoped(scope, move || {
                    black_box(sum(part));
                    part.len() * 8
                })
            };
            let parts = memory.chunks_exact(words);
            let all: Vec<_> = parts.filter_map(|part| start(part).ok()).collect();
            all.into_iter().map(|t| t.join().unwrap_or(0)).sum()
        });
        read as f64 / begin.elapsed().as_secs_f64()
    })
}

/// In 64 lanes, so that additions never wait for one another.
fn sum(words: &[u64]) -> u64 {
    let mut lanes = [0u64; 64];
    for chunk in words.as_chunks::<64>().0 {
        for (lane, word) in lanes.iter_mut().zip(chunk) {
            *lane = lane.wrapping_add(*word);
        }
    }
    lanes.iter().fold(0, |sum, lane| sum.wrapping_add(*lane))
}

fn best(mut measure: impl FnMut() -> f64) -> f64 {
    (0..TRIES).map(|_| measure()).fold(0.0, f64::max)
}
