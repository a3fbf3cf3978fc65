//! Operations that take each row alone, on one thread and data in the cache, in bytes read and
//! written.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glassbox_benches::data::{assert_same, floats, kernels};
use glassbox_cpu::Limits;
use glassbox_kernels::{ActBlock, Kernels, Rows, Turns};

const HIDDEN: usize = 1536;
const FFN: usize = 8960;

/// Rows in eight bits.
struct Quantized {
    q: Vec<i8>,
    d: Vec<f32>,
    sums: Vec<i16>,
}

impl Quantized {
    fn of(kernels: &Kernels, x: Rows<'_>, block: ActBlock) -> Self {
        let mut to = Quantized {
            q: vec![0; x.data.len()],
            d: vec![0.0; x.data.len() / x.width * block.floats(x.width)],
            sums: vec![0; x.data.len() / x.width * block.sums(x.width)],
        };
        to.fill(kernels, x, block);
        to
    }

    fn fill(&mut self, kernels: &Kernels, x: Rows<'_>, block: ActBlock) {
        let Quantized { q, d, sums } = self;
        kernels.quantize(q, d, sums, x, block, Turns::Fours);
    }
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

    for n_rows in [1, 8] {
        let data = floats(5, n_rows * FFN);
        let x = Rows {
            data: &data,
            width: FFN,
        };
        group.throughput(Throughput::Bytes((5 * n_rows * FFN) as u64));
        for block in [ActBlock::Small, ActBlock::Super] {
            let mut got = Quantized::of(kernels, x, block);
            let expected = Quantized::of(portable, x, block);
            assert_same("scales", &got.d, &expected.d);
            assert_eq!((&got.q, &got.sums), (&expected.q, &expected.sums));
            let name = format!("quantize/{}/{n_rows} rows", block.size());
            group.bench_function(name, |b| b.iter(|| got.fill(kernels, x, block)));
        }
    }
    group.finish();
}

criterion_group!(benches, rows);
criterion_main!(benches);
