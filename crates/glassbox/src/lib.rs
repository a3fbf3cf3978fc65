//! Reasoning models for Rust programs: ask, watch the reasoning, read the answer.
