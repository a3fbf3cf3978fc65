//! Short programs over the `glassbox` crate, to be copied: each file beside this one is one.
//! `cargo run --release -p glassbox-examples --example ask -- MODEL "question"` runs the first;
//! `cargo xtask fetch-models` gets a small model to try them with. `correct_step`,
//! `branch_and_diff`, `vote`, `budget`, `replay` and `json_after_thinking` need none: they ask the embedded one.
