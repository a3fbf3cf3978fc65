//! Fuzzes [`glassbox_fuzz::config`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| glassbox_fuzz::config(data));
