//! Fuzzes [`glassbox_fuzz::tokenizer`].
#![no_main]
libfuzzer_sys::fuzz_target!(
    // Panics inside `tokenizers` are contained, and that is no failure; libFuzzer's own hook
    // would end the process before they are. One that is not contained still fails.
    init: drop(std::panic::take_hook()),
    |data: &[u8]| glassbox_fuzz::tokenizer(data)
);
