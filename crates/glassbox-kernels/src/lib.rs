//! SIMD CPU kernels of glassbox, on slices, each equal to its portable reference to the bit.
