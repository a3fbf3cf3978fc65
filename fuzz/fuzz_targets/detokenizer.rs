//! Fuzzes [`glassbox_fuzz::detokenizer`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| glassbox_fuzz::detokenizer(data));
