//! Fuzzes [`glassbox_fuzz::checks`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| glassbox_fuzz::checks(data));
