//! Operations that take each row alone, on one thread and data in the cache, in bytes read and
//! written.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glassbox_benches::data::{assert_same, floats, kernels};
use glassbox_cpu::Limits;
use glassbox_kernels::{ActBlock, Kernels, Rows, Turns};

const HIDDEN: usize = 1536;
const FFN: usize = 8960;

fn one(x: &[f32]) -> Rows<'_> {
    let width = x.len();
    Rows { data: x, width }
}

fn quantized(kernels: &Kernels, x: &[f32], block: ActBlock) -> (Vec<i8>, Vec<f32>, Vec<i16>) {
    let mut q = vec![0; x.len()];
    let mut d = vec![0.0; block.floats(x.len())];
    let mut sums = vec![0; block.sums(x.len())];
    kernels.quantize(&mut q, &mut d, &mut sums, one(x), block, Turns::Fours);
    (q, d, sums)
}

fn rows(criterion: &mut Criterion) {
    let (kernels, portable) = (kernels(), Kernels::named("portable").unwrap());
    println!("limits: {}", Limits::measure(1));
    let mut group = criterion.benchmark_group("rows");

    let (x, gain) = (floats(1, HIDDEN), floats(2, HIDDEN));
    let mut dst = vec![0.0; HIDDEN];
    let mut expected = vec![0.0; HIDDEN];
    kernels.rms_norm(&mut dst, &x, &gain, 1e-6);
    portable.rms_norm(&mut expected, &x, &gain, 1e-6);
    assert_same("rms_norm", &dst, &expected);
    group.throughput(Throughput::Bytes(3 * 4 * HIDDEN as u64));
    group.bench_function("rms_norm", |b| {
        b.iter(|| kernels.rms_norm(&mut dst, &x, &gain, 1e-6));
    });

    let (gate, up) = (floats(3, FFN), floats(4, FFN));
    let mut dst = vec![0.0; FFN];
    let mut expected = vec![0.0; FFN];
    kernels.swiglu(&mut dst, &gate, &up);
    portable.swiglu(&mut expected, &gate, &up);
    assert_same("swiglu", &dst, &expected);
    group.throughput(Throughput::Bytes(3 * 4 * FFN as u64));
    group.bench_function("swiglu", |b| {
        b.iter(|| kernels.swiglu(&mut dst, &gate, &up));
    });

    group.throughput(Throughput::Bytes(5 * FFN as u64));
    for (name, block) in [
        ("quantize/32", ActBlock::Small),
        ("quantize/256", ActBlock::Super),
    ] {
        let (mut q, mut d, mut sums) = quantized(kernels, &gate, block);
        let expected = quantized(portable, &gate, block);
        assert_eq!((&q, &d, &sums), (&expected.0, &expected.1, &expected.2));
        group.bench_function(name, |b| {
            b.iter(|| kernels.quantize(&mut q, &mut d, &mut sums, one(&gate), block, Turns::Fours));
        });
    }
    group.finish();
}

criterion_group!(benches, rows);
criterion_main!(benches);
