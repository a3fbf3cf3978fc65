//! The one unsafe line of this crate: mapping a file into memory.
#![allow(unsafe_code)]

use glassbox_core::SharedBytes;
use memmap2::Mmap;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// The whole file, mapped read-only.
pub(crate) fn map(file: &File) -> io::Result<SharedBytes> {
    // SAFETY: the map is read-only and never handed out as anything but `&[u8]`, for which every
    // bit pattern is valid. What the type system can't see is another process that writes to or
    // shortens the file: this crate decides nothing that memory safety depends on from mapped
    // bytes twice (headers are copied before they are parsed, and tensor bytes are only data), and
    // a shortened file ends the process with SIGBUS rather than reading foreign memory. The crate
    // docs state that contract, and `OpenOptions::mmap(false)` is the way around it.
    let map = unsafe { Mmap::map(file) }?;
    Ok(SharedBytes::new(Arc::new(map)))
}
