//! Fuzzes [`glassbox_fuzz::safetensors`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| glassbox_fuzz::safetensors(data));
