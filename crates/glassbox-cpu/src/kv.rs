use crate::CpuError;
use glassbox_core::{AttentionShape, KvType, PAGE};
use half::f16;
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};

/// One layer's pages of keys and values.
pub struct Kv {
    pub(crate) width: usize,
    pub(crate) store: Store,
}

/// Keys and values, each `[n_pages, PAGE, width]`.
pub(crate) enum Store {
    F32 {
        keys: Vec<f32>,
        values: Vec<f32>,
    },
    /// The bits of f16, which the standard library reserves as untouched zero pages.
    F16 {
        keys: Vec<u16>,
        values: Vec<u16>,
    },
}

/// Runs `$body` with `$keys` and `$values` bound to the vectors, whatever their type.
macro_rules! each_type {
    ($store:expr, $keys:ident, $values:ident => $body:expr) => {
        match $store {
            Store::F32 {
                keys: $keys,
                values: $values,
            } => $body,
            Store::F16 {
                keys: $keys,
                values: $values,
            } => $body,
        }
    };
}

impl Kv {
    pub(crate) fn new(
        n_pages: usize,
        shape: AttentionShape,
        kv_type: KvType,
    ) -> Result<Self, CpuError> {
        let width = shape.kv_width();
        let len = n_pages.saturating_mul(PAGE).saturating_mul(width);
        let store = match kv_type {
            KvType::F32 => Store::F32 {
                keys: zeros(len)?,
                values: zeros(len)?,
            },
            KvType::F16 => Store::F16 {
                keys: zeros(len)?,
                values: zeros(len)?,
            },
        };
        Ok(Kv { width, store })
    }

    pub(crate) fn n_pages(&self) -> usize {
        each_type!(&self.store, keys, _values => keys.len() / (PAGE * self.width).max(1))
    }

    /// Stores one position's key and value, rounded to the cache's type.
    pub(crate) fn put(&mut self, page: u32, offset: usize, k: &[f32], v: &[f32]) {
        let at = (page as usize * PAGE + offset) * self.width;
        match &mut self.store {
            Store::F32 { keys, values } => {
                keys[at..][..k.len()].copy_from_slice(k);
                values[at..][..v.len()].copy_from_slice(v);
            }
            Store::F16 { keys, values } => {
                keys[at..][..k.len()]
                    .reinterpret_cast_mut::<f16>()
                    .convert_from_f32_slice(k);
                values[at..][..v.len()]
                    .reinterpret_cast_mut::<f16>()
                    .convert_from_f32_slice(v);
            }
        }
    }

    pub(crate) fn check(&self, page: u32) -> Result<(), CpuError> {
        let pages = self.n_pages();
        if page as usize >= pages {
            return Err(CpuError::Page { page, pages });
        }
        Ok(())
    }

    /// Appends a page to `dst`: keys, then values, little-endian.
    pub(crate) fn read_page(&self, dst: &mut Vec<u8>, page: u32) -> Result<(), CpuError> {
        self.check(page)?;
        let len = PAGE * self.width;
        let at = page as usize * len;
        each_type!(&self.store, keys, values => {
            for part in [&keys[at..][..len], &values[at..][..len]] {
                dst.extend(part.iter().flat_map(|x| x.to_le_bytes()));
            }
        });
        Ok(())
    }

    pub(crate) fn write_page(&mut self, page: u32, src: &[u8]) -> Result<(), CpuError> {
        self.check(page)?;
        let len = PAGE * self.width;
        let at = page as usize * len;
        let element = match self.store {
            Store::F32 { .. } => KvType::F32.bytes(),
            Store::F16 { .. } => KvType::F16.bytes(),
        };
        let expected = 2 * len * element;
        if src.len() != expected {
            return Err(CpuError::PageBytes {
                got: src.len(),
                expected,
            });
        }
        let (k, v) = src.split_at(expected / 2);
        match &mut self.store {
            Store::F32 { keys, values } => {
                for (dst, src) in [(keys, k), (values, v)] {
                    let src = src.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
                    dst[at..][..len]
                        .iter_mut()
                        .zip(src)
                        .for_each(|(y, x)| *y = x);
                }
            }
            Store::F16 { keys, values } => {
                for (dst, src) in [(keys, k), (values, v)] {
                    let src = src.as_chunks().0.iter().map(|b| u16::from_le_bytes(*b));
                    dst[at..][..len]
                        .iter_mut()
                        .zip(src)
                        .for_each(|(y, x)| *y = x);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn copy_page(&mut self, from: u32, to: u32) -> Result<(), CpuError> {
        self.check(from)?;
        self.check(to)?;
        let len = PAGE * self.width;
        let (from, to) = (from as usize * len, to as usize * len);
        each_type!(&mut self.store, keys, values => {
            keys.copy_within(from..from + len, to);
            values.copy_within(from..from + len, to);
        });
        Ok(())
    }
}

/// `len` zeros, or an error instead of an abort. The system hands out the pages when they are
/// first written, so that a long context costs only what is used of it.
pub(crate) fn zeros<T: Clone + Default>(len: usize) -> Result<Vec<T>, CpuError> {
    let bytes = len.saturating_mul(size_of::<T>());
    let refused = |_| CpuError::Memory {
        what: "activations and cache",
        bytes,
    };
    Vec::<T>::new().try_reserve_exact(len).map_err(refused)?;
    Ok(vec![T::default(); len])
}
