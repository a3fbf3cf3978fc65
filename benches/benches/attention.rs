//! Attention at a depth: one token over keys and values from memory, counted in their bytes, and a chunk of 64, counted
//! in multiply-adds.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use glassbox_benches::data::{assert_same, begin, cpu, filled, floats, portable};
use glassbox_core::{AttentionShape, Backend, KvType, PAGE};
use glassbox_cpu::{Buf, Cpu, Kv, Limits};

const SHAPE: AttentionShape = AttentionShape {
    n_heads: 12,
    n_kv_heads: 2,
    head_dim: 128,
};

/// More bytes than caches of processors hold.
const MEMORY: usize = 256 << 20;

/// Layers whose caches are full up to `depth`, about to compute its last `tokens`, one layer after the other.
struct Layers {
    cpu: Cpu,
    dst: Buf,
    q: Buf,
    k: Buf,
    v: Buf,
    kvs: Vec<Kv>,
    next: usize,
}

impl Layers {
    fn new(mut cpu: Cpu, n: usize, tokens: usize, depth: usize, kv_type: KvType) -> Self {
        let n_pages = depth.div_ceil(PAGE);
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
        let kvs = (0..n).map(|_| {
            let mut kv = cpu.kv(n_pages, SHAPE, kv_type).unwrap();
            cpu.attention(&mut dst, &q, &k, &v, &mut kv, SHAPE).unwrap();
            for page in 1..n_pages as u32 {
                cpu.copy_page(&mut kv, 0, page).unwrap();
            }
            kv
        });
        let kvs = kvs.collect();
        begin(&mut cpu, tokens, depth);
        Layers {
            cpu,
            dst,
            q,
            k,
            v,
            kvs,
            next: 0,
        }
    }

    fn run(&mut self) {
        let Layers {
            cpu,
            dst,
            q,
            k,
            v,
            kvs,
            next,
        } = self;
        *next = (*next + 1) % kvs.len();
        cpu.attention(dst, q, k, v, &mut kvs[*next], SHAPE).unwrap();
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
            let got = Layers::new(cpu(), 1, tokens, 150, kv_type).result(tokens);
            let expected = Layers::new(portable(), 1, tokens, 150, kv_type).result(tokens);
            assert_same("attention", &got, &expected);
            for depth in [1024, 4096, 16384] {
                // A decode finds none of its cache near.
                let bytes = depth * SHAPE.kv_bytes(kv_type);
                let n = if tokens == 1 {
                    MEMORY.div_ceil(bytes)
                } else {
                    1
                };
                let mut layers = Layers::new(cpu(), n, tokens, depth, kv_type);
                group.throughput(if tokens == 1 {
                    Throughput::Bytes(bytes as u64)
                } else {
                    Throughput::Elements((2 * tokens * depth * SHAPE.q_width()) as u64)
                });
                let id = BenchmarkId::new(format!("{kv_type:?}"), depth);
                group.bench_function(id, |b| b.iter(|| layers.run()));
            }
        }
        group.finish();
    }
}

criterion_group!(benches, attention);
criterion_main!(benches);
