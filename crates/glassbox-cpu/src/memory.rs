use crate::CpuError;
use bytemuck::Pod;
use memmap2::MmapMut;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// `len` zeros, or an error instead of an abort. The system hands their pages out when they are
/// first written, which the allocator promises of nothing that it has had before: so a long context
/// costs only what is used of it.
pub(crate) struct Zeroed<T> {
    map: MmapMut,
    of: PhantomData<T>,
}

impl<T: Pod> Zeroed<T> {
    pub(crate) fn new(len: usize) -> Result<Self, CpuError> {
        let bytes = len.saturating_mul(size_of::<T>());
        let refused = |_| CpuError::Memory {
            what: "weights, activations and cache",
            bytes,
        };
        Ok(Zeroed {
            map: MmapMut::map_anon(bytes).map_err(refused)?,
            of: PhantomData,
        })
    }
}

impl Zeroed<u8> {
    /// As [`new`](Self::new), for what is written whole and then read again and again: in pages of
    /// 2 MB where the system has them.
    pub(crate) fn in_large_pages(len: usize) -> Result<Self, CpuError> {
        let zeroed = Zeroed::new(len)?;
        #[cfg(target_os = "linux")]
        let _ = zeroed.map.advise(memmap2::Advice::HugePage);
        Ok(zeroed)
    }
}

impl<T: Pod> Deref for Zeroed<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        bytemuck::cast_slice(&self.map)
    }
}

impl<T: Pod> DerefMut for Zeroed<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut self.map)
    }
}

impl AsRef<[u8]> for Zeroed<u8> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}
