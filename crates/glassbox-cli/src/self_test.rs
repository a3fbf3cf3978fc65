//! Small products on every kernel table, against the portable one.

use glassbox::kernels::{ActBlock, Activations, Rows, Steps, Tile, panels};
use glassbox::{DType, Kernels};
use serde::Serialize;

const ROWS: usize = 3;
const COLS: usize = 256;
const OUT: usize = 37;

/// One operation of one table.
#[derive(Serialize)]
pub(crate) struct Outcome {
    pub(crate) table: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) agrees: bool,
}

type Operation = (&'static str, fn(&Kernels) -> Vec<f32>);

const OPERATIONS: [Operation; 4] = [
    ("rms_norm", rms_norm),
    ("linear f32", |kernels| linear_float(kernels, DType::F32)),
    ("linear bf16", |kernels| linear_float(kernels, DType::BF16)),
    ("linear q8_0", linear_q8_0),
];

/// Runs every operation on every table; the last table is the portable one.
pub(crate) fn run(tables: &[&'static Kernels]) -> Vec<Outcome> {
    let Some((portable, faster)) = tables.split_last() else {
        return Vec::new();
    };
    let bits = |x: Vec<f32>| x.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    let mut outcomes = Vec::new();
    for (operation, compute) in OPERATIONS {
        let expected = bits(compute(portable));
        outcomes.extend(faster.iter().map(|table| Outcome {
            table: table.name(),
            operation,
            agrees: bits(compute(table)) == expected,
        }));
    }
    outcomes
}

fn rms_norm(kernels: &Kernels) -> Vec<f32> {
    let mut dst = vec![0.0; COLS];
    kernels.rms_norm(&mut dst, &values(COLS), &values(COLS), 1e-6);
    dst
}

fn linear_float(kernels: &Kernels, dtype: DType) -> Vec<f32> {
    let w = values(OUT * COLS).into_iter();
    let rows: Vec<u8> = match dtype {
        DType::BF16 => w
            .flat_map(|x| ((x.to_bits() >> 16) as u16).to_le_bytes())
            .collect(),
        _ => w.flat_map(f32::to_le_bytes).collect(),
    };
    let w = in_panels(&rows, dtype);
    let x = values(ROWS * COLS);
    let rows = Rows {
        data: &x,
        width: COLS,
    };
    let step = kernels.step(dtype);
    let per_row = step.per_row(COLS);
    let mut words = vec![0; ROWS * per_row];
    kernels.steps_of_rows(&mut words, rows, step);
    let steps = Steps {
        words: &words,
        per_row,
    };
    let mut dst = vec![0.0; ROWS * OUT];
    kernels.linear_float(&mut Tile::whole(&mut dst, OUT), &steps, &w, dtype);
    dst
}

/// Rows of a weight of [`COLS`] columns, in panels.
fn in_panels(rows: &[u8], dtype: DType) -> Vec<u8> {
    let panel_bytes = panels::bytes(COLS, dtype);
    let mut w = vec![0; rows.len().next_multiple_of(panel_bytes)];
    for (panel, rows) in w.chunks_mut(panel_bytes).zip(rows.chunks(panel_bytes)) {
        panels::pack(panel, rows, COLS, dtype);
    }
    w
}

fn linear_q8_0(kernels: &Kernels) -> Vec<f32> {
    // A scale of 0.5 and all integers, −128 included.
    let block = |i: usize| {
        let q = (0..32).map(move |j| (i * 37 + j * 11) as u8);
        [0x00, 0x38].into_iter().chain(q)
    };
    let rows: Vec<u8> = (0..OUT * COLS / 32).flat_map(block).collect();
    let w = in_panels(&rows, DType::Q8_0);
    let x = values(ROWS * COLS);
    let turns = kernels.turns(ROWS, ActBlock::Small);
    let len = turns.room(ROWS) * COLS;
    let mut q = vec![0i8; len];
    let mut d = vec![0.0; ActBlock::Small.floats(len)];
    let mut sums = vec![0i16; ActBlock::Small.sums(len)];
    let rows = Rows {
        data: &x,
        width: COLS,
    };
    let parts = (&mut q[..], &mut d[..], &mut sums[..]);
    kernels.quantize_rows(parts, rows, ActBlock::Small, turns);
    let activations = Activations {
        q: &q,
        d: &d,
        sums: &sums,
        width: COLS,
        block: ActBlock::Small,
        turns,
    };
    let mut dst = vec![0.0; ROWS * OUT];
    let mut tile = Tile::whole(&mut dst, OUT);
    kernels.linear_quant(&mut tile, &activations, &w, DType::Q8_0);
    dst
}

/// Numbers of both signs and several magnitudes, the same each time.
fn values(n: usize) -> Vec<f32> {
    let value = |i: usize| {
        let hash = (i as u32).wrapping_mul(2_654_435_761) >> 8;
        (hash as f32 / (1u32 << 23) as f32 - 1.0) * [0.01, 1.0, 30.0][i % 3]
    };
    (0..n).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_agree_and_products_are_not_zero() {
        let tables = Kernels::available();
        assert!(run(&tables).iter().all(|o| o.agrees));
        for (operation, compute) in OPERATIONS {
            assert!(compute(tables[0]).iter().any(|&x| x != 0.0), "{operation}");
        }
    }
}
