//! A cache costs what is used of it.
#![cfg(target_os = "linux")]

use glassbox_core::{AttentionShape, Backend, KvType, PAGE};
use glassbox_cpu::{Cpu, CpuOptions};
use std::fs;
use std::hint::black_box;

/// Bytes of this process in memory.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// An allocator that has had memory before, and given it back, writes zeros over it when it has it
/// again, whatever of it is used.
#[test]
fn an_empty_cache_takes_no_memory() {
    let mut cpu = Cpu::new(&CpuOptions::default().threads(1)).unwrap();
    // glibc maps what is larger than the largest thing that it has had back, at most 32 MB.
    drop(black_box(vec![1u8; 31 << 20]));
    let many: Vec<Vec<u8>> = (0..20).map(|_| Vec::with_capacity(30 << 20)).collect();
    drop(black_box(many));
    let before = resident();
    let shape = AttentionShape {
        n_heads: 2,
        n_kv_heads: 2,
        head_dim: 128,
    };
    let layers: Vec<_> = (0..8)
        .map(|_| cpu.kv((32 << 10) / PAGE, shape, KvType::Half).unwrap())
        .collect();
    let buffer = cpu.buffer(4096, 4096).unwrap();
    let grown = resident().saturating_sub(before);
    assert!(grown < 8 << 20, "{grown} bytes for a cache without a token");
    drop(black_box((layers, buffer)));
}
