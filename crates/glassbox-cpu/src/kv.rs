use crate::CpuError;
use glassbox_core::{AttentionShape, KvType, PAGE};
use glassbox_kernels::panels::heads::{self, Cell, Pair};
use glassbox_kernels::portable::fixed::{Q8_LIMIT, VALUE_LIMIT, key_limit};
use glassbox_kernels::{HeadPanels, Kernels};
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
    /// In integers of 16 bits.
    Half {
        keys: Heads<i16>,
        values: Heads<i16>,
    },
    /// In integers of 8 bits.
    Q8 { keys: Heads<i8>, values: Heads<i8> },
}

/// As `HeadPanels` has them.
pub(crate) struct Heads<C> {
    pairs: Vec<Pair<C>>,
    scales: Vec<f32>,
}

impl<C: Cell + Default> Heads<C> {
    /// `n` heads of all pages, of `pairs` pairs.
    fn new(n: usize, pairs: usize) -> Result<Self, CpuError> {
        Ok(Heads {
            pairs: zeros(n.saturating_mul(pairs))?,
            scales: zeros(n.saturating_mul(PAGE))?,
        })
    }

    pub(crate) fn view(&self) -> HeadPanels<'_, C> {
        HeadPanels {
            pairs: &self.pairs,
            scales: &self.scales,
        }
    }

    /// Stores the vectors `q`, with scales `d`, of the heads from `first` on, at position `offset`
    /// of their page; `put` writes one.
    fn put(
        &mut self,
        (q, d): &(Vec<i16>, Vec<f32>),
        (first, offset): (usize, usize),
        put: fn(&mut [Pair<C>], usize, &[i16]),
    ) {
        let pairs = self.pairs.len() / (self.scales.len() / PAGE);
        for (i, (q, d)) in q.chunks_exact(q.len() / d.len()).zip(d).enumerate() {
            let head = first + i;
            put(&mut self.pairs[head * pairs..][..pairs], offset, q);
            self.scales[head * PAGE + offset] = *d;
        }
    }
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
            Store::Half { keys, values } => each_part!(heads keys, values, $part => $body),
            Store::Q8 { keys, values } => each_part!(heads keys, values, $part => $body),
        }
    };
    (heads $keys:ident, $values:ident, $part:ident => $body:expr) => {
        for Heads { pairs, scales } in [$keys, $values] {
            {
                let $part = pairs;
                $body
            }
            {
                let $part = scales;
                $body
            }
        }
    };
}

/// What a cache consists of, in `N` bytes.
trait Word<const N: usize>: Copy {
    fn to_bytes(self) -> [u8; N];
    fn from_bytes(bytes: [u8; N]) -> Self;
}

impl Word<4> for f32 {
    fn to_bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }

    fn from_bytes(bytes: [u8; 4]) -> Self {
        f32::from_le_bytes(bytes)
    }
}

impl Word<4> for Pair<i16> {
    fn to_bytes(self) -> [u8; 4] {
        let [[a, b], [c, d]] = self.map(i16::to_le_bytes);
        [a, b, c, d]
    }

    fn from_bytes([a, b, c, d]: [u8; 4]) -> Self {
        [[a, b], [c, d]].map(i16::from_le_bytes)
    }
}

impl Word<2> for Pair<i8> {
    fn to_bytes(self) -> [u8; 2] {
        self.map(i8::cast_unsigned)
    }

    fn from_bytes(bytes: [u8; 2]) -> Self {
        bytes.map(u8::cast_signed)
    }
}

/// Reads the words of a part of a page from the front of `src`, which has as many bytes at least.
fn read_words<W: Word<N>, const N: usize>(part: &mut [W], src: &mut &[u8]) {
    let (bytes, rest) = src.split_at(N * part.len());
    for (word, bytes) in part.iter_mut().zip(bytes.as_chunks().0) {
        *word = W::from_bytes(*bytes);
    }
    *src = rest;
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
        let len = n_pages.saturating_mul(PAGE * shape.kv_width());
        let heads = n_pages.saturating_mul(shape.n_kv_heads);
        let store = match kv_type {
            KvType::F32 => Store::F32 {
                keys: zeros(len)?,
                values: zeros(len)?,
            },
            KvType::Half => Store::Half {
                keys: Heads::new(heads, heads::key_pairs(shape.head_dim))?,
                values: Heads::new(heads, heads::value_pairs(shape.head_dim))?,
            },
            KvType::Q8 => Store::Q8 {
                keys: Heads::new(heads, heads::key_pairs(shape.head_dim))?,
                values: Heads::new(heads, heads::value_pairs(shape.head_dim))?,
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
        let page = page as usize;
        match &mut self.store {
            Store::F32 { keys, values } => {
                let at = (page * PAGE + offset) * k.len();
                keys[at..][..k.len()].copy_from_slice(k);
                values[at..][..v.len()].copy_from_slice(v);
            }
            Store::Half { keys, values } => {
                let at = (page * self.shape.n_kv_heads, offset);
                let fixed = &mut self.fixed;
                let limit = key_limit(self.shape.head_dim);
                kernels.fixed_rows(&mut fixed.0, &mut fixed.1, k, limit);
                keys.put(fixed, at, heads::put_key);
                kernels.fixed_rows(&mut fixed.0, &mut fixed.1, v, VALUE_LIMIT);
                values.put(fixed, at, heads::put_value);
            }
            Store::Q8 { keys, values } => {
                let at = (page * self.shape.n_kv_heads, offset);
                let fixed = &mut self.fixed;
                kernels.fixed_rows(&mut fixed.0, &mut fixed.1, k, Q8_LIMIT);
                keys.put(fixed, at, heads::put_key);
                kernels.fixed_rows(&mut fixed.0, &mut fixed.1, v, Q8_LIMIT);
                values.put(fixed, at, heads::put_value);
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

    pub(crate) fn page_bytes(&self) -> usize {
        let mut bytes = 0;
        each_part!(&self.store, part => bytes += size_of_val(&part[of_page(part, 0, self.n_pages)]));
        bytes
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
        let expected = self.page_bytes();
        if src.len() != expected {
            return Err(CpuError::PageBytes {
                got: src.len(),
                expected,
            });
        }
        let mut src = src;
        each_part!(&mut self.store, part => {
            let of_page = of_page(part, page, self.n_pages);
            read_words(&mut part[of_page], &mut src);
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
