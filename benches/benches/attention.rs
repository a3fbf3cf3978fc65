//! Attention at a depth: one token, counted in bytes of cache, and a chunk of 64, counted in
//! multiply-adds.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use glassbox_benches::data::{assert_same, begin, cpu, filled, floats, portable};
use glassbox_core::{AttentionShape, Backend, KvType, PAGE};
use glassbox_cpu::{Buf, Cpu, Kv, Limits};

const SHAPE: AttentionShape = AttentionShape {
    n_heads: 12,
    n_kv_heads: 2,
    head_dim: 128,
};

/// A layer whose cache is full up to `depth`, about to compute its last `tokens`.
struct Layer {
    cpu: Cpu,
    dst: Buf,
    q: Buf,
    k: Buf,
    v: Buf,
    kv: Kv,
}

impl Layer {
    fn new(mut cpu: Cpu, tokens: usize, depth: usize, kv_type: KvType) -> Self {
        let n_pages = depth.div_ceil(PAGE);
        let mut kv = cpu.kv(n_pages, SHAPE, kv_type).unwrap();
        let dst = cpu.buffer(PAGE, SHAPE.q_width()).unwrap();
        let wide = floats(1, PAGE * SHAPE.q_width());
        let q = filled(&mut cpu, PAGE, &wide);
        let narrow = floats(2, PAGE * SHAPE.kv_width());
        let (k, v) = (
            filled(&mut cpu, PAGE, &narrow),
            filled(&mut cpu, PAGE, &narrow),
        );
        let mut dst = dst;
        // One page from the operation itself, then copied to all places.
        begin(&mut cpu, PAGE, PAGE);
        cpu.attention(&mut dst, &q, &k, &v, &mut kv, SHAPE).unwrap();
        for page in 1..n_pages as u32 {
            cpu.copy_page(&mut kv, 0, page).unwrap();
        }
        begin(&mut cpu, tokens, depth);
        Layer {
            cpu,
            dst,
            q,
            k,
            v,
            kv,
        }
    }

    fn run(&mut self) {
        let Layer {
            cpu,
            dst,
            q,
            k,
            v,
            kv,
        } = self;
        cpu.attention(dst, q, k, v, kv, SHAPE).unwrap();
    }

    fn result(&mut self, tokens: usize) -> Vec<f32> {
        self.run();
        let mut out = vec![0.0; tokens * SHAPE.q_width()];
        self.cpu.read(&mut out, &self.dst).unwrap();
        out
    }
}

fn attention(criterion: &mut Criterion) {
    println!("limits: {}", Limits::measure(cpu().threads()));
    for (name, tokens) in [("decode", 1), ("prefill", 64)] {
        let mut group = criterion.benchmark_group(name);
        for kv_type in [KvType::Half, KvType::F32] {
            let got = Layer::new(cpu(), tokens, 150, kv_type).result(tokens);
            let expected = Layer::new(portable(), tokens, 150, kv_type).result(tokens);
            assert_same("attention", &got, &expected);
            for depth in [1024, 4096, 16384] {
                let mut layer = Layer::new(cpu(), tokens, depth, kv_type);
                group.throughput(if tokens == 1 {
                    Throughput::Bytes((depth * SHAPE.kv_bytes(kv_type)) as u64)
                } else {
                    Throughput::Elements((2 * tokens * depth * SHAPE.q_width()) as u64)
                });
                let id = BenchmarkId::new(format!("{kv_type:?}"), depth);
                group.bench_function(id, |b| b.iter(|| layer.run()));
            }
        }
        group.finish();
    }
}

criterion_group!(benches, attention);
criterion_main!(benches);
