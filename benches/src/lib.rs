//! Benchmarks of glassbox.
