//! The place of the CUDA backend of glassbox.
//!
//! Nothing runs here yet. What will stand here: an implementation of
//! `glassbox_core::Backend` on `cudarc`, with one operation a file in `kernels/<op>.cu`,
//! loaded at run time so that a machine without an NVIDIA driver builds and runs all the rest.
//! Until then every model runs on `glassbox-cpu`.

#![forbid(unsafe_code)]
