//! Linear layers of every weight type: one token, whose limit is memory, and 64, whose limit is
//! arithmetic. Both are counted in weight bytes and in multiply-adds.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glassbox_benches::data::{assert_same, begin, cpu, filled, floats, portable, weight};
use glassbox_core::{Backend, DType};
use glassbox_cpu::{Cpu, Limits};

const IN: usize = 1536;
const OUT: usize = 8960;
/// Outputs that are compared with the portable table, which is slow.
const CHECKED: usize = 64;

fn check(dtype: DType, tokens: usize) {
    let run = |cpu: &mut Cpu| {
        let weight = cpu.upload(weight(1, dtype, CHECKED, IN)).unwrap();
        let mut dst = cpu.buffer(tokens, CHECKED).unwrap();
        let x = filled(cpu, tokens, &floats(2, tokens * IN));
        cpu.linear([&mut dst], &x, [&weight], [None]).unwrap();
        let mut out = vec![0.0; tokens * CHECKED];
        cpu.read(&mut out, &dst).unwrap();
        out
    };
    assert_same(dtype.name(), &run(&mut cpu()), &run(&mut portable()));
}

fn linear(criterion: &mut Criterion) {
    println!("limits: {}", Limits::measure(cpu().threads()));
    for (name, tokens) in [("decode", 1), ("prefill", 64)] {
        let mut group = criterion.benchmark_group(name);
        for dtype in DType::ALL {
            check(dtype, tokens.min(9));
            let mut cpu = cpu();
            // As many copies as no cache holds, used in turn: decode reads weights from memory.
            let bytes = OUT * dtype.row_bytes(IN).unwrap();
            let copies = if tokens == 1 {
                (96 << 20) / bytes + 1
            } else {
                1
            };
            let weights: Vec<_> = (0..copies)
                .map(|i| cpu.upload(weight(i as u64, dtype, OUT, IN)).unwrap())
                .collect();
            let mut dst = cpu.buffer(tokens, OUT).unwrap();
            let x = filled(&mut cpu, tokens, &floats(2, tokens * IN));
            begin(&mut cpu, tokens, tokens);
            let mut turn = 0;
            group.throughput(if tokens == 1 {
                Throughput::Bytes(bytes as u64)
            } else {
                Throughput::Elements((tokens * IN * OUT) as u64)
            });
            group.bench_function(dtype.name(), |b| {
                b.iter(|| {
                    turn = (turn + 1) % copies;
                    cpu.linear([&mut dst], &x, [&weights[turn]], [None])
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, linear);
criterion_main!(benches);
