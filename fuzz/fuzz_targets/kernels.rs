//! Fuzzes [`glassbox_fuzz::kernels`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| glassbox_fuzz::kernels(data));
