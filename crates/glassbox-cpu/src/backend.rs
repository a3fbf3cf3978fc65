use crate::angles::Angles;
use crate::input::{Scratch, reserve};
use crate::kv::{Kv, Place, Places, Store};
use crate::linear;
use crate::memory::Zeroed;
use crate::team::{Numbers, Team};
use crate::weight::{Weight, lay_out, widened};
use crate::{CpuError, CpuOptions};
use glassbox_core::{
    AttentionShape, Backend, Batch, DType, KvType, PAGE, Rope, Sequence, SharedBytes, WeightView,
};
use glassbox_kernels::panels;
use glassbox_kernels::portable::attention::{MAX_HEAD_DIM, MAX_QUERIES};
use glassbox_kernels::{Kernels, KvPages, KvPanels, Queries, Rows, Tile};

/// Rows of queries that share a pass over the cache.
const QUERY_ROWS: usize = 8;

/// Rows of activations, `[n_tokens, width]`.
pub struct Buf {
    data: Zeroed<f32>,
    width: usize,
}

/// The CPU as a [`Backend`].
pub struct Cpu {
    kernels: &'static Kernels,
    team: Team,
    widen_bf16: bool,
    scratch: Scratch,
    angles: Angles,
    rows: usize,
    /// The longest input of a layer.
    widest: usize,
    n_tokens: usize,
    ids: Vec<u32>,
    sequences: Vec<Span>,
    tables: Vec<u32>,
    wanted: Vec<usize>,
    wanted_rows: Vec<f32>,
    /// A row of the embedding as its file has it.
    embedding: Vec<u8>,
}

/// A sequence of the batch: its rows, its first position, and where its page table stands.
struct Span {
    first_row: usize,
    n_rows: usize,
    start: usize,
    table: std::ops::Range<usize>,
}

/// The sequences of a batch and their page tables.
struct Spans<'a>(&'a [Span], &'a [u32]);

impl Places for Spans<'_> {
    fn each(&self) -> impl Iterator<Item = Place> {
        self.0.iter().flat_map(|span| {
            let table = &self.1[span.table.clone()];
            (0..span.n_rows).map(move |i| Place {
                row: span.first_row + i,
                page: table[(span.start + i) / PAGE] as usize,
                offset: (span.start + i) % PAGE,
            })
        })
    }
}

impl Cpu {
    /// Starts the threads and picks the kernels.
    pub fn new(options: &CpuOptions) -> Result<Self, CpuError> {
        let kernels = match &options.isa {
            Some(name) => Kernels::named(name)?,
            None => Kernels::detect()?,
        };
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Cpu {
            kernels,
            team: Team::new(options.threads.unwrap_or_else(cores))?,
            widen_bf16: options.widen_bf16,
            scratch: Scratch::default(),
            angles: Angles::default(),
            rows: usize::MAX,
            widest: 0,
            n_tokens: 0,
            ids: Vec::new(),
            sequences: Vec::new(),
            tables: Vec::new(),
            wanted: Vec::new(),
            wanted_rows: Vec::new(),
            embedding: Vec::new(),
        })
    }

    /// The name of the kernel table in use.
    pub fn isa(&self) -> &'static str {
        self.kernels.name()
    }

    /// Threads that compute.
    pub fn threads(&self) -> usize {
        self.team.threads()
    }

    /// What a pass over a weight needs besides it.
    fn reserve_for(&mut self, weight: &WeightView) {
        self.widest = self.widest.max(weight.cols());
        self.embedding.reserve(weight.row_bytes());
    }

    fn rows<'a>(&self, x: &'a Buf) -> Rows<'a> {
        Rows {
            data: &x.data[..self.n_tokens * x.width],
            width: x.width,
        }
    }

    fn rows_mut<'a>(&self, x: &'a mut Buf) -> &'a mut [f32] {
        &mut x.data[..self.n_tokens * x.width]
    }
}

fn same_width(what: &'static str, got: usize, expected: usize) -> Result<(), CpuError> {
    if got == expected {
        Ok(())
    } else {
        Err(CpuError::Shape {
            what,
            got,
            expected,
        })
    }
}

impl Backend for Cpu {
    type Buf = Buf;
    type Weight = Weight;
    type Kv = Kv;
    type Error = CpuError;

    fn layout(&self) -> String {
        // Every table and any number of threads compute the same bits.
        format!("cpu 1, widen_bf16 {}", self.widen_bf16)
    }

    fn buffer(&mut self, rows: usize, width: usize) -> Result<Buf, CpuError> {
        self.rows = self.rows.min(rows);
        Ok(Buf {
            data: Zeroed::new(rows.saturating_mul(width))?,
            width,
        })
    }

    fn kv(&mut self, n_pages: usize, shape: AttentionShape, t: KvType) -> Result<Kv, CpuError> {
        let group = shape
            .n_heads
            .checked_div(shape.n_kv_heads)
            .unwrap_or(usize::MAX);
        for (what, got, expected) in [
            ("head_dim, at most", shape.head_dim, MAX_HEAD_DIM),
            ("query heads a key-value head, at most", group, MAX_QUERIES),
        ] {
            if got > expected {
                return Err(CpuError::Shape {
                    what,
                    got,
                    expected,
                });
            }
        }
        Kv::new(n_pages, shape, t)
    }

    fn upload(&mut self, weight: WeightView) -> Result<Weight, CpuError> {
        let weight = match weight.dtype() {
            DType::BF16 if self.widen_bf16 => widened(&weight)?,
            _ => weight,
        };
        self.reserve_for(&weight);
        Weight::new(&weight, &mut self.team)
    }

    fn weight_layout(&self) -> Option<&'static str> {
        // Widened weights are of another type than their file's.
        (!self.widen_bf16).then_some(panels::LAYOUT)
    }

    fn lay_out(&mut self, weight: &WeightView) -> Result<Option<SharedBytes>, CpuError> {
        lay_out(weight, &mut self.team)
    }

    fn upload_laid_out(
        &mut self,
        weight: WeightView,
        laid_out: SharedBytes,
    ) -> Result<Weight, CpuError> {
        self.reserve_for(&weight);
        Weight::laid_out(&weight, laid_out)
    }

    fn begin(&mut self, batch: &Batch<'_>, rope: &Rope) -> Result<(), CpuError> {
        let tokens = batch.n_tokens();
        if tokens > self.rows {
            return Err(CpuError::BatchTooLarge {
                tokens,
                rows: self.rows,
            });
        }
        self.n_tokens = tokens;
        self.ids.clear();
        self.ids.extend_from_slice(batch.ids());
        self.wanted.clear();
        self.wanted.extend_from_slice(batch.logits());
        self.sequences.clear();
        self.tables.clear();
        let mut first_row = 0;
        for &Sequence {
            n_tokens,
            start,
            pages,
        } in batch.sequences()
        {
            let table = self.tables.len()..self.tables.len() + pages.len();
            self.tables.extend_from_slice(pages);
            self.sequences.push(Span {
                first_row,
                n_rows: n_tokens,
                start,
                table,
            });
            first_row += n_tokens;
        }
        self.angles.prepare(batch, rope);
        self.scratch.reserve(tokens, self.widest)?;
        reserve(&mut self.wanted_rows, self.wanted.len() * self.widest)?;
        Ok(())
    }

    fn embed(&mut self, dst: &mut Buf, table: &Weight) -> Result<(), CpuError> {
        same_width("embedding", dst.width, table.cols)?;
        let vocab = table.rows;
        if let Some(&id) = self.ids.iter().find(|&&id| id as usize >= vocab) {
            return Err(CpuError::TokenId { id, vocab });
        }
        for (&id, row) in self.ids.iter().zip(dst.data.chunks_exact_mut(dst.width)) {
            table.dequantize_row(id as usize, row, &mut self.embedding);
        }
        Ok(())
    }

    fn rms_norm(
        &mut self,
        dst: &mut Buf,
        x: &Buf,
        gain: &Weight,
        eps: f32,
    ) -> Result<(), CpuError> {
        same_width("rms_norm", dst.width, x.width)?;
        let gain = gain.vector("gain of a norm", x.width)?;
        let (kernels, width) = (self.kernels, x.width);
        let x = self.rows(x);
        let dst = Tile::whole(self.rows_mut(dst), width);
        self.team.for_each_row(dst, |mut tile| {
            let row = tile.first_row();
            kernels.rms_norm(tile.row(0), x.row(row), gain, eps);
        });
        Ok(())
    }

    fn linear<const N: usize>(
        &mut self,
        dst: [&mut Buf; N],
        x: &Buf,
        weight: [&Weight; N],
        bias: [Option<&Weight>; N],
    ) -> Result<(), CpuError> {
        for (dst, weight) in dst.iter().zip(weight) {
            same_width("output of a linear layer", dst.width, weight.rows)?;
        }
        let x = self.rows(x);
        let dst = dst.map(|dst| self.rows_mut(dst));
        linear::linear(
            (self.kernels, &mut self.team, &mut self.scratch),
            dst,
            x,
            weight,
            bias,
        )
    }

    fn gated_linear(
        &mut self,
        dst: &mut Buf,
        _space: [&mut Buf; 2],
        x: &Buf,
        weight: [&Weight; 2],
    ) -> Result<(), CpuError> {
        for weight in weight {
            same_width("output of a gated layer", dst.width, weight.rows)?;
        }
        let x = self.rows(x);
        let dst = self.rows_mut(dst);
        linear::gated(
            (self.kernels, &mut self.team, &mut self.scratch),
            dst,
            x,
            weight,
        )
    }

    fn rope(&mut self, x: &mut Buf, n_heads: usize) -> Result<(), CpuError> {
        same_width("rope", x.width, n_heads * self.angles.head_dim())?;
        let (kernels, width) = (self.kernels, x.width);
        let x = Tile::whole(self.rows_mut(x), width);
        let angles = &self.angles;
        self.team.for_each_row(x, |mut tile| {
            let (cos, sin) = angles.row(tile.first_row());
            kernels.rope(tile.row(0), cos, sin, angles.layout);
        });
        Ok(())
    }

    fn attention(
        &mut self,
        dst: &mut Buf,
        q: &Buf,
        k: &Buf,
        v: &Buf,
        kv: &mut Kv,
        shape: AttentionShape,
    ) -> Result<(), CpuError> {
        same_width("queries", q.width, shape.q_width())?;
        same_width("output of attention", dst.width, shape.q_width())?;
        for (what, x) in [
            ("keys", k.width),
            ("values", v.width),
            ("cache", kv.shape.kv_width()),
        ] {
            same_width(what, x, shape.kv_width())?;
        }
        for span in &self.sequences {
            let table = &self.tables[span.table.clone()];
            for &page in &table[..(span.start + span.n_rows).div_ceil(PAGE)] {
                kv.check(page)?;
            }
        }
        let rows = [k, v].map(|x| self.rows(x));
        let places = Spans(&self.sequences, &self.tables);
        kv.put((self.kernels, &mut self.team), rows, &places);
        let group = shape.n_heads / shape.n_kv_heads;
        let group_width = group * shape.head_dim;
        // In decode a row is a part, so that there is work for all threads.
        let most = QUERY_ROWS.min(MAX_QUERIES / group);
        let n_rows = if self.n_tokens < 4 * most { 1 } else { most };
        let (kernels, width) = (self.kernels, dst.width);
        let q = self.rows(q);
        let dst = Tile::whole(self.rows_mut(dst), width).grid(n_rows, group_width);
        let (sequences, tables, store) = (&self.sequences, &self.tables, &kv.store);
        self.team.for_each_part(dst, |_, mut tile| {
            let kv_head = tile.first_col() / group_width;
            let (first, end) = (tile.first_row(), tile.first_row() + tile.n_rows());
            for span in sequences {
                let from = span.first_row.max(first);
                let to = (span.first_row + span.n_rows).min(end);
                if from >= to {
                    continue;
                }
                let table = &tables[span.table.clone()];
                let start = span.start + from - span.first_row;
                let data = &q.data[from * q.width..to * q.width];
                let queries = Queries { data, start };
                let mut dst = tile.rows(from - first, to - from);
                match store {
                    Store::F32 { keys, values } => {
                        let kv = KvPages {
                            keys,
                            values,
                            table,
                        };
                        kernels.attention_f32(&mut dst, queries, kv, kv_head, shape);
                    }
                    Store::Half { keys, values } => {
                        let kv = KvPanels {
                            keys: keys.view(),
                            values: values.view(),
                            table,
                        };
                        kernels.attention_i16(&mut dst, queries, kv, kv_head, shape);
                    }
                    Store::Q8 { keys, values } => {
                        let kv = KvPanels {
                            keys: keys.view(),
                            values: values.view(),
                            table,
                        };
                        kernels.attention_i8(&mut dst, queries, kv, kv_head, shape);
                    }
                }
            }
        });
        Ok(())
    }

    fn swiglu(&mut self, dst: &mut Buf, gate: &Buf, up: &Buf) -> Result<(), CpuError> {
        same_width("swiglu", gate.width, dst.width)?;
        same_width("swiglu", up.width, dst.width)?;
        let (kernels, width) = (self.kernels, dst.width);
        let (gate, up) = (self.rows(gate), self.rows(up));
        let dst = Tile::whole(self.rows_mut(dst), width);
        self.team.for_each_row(dst, |mut tile| {
            let row = tile.first_row();
            kernels.swiglu(tile.row(0), gate.row(row), up.row(row));
        });
        Ok(())
    }

    fn add(&mut self, dst: &mut Buf, x: &Buf) -> Result<(), CpuError> {
        same_width("add", x.width, dst.width)?;
        let (kernels, width) = (self.kernels, dst.width);
        let x = self.rows(x);
        let dst = Tile::whole(self.rows_mut(dst), width);
        self.team.for_each_row(dst, |mut tile| {
            let row = tile.first_row();
            kernels.add(tile.row(0), x.row(row));
        });
        Ok(())
    }

    fn logits(&mut self, dst: &mut [f32], x: &Buf, head: &Weight) -> Result<(), CpuError> {
        let vocab = head.rows;
        same_width("logits", dst.len(), self.wanted.len() * vocab)?;
        let mut rows = std::mem::take(&mut self.wanted_rows);
        rows.clear();
        for &row in &self.wanted {
            rows.extend_from_slice(self.rows(x).row(row));
        }
        let x = Rows {
            data: &rows,
            width: x.width,
        };
        let on = (self.kernels, &mut self.team, &mut self.scratch);
        let done = linear::linear(on, [dst], x, [head], [None]);
        self.wanted_rows = rows;
        done
    }

    fn each(&mut self, n: usize, body: &(dyn Fn(usize) + Sync)) {
        self.team.for_each_part(Numbers(n), |i, ()| body(i));
    }

    fn read(&self, dst: &mut [f32], src: &Buf) -> Result<(), CpuError> {
        let Some(src) = src.data.get(..dst.len()) else {
            let (got, expected) = (dst.len(), src.data.len());
            return Err(CpuError::Shape {
                what: "read, at most",
                got,
                expected,
            });
        };
        dst.copy_from_slice(src);
        Ok(())
    }

    fn page_bytes(&self, kv: &Kv) -> usize {
        kv.page_bytes()
    }

    fn read_page(&self, dst: &mut Vec<u8>, kv: &Kv, page: u32) -> Result<(), CpuError> {
        kv.read_page(dst, page)
    }

    fn write_page(&mut self, kv: &mut Kv, page: u32, src: &[u8]) -> Result<(), CpuError> {
        kv.write_page(page, src)
    }

    fn copy_page(&mut self, kv: &mut Kv, from: u32, to: u32) -> Result<(), CpuError> {
        kv.copy_page(from, to)
    }
}
