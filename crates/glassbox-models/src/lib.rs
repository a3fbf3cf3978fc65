//! Qwen2 and Llama as data over one forward pass.
