//! Checkpoints for glassbox: safetensors, GGUF, configs, and the quantiser.
