//! Fuzzes [`glassbox_fuzz::trace`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| glassbox_fuzz::trace(data));
