//! Every table of kernels against the portable one, to the bit.

use glassbox_core::{DType, RopeLayout};
use glassbox_kernels::{ActBlock, Activations, Kernels, Rows, Steps, Tile, panels};

/// Which kernel and which sizes are in the first four bytes; the rest, over and over, are weights
/// and activations.
pub fn kernels(data: &[u8]) {
    let Some((&[kernel, rows, tokens, blocks], bytes)) = data.split_first_chunk() else {
        return;
    };
    let case = Case {
        kernel,
        n_rows: 1 + usize::from(rows) % 9,
        n_tokens: 1 + usize::from(tokens) % 10,
        n_blocks: 1 + usize::from(blocks) % 3,
        bytes,
    };
    let portable = Kernels::named("portable").expect("it runs everywhere");
    let expected = case.run(portable);
    for table in Kernels::available() {
        let got = case.run(table);
        assert_eq!(got.len(), expected.len());
        for (i, (got, expected)) in got.iter().zip(&expected).enumerate() {
            let equal = got.to_bits() == expected.to_bits() || (got.is_nan() && expected.is_nan());
            assert!(equal, "{table:?}, {i}: {got:e}, not {expected:e}");
        }
    }
}

struct Case<'a> {
    kernel: u8,
    n_rows: usize,
    n_tokens: usize,
    n_blocks: usize,
    bytes: &'a [u8],
}

impl Case<'_> {
    fn bytes(&self, n: usize) -> Vec<u8> {
        let zero = [0];
        let bytes = if self.bytes.is_empty() {
            &zero
        } else {
            self.bytes
        };
        bytes.iter().copied().cycle().take(n).collect()
    }

    /// Any bits for half of the inputs; for the others numbers that keep sums finite.
    fn floats(&self, n: usize) -> Vec<f32> {
        let bytes = self.bytes(4 * n);
        let floats = bytes.as_chunks().0.iter();
        match self.kernel & 0x80 {
            0 => floats.map(|&b| f32::from_le_bytes(b)).collect(),
            _ => floats
                .map(|&b| i32::from_le_bytes(b) as f32 * 2e-9)
                .collect(),
        }
    }

    fn run(&self, table: &Kernels) -> Vec<f32> {
        let linears = DType::ALL.len();
        match usize::from(self.kernel & 0x7f) % (linears + 4) {
            kernel if kernel < linears => self.linear(table, DType::ALL[kernel]),
            kernel => self.elementwise(table, kernel - linears),
        }
    }

    fn linear(&self, table: &Kernels, dtype: DType) -> Vec<f32> {
        let block = ActBlock::for_weights(dtype.block_len());
        let width = self.n_blocks * block.map_or(37, ActBlock::size);
        let x = self.floats(self.n_tokens * width);
        let w = self.bytes(self.n_rows * width / dtype.block_len() * dtype.block_bytes());
        let mut y = vec![0.0; self.n_tokens * self.n_rows];
        let mut dst = Tile::whole(&mut y, self.n_rows);
        let rows_bytes = panels::ROWS * width / dtype.block_len() * dtype.block_bytes();
        let panel_bytes = panels::bytes(width, dtype);
        let mut packed = vec![0; w.len().div_ceil(rows_bytes) * panel_bytes];
        for (panel, rows) in packed.chunks_mut(panel_bytes).zip(w.chunks(rows_bytes)) {
            panels::pack(panel, rows, width, dtype);
        }
        let rows = Rows { data: &x, width };
        let Some(block) = block else {
            let step = table.step(dtype);
            let per_row = step.per_row(width);
            let mut words = vec![0; self.n_tokens * per_row];
            table.steps_of_rows(&mut words, rows, step);
            let words = &words;
            table.linear_float(&mut dst, &Steps { words, per_row }, &packed, dtype);
            return y;
        };
        let turns = table.turns(self.n_tokens, block);
        let len = turns.room(self.n_tokens) * width;
        let mut q = vec![0; len];
        let mut d = vec![0.0; block.floats(len)];
        let mut sums = vec![0; block.sums(len)];
        let parts = (&mut q[..], &mut d[..], &mut sums[..]);
        table.quantize_rows(parts, rows, block, turns);
        let x = Activations {
            q: &q,
            d: &d,
            sums: &sums,
            width,
            block,
            turns,
        };
        table.linear_quant(&mut dst, &x, &packed, dtype);
        y.extend(d);
        y
    }

    fn elementwise(&self, table: &Kernels, kernel: usize) -> Vec<f32> {
        let n = self.n_rows * self.n_tokens * 2;
        let mut y = self.floats(2 * n);
        let x = y.split_off(n);
        match kernel {
            0 => table.add(&mut y, &x),
            1 => {
                let up = y.clone();
                table.swiglu(&mut y, &x, &up);
            }
            2 => {
                let gain = y.clone();
                table.rms_norm(&mut y, &x, &gain, 1e-6);
            }
            _ => {
                let layouts = [RopeLayout::Half, RopeLayout::Interleaved];
                let (cos, sin) = x.split_at(n / 2);
                table.rope(&mut y, cos, sin, layouts[self.n_blocks % 2]);
            }
        }
        y
    }
}
