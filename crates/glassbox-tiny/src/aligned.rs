/// Starts at a cache line, as a memory map does; `include_bytes!` alone may start anywhere.
#[repr(align(64))]
pub(crate) struct Aligned<T: ?Sized>(pub(crate) T);
