//! Short programs over the `glassbox` crate, to be copied: each file beside this one is one.
//! `cargo run --release -p glassbox-examples --example ask -- MODEL "question"` runs the first;
//! `cargo xtask fetch-models` gets a small model to try them with.
