//! Fuzzes [`glassbox_fuzz::template`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| glassbox_fuzz::template(data));
