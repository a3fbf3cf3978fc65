use crate::CpuError;
use glassbox_core::{AttentionShape, KvType, PAGE};
use glassbox_kernels::Kernels;
use glassbox_kernels::panels::heads::{self, Pair};
use glassbox_kernels::portable::fixed::{VALUE_LIMIT, key_limit};
use std::ops::Range;

/// One layer's pages of keys and values.
pub struct Kv {
    pub(crate) shape: AttentionShape,
    n_pages: usize,
    pub(crate) store: Store,
    /// A row of keys or values in integers, and its scales.
    fixed: (Vec<i16>, Vec<f32>),
}

pub(crate) enum Store {
    /// Each `[n_pages, PAGE, kv_width]`.
    F32 { keys: Vec<f32>, values: Vec<f32> },
    /// As `KvPanels` has them.
    Half {
        keys: Vec<Pair>,
        key_scales: Vec<f32>,
        values: Vec<Pair>,
        value_scales: Vec<f32>,
    },
}

/// Runs `$body` with `$part` bound to each vector of a cache, in the order of a page's bytes.
macro_rules! each_part {
    ($store:expr, $part:ident => $body:expr) => {
        match $store {
            Store::F32 { keys, values } => {
                for $part in [keys, values] {
                    $body
                }
            }
            Store::Half {
                keys,
                key_scales,
                values,
                value_scales,
            } => {
                for (keys, scales) in [(keys, key_scales), (values, value_scales)] {
                    {
                        let $part = keys;
                        $body
                    }
                    {
                        let $part = scales;
                        $body
                    }
                }
            }
        }
    };
}

/// What a cache consists of: four bytes.
trait Word: Copy {
    fn to_bytes(self) -> [u8; 4];
    fn from_bytes(bytes: [u8; 4]) -> Self;
}

impl Word for f32 {
    fn to_bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }

    fn from_bytes(bytes: [u8; 4]) -> Self {
        f32::from_le_bytes(bytes)
    }
}

impl Word for Pair {
    fn to_bytes(self) -> [u8; 4] {
        let [[a, b], [c, d]] = self.map(i16::to_le_bytes);
        [a, b, c, d]
    }

    fn from_bytes([a, b, c, d]: [u8; 4]) -> Self {
        [[a, b], [c, d]].map(i16::from_le_bytes)
    }
}

/// The words of page `page` of a part of `n_pages`.
fn of_page<T>(part: &[T], page: u32, n_pages: usize) -> Range<usize> {
    let len = part.len() / n_pages.max(1);
    page as usize * len..(page as usize + 1) * len
}

impl Kv {
    pub(crate) fn new(
        n_pages: usize,
        shape: AttentionShape,
        kv_type: KvType,
    ) -> Result<Self, CpuError> {
        let in_pages = |of_page: usize| n_pages.saturating_mul(of_page);
        let heads = |of_head: usize| in_pages(shape.n_kv_heads.saturating_mul(of_head));
        let store = match kv_type {
            KvType::F32 => Store::F32 {
                keys: zeros(in_pages(PAGE * shape.kv_width()))?,
                values: zeros(in_pages(PAGE * shape.kv_width()))?,
            },
            KvType::Half => Store::Half {
                keys: zeros(heads(heads::key_pairs(shape.head_dim)))?,
                key_scales: zeros(heads(PAGE))?,
                values: zeros(heads(heads::value_pairs(shape.head_dim)))?,
                value_scales: zeros(heads(PAGE))?,
            },
        };
        Ok(Kv {
            shape,
            n_pages,
            store,
            fixed: (vec![0; shape.kv_width()], vec![0.0; shape.n_kv_heads]),
        })
    }

    /// Stores one position's key and value.
    pub(crate) fn put(
        &mut self,
        kernels: &Kernels,
        page: u32,
        offset: usize,
        k: &[f32],
        v: &[f32],
    ) {
        let AttentionShape {
            n_kv_heads,
            head_dim,
            ..
        } = self.shape;
        match &mut self.store {
            Store::F32 { keys, values } => {
                let at = (page as usize * PAGE + offset) * k.len();
                keys[at..][..k.len()].copy_from_slice(k);
                values[at..][..v.len()].copy_from_slice(v);
            }
            Store::Half {
                keys,
                key_scales,
                values,
                value_scales,
            } => {
                let (q, d) = &mut self.fixed;
                let first = page as usize * n_kv_heads;
                let pairs = heads::key_pairs(head_dim);
                kernels.fixed_rows(q, d, k, key_limit(head_dim));
                for (head, (q, d)) in q.chunks_exact(head_dim).zip(&*d).enumerate() {
                    let at = first + head;
                    heads::put_key(&mut keys[at * pairs..][..pairs], offset, q);
                    key_scales[at * PAGE + offset] = *d;
                }
                let pairs = heads::value_pairs(head_dim);
                kernels.fixed_rows(q, d, v, VALUE_LIMIT);
                for (head, (q, d)) in q.chunks_exact(head_dim).zip(&*d).enumerate() {
                    let at = first + head;
                    heads::put_value(&mut values[at * pairs..][..pairs], offset, q);
                    value_scales[at * PAGE + offset] = *d;
                }
            }
        }
    }

    pub(crate) fn check(&self, page: u32) -> Result<(), CpuError> {
        if page as usize >= self.n_pages {
            return Err(CpuError::Page {
                page,
                pages: self.n_pages,
            });
        }
        Ok(())
    }

    /// Appends a page to `dst`: keys and what belongs to them, then values, little-endian.
    pub(crate) fn read_page(&self, dst: &mut Vec<u8>, page: u32) -> Result<(), CpuError> {
        self.check(page)?;
        each_part!(&self.store, part => {
            let words = &part[of_page(part, page, self.n_pages)];
            dst.extend(words.iter().flat_map(|word| word.to_bytes()));
        });
        Ok(())
    }

    pub(crate) fn write_page(&mut self, page: u32, src: &[u8]) -> Result<(), CpuError> {
        self.check(page)?;
        let mut expected = 0;
        each_part!(&self.store, part => expected += 4 * of_page(part, 0, self.n_pages).len());
        if src.len() != expected {
            return Err(CpuError::PageBytes {
                got: src.len(),
                expected,
            });
        }
        let mut words = src.as_chunks().0.iter();
        each_part!(&mut self.store, part => {
            let of_page = of_page(part, page, self.n_pages);
            for (word, bytes) in part[of_page].iter_mut().zip(&mut words) {
                *word = Word::from_bytes(*bytes);
            }
        });
        Ok(())
    }

    pub(crate) fn copy_page(&mut self, from: u32, to: u32) -> Result<(), CpuError> {
        self.check(from)?;
        self.check(to)?;
        each_part!(&mut self.store, part => {
            let (from, to) = (of_page(part, from, self.n_pages), of_page(part, to, self.n_pages));
            part.copy_within(from, to.start);
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
