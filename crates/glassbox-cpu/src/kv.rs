use crate::CpuError;
use crate::memory::Zeroed;
use crate::team::{Chunks, Numbers, Team};
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
        let (pairs, scales) = (self.pairs.len() / n_heads, self.scales.len() / n_heads);
        (
            Chunks::new(&mut self.pairs, pairs),
            Chunks::new(&mut self.scales, scales),
            Numbers(n_heads),
        )
    }
}

type EachHead<'a, C> = (Chunks<'a, Pair<C>>, Chunks<'a, f32>, Numbers);

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
    team.for_each_part_if(worth, heads, |index, (i, (pairs, scales, ()))| {
        let head = index % shape.n_kv_heads;
        let per_page = pairs.len() / (scales.len() / PAGE);
        let q = &mut [0; MAX_HEAD_DIM][..shape.head_dim];
        let mut scale = [0.0];
        for place in places.each() {
            let x = &x[i].row(place.row)[head * shape.head_dim..][..shape.head_dim];
            kernels.fixed_rows(q, &mut scale, x, form[i].limit);
            let page = &mut pairs[place.page * per_page..][..per_page];
            (form[i].put)(page, place.offset, q);
            scales[place.page * PAGE + place.offset] = scale[0];
        }
    });
}

/// Runs `$body` with `$part` bound to each vector of a cache, in the order of a page's bytes, and `$heads` to how
/// many stretches of all pages it consists of.
macro_rules! each_part {
    ($store:expr, $shape:expr, ($part:ident, $heads:ident) => $body:expr) => {
        match $store {
            Store::F32 { keys, values } => {
                let $heads = 1;
                for $part in [keys, values] {
                    $body
                }
            }
            Store::Half { keys, values } => {
                each_part!([keys, values], $shape, ($part, $heads), $body)
            }
            Store::Q8 { keys, values } => {
                each_part!([keys, values], $shape, ($part, $heads), $body)
            }
        }
    };
    ($of:expr, $shape:expr, ($part:ident, $heads:ident), $body:expr) => {{
        let $heads = $shape.n_kv_heads;
        for Heads { pairs, scales } in $of {
            {
                let $part = pairs;
                $body
            }
            {
                let $part = scales;
                $body
            }
        }
    }};
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

/// Where the words of page `page` of `n_pages` are in a part of so many heads.
fn of_page<T>(
    part: &[T],
    heads: usize,
    (page, n_pages): (u32, usize),
) -> impl Iterator<Item = Range<usize>> + use<T> {
    let len = part.len() / (heads * n_pages).max(1);
    (0..heads).map(move |head| {
        let start = (head * n_pages + page as usize) * len;
        start..start + len
    })
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
        each_part!(&self.store, self.shape, (part, _heads) => {
            bytes += size_of_val::<[_]>(part) / self.n_pages.max(1);
        });
        bytes
    }

    /// Appends a page to `dst`: keys and what belongs to them, then values, little-endian.
    pub(crate) fn read_page(&self, dst: &mut Vec<u8>, page: u32) -> Result<(), CpuError> {
        self.check(page)?;
        each_part!(&self.store, self.shape, (part, heads) => {
            for at in of_page(part, heads, (page, self.n_pages)) {
                dst.extend(part[at].iter().flat_map(|word| word.to_bytes()));
            }
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
        each_part!(&mut self.store, self.shape, (part, heads) => {
            for at in of_page(part, heads, (page, self.n_pages)) {
                read_words(&mut part[at], &mut src);
            }
        });
        Ok(())
    }

    pub(crate) fn copy_page(&mut self, from: u32, to: u32) -> Result<(), CpuError> {
        self.check(from)?;
        self.check(to)?;
        each_part!(&mut self.store, self.shape, (part, heads) => {
            let [from, to] = [from, to].map(|page| of_page(part, heads, (page, self.n_pages)));
            for (from, to) in from.zip(to) {
                part.copy_within(from, to.start);
            }
        });
        Ok(())
    }
}
