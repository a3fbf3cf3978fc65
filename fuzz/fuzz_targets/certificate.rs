//! Fuzzes [`glassbox_fuzz::certificate`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| glassbox_fuzz::certificate(data));
