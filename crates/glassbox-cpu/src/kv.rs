use crate::CpuError;
use crate::memory::Zeroed;
use crate::team::{Chunks, EveryNth, Numbers, Team};
use bytemuck::Pod;
use glassbox_core::{AttentionShape, KvType, PAGE};
use glassbox_kernels::panels::heads::{self, Cell, Pair};
use glassbox_kernels::portable::attention::MAX_HEAD_DIM;
use glassbox_kernels::portable::fixed::{Q8_LIMIT, VALUE_LIMIT, key_limit};
use glassbox_kernels::{HeadPanels, Kernels, Rows};
use std::ops::Range;

/// One layer's pages of keys and values.
pub struct Kv {
    pub(crate) shape: AttentionShape,
    n_pages: usize,
    pub(crate) store: Store,
}

pub(crate) enum Store {
    /// Each `[n_pages, PAGE, kv_width]`.
    F32 {
        keys: Zeroed<f32>,
        values: Zeroed<f32>,
    },
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
    pairs: Zeroed<Pair<C>>,
    scales: Zeroed<f32>,
}

impl<C: Cell + Pod> Heads<C> {
    /// `n` heads of all pages, of `pairs` pairs.
    fn new(n: usize, pairs: usize) -> Result<Self, CpuError> {
        Ok(Heads {
            pairs: Zeroed::new(n.saturating_mul(pairs))?,
            scales: Zeroed::new(n.saturating_mul(PAGE))?,
        })
    }

    pub(crate) fn view(&self) -> HeadPanels<'_, C> {
        HeadPanels {
            pairs: &self.pairs,
            scales: &self.scales,
        }
    }

    /// The heads, each with its pairs and scales on all pages.
    fn each(&mut self, n_heads: usize) -> EachHead<'_, C> {
        let pairs = self.pairs.len() / (self.scales.len() / PAGE).max(1);
        (
            EveryNth::new(&mut self.pairs, pairs, n_heads),
            EveryNth::new(&mut self.scales, PAGE, n_heads),
            Numbers(n_heads),
        )
    }
}

type EachHead<'a, C> = (EveryNth<'a, Pair<C>>, EveryNth<'a, f32>, Numbers);

/// How vectors become integers: the largest one, and how they are written.
struct Form<C> {
    limit: i32,
    put: fn(&mut [Pair<C>], usize, &[i16]),
}

/// Where a row's key and value go.
pub(crate) struct Place {
    pub(crate) row: usize,
    pub(crate) page: usize,
    pub(crate) offset: usize,
}

/// Several places.
pub(crate) trait Places {
    fn each(&self) -> impl Iterator<Item = Place>;
}

/// The forms of keys and values with these limits.
fn forms<C: Cell>([keys, values]: [i32; 2]) -> [Form<C>; 2] {
    [
        Form {
            limit: keys,
            put: heads::put_key,
        },
        Form {
            limit: values,
            put: heads::put_value,
        },
    ]
}

/// Stores keys and values, each head for itself.
fn put<C: Cell + Pod + Send>(
    (kernels, team): (&Kernels, &mut Team),
    heads: [&mut Heads<C>; 2],
    x: [Rows<'_>; 2],
    form: [Form<C>; 2],
    shape: AttentionShape,
    places: &(impl Places + Sync),
) {
    let heads = heads.map(|heads| heads.each(shape.n_kv_heads));
    let worth = places.each().nth(1).is_some();
    team.for_each_part_if(worth, heads, |index, (i, (mut pairs, mut scales, ()))| {
        let head = index % shape.n_kv_heads;
        let q = &mut [0; MAX_HEAD_DIM][..shape.head_dim];
        let mut scale = [0.0];
        for place in places.each() {
            let x = &x[i].row(place.row)[head * shape.head_dim..][..shape.head_dim];
            kernels.fixed_rows(q, &mut scale, x, form[i].limit);
            (form[i].put)(pairs.block(place.page), place.offset, q);
            scales.block(place.page)[place.offset] = scale[0];
        }
    });
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
                keys: Zeroed::new(len)?,
                values: Zeroed::new(len)?,
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
        })
    }

    /// Stores the keys and values of rows at their places.
    pub(crate) fn put(
        &mut self,
        on: (&Kernels, &mut Team),
        x: [Rows<'_>; 2],
        places: &(impl Places + Sync),
    ) {
        let shape = self.shape;
        match &mut self.store {
            Store::F32 { keys, values } => {
                let whole = [keys, values].map(|part| {
                    let len = part.len();
                    Chunks::new(part, len)
                });
                on.1.for_each_part(whole, |_, (i, part)| {
                    for place in places.each() {
                        let at = (place.page * PAGE + place.offset) * x[i].width;
                        part[at..][..x[i].width].copy_from_slice(x[i].row(place.row));
                    }
                });
            }
            Store::Half { keys, values } => {
                let form = forms([key_limit(shape.head_dim), VALUE_LIMIT]);
                put(on, [keys, values], x, form, shape, places);
            }
            Store::Q8 { keys, values } => {
                let form = forms([Q8_LIMIT; 2]);
                put(on, [keys, values], x, form, shape, places);
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
