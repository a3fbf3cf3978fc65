//! Benchmarks of glassbox's kernels, each beside the machine's limit as measured in the same
//! process, and each checked against the portable table before it is timed.
//!
//! ```text
//! cargo bench -p glassbox-benches --bench linear -- --quick            all types, decode and prefill
//! cargo bench -p glassbox-benches --bench linear -- --quick q4_k       one type
//! cargo bench -p glassbox-benches --bench attention -- --quick decode
//! cargo bench -p glassbox-benches --bench rows -- --quick
//! cargo bench -p glassbox-benches --bench sampling -- --quick
//! GLASSBOX_ISA=avx2 cargo bench -p glassbox-benches --bench linear     another table
//! GLASSBOX_THREADS=1 cargo bench -p glassbox-benches --bench linear    another team
//! ```
//!
//! Numbers go by the geometry of Qwen2 1.5B: hidden 1536, feed-forward 8960, 12 heads over 2.
//! The first lines of a run are the limits: bytes that all threads read from memory in a second,
//! and multiply-adds in f32, in bf16 and in integers, with data that never leave the
//! registers. Without `--quick` a benchmark takes about eight seconds. Other work on the machine
//! shows in every figure, the limits included: compare runs only with equal limits.
//!
//! Two programs measure more than kernels: `tiny-table` and `cache-table`.
//!
//! Deliberately absent: the speed of whole models, which `glassbox bench` measures.

#![forbid(unsafe_code)]

pub mod data;
