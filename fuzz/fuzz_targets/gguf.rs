//! Fuzzes [`glassbox_fuzz::gguf`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| glassbox_fuzz::gguf(data));
