//! What the benchmarks compute on.

use glassbox_core::{Backend, Batch, DType, Rope, RopeLayout, Sequence, WeightView};
use glassbox_cpu::{Buf, Cpu, CpuOptions};
use glassbox_kernels::Kernels;
use half::{bf16, f16};

/// Numbers in −1 … 1, the same for the same seed (SplitMix64).
pub fn floats(seed: u64, n: usize) -> Vec<f32> {
    words(seed, n)
        .map(|x| (x >> 40) as f32 / (1u64 << 23) as f32 - 1.0)
        .collect()
}

fn words(seed: u64, n: usize) -> impl Iterator<Item = u64> {
    (0..n as u64).map(move |i| {
        let x = (seed ^ i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    })
}

/// A matrix of any type: any integers in the blocks, scales that are ordinary numbers.
pub fn weight(seed: u64, dtype: DType, rows: usize, cols: usize) -> WeightView {
    let n = rows * cols;
    let floats = || floats(seed, n).into_iter();
    let bytes: Vec<u8> = match dtype {
        DType::F32 => floats().flat_map(f32::to_le_bytes).collect(),
        DType::F16 => floats()
            .flat_map(|x| f16::from_f32(x).to_le_bytes())
            .collect(),
        DType::BF16 => floats()
            .flat_map(|x| bf16::from_f32(x).to_le_bytes())
            .collect(),
        _ => {
            // Exponents of 7 of 31: no scale is large, none is infinite.
            let n_bytes = rows * dtype.row_bytes(cols).expect("whole blocks");
            words(seed, n_bytes.div_ceil(8))
                .flat_map(|x| (x & 0x9fff_9fff_9fff_9fff).to_le_bytes())
                .take(n_bytes)
                .collect()
        }
    };
    WeightView::new(dtype.name(), dtype, rows, cols, bytes.into()).expect("fits its shape")
}

/// The backend that `GLASSBOX_ISA` and `GLASSBOX_THREADS` ask for.
///
/// # Panics
/// When they ask for what this machine has not.
pub fn cpu() -> Cpu {
    let mut options = CpuOptions::default();
    if let Ok(threads) = std::env::var("GLASSBOX_THREADS") {
        options = options.threads(threads.parse().expect("GLASSBOX_THREADS is a number"));
    }
    Cpu::new(&options).unwrap_or_else(|e| panic!("{e}"))
}

/// The table that [`cpu`] uses.
pub fn kernels() -> &'static Kernels {
    Kernels::detect().unwrap_or_else(|e| panic!("{e}"))
}

/// The portable table on one thread, whose results are right by definition.
pub fn portable() -> Cpu {
    Cpu::new(&CpuOptions::default().isa("portable").threads(1)).expect("runs everywhere")
}

/// Begins a batch of the last `n` tokens of a sequence of `len`, whose pages are in order.
///
/// # Panics
/// When the backend refuses it.
pub fn begin(cpu: &mut Cpu, n: usize, len: usize) {
    let pages: Vec<u32> = (0..len.div_ceil(glassbox_core::PAGE) as u32).collect();
    let sequence = [Sequence {
        n_tokens: n,
        start: len - n,
        pages: &pages,
    }];
    let ids: Vec<u32> = (0..n as u32).collect();
    let rope = Rope {
        inv_freq: Vec::new(),
        magnitude: 1.0,
        layout: RopeLayout::Half,
    };
    let batch = Batch::new(&ids, &sequence, &[]).expect("the pages cover the tokens");
    cpu.begin(&batch, &rope)
        .expect("the buffers hold the batch");
}

/// A buffer that holds `rows` rows of `data`; leaves a batch of as many tokens begun.
///
/// # Panics
/// When there is no memory for it.
pub fn filled(cpu: &mut Cpu, rows: usize, data: &[f32]) -> Buf {
    let width = data.len() / rows;
    let bytes: Vec<u8> = data.iter().flat_map(|x| x.to_le_bytes()).collect();
    let table = WeightView::new("rows", DType::F32, rows, width, bytes.into());
    let table = cpu.upload(table.expect("fits its shape")).expect("memory");
    let mut buf = cpu.buffer(rows, width).expect("memory");
    begin(cpu, rows, rows);
    cpu.embed(&mut buf, &table).expect("rows count the ids");
    buf
}

/// Panics unless two results have the same bits.
///
/// # Panics
/// When they differ: a benchmark times nothing that is wrong.
pub fn assert_same(what: &str, got: &[f32], expected: &[f32]) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        assert_eq!(g.to_bits(), e.to_bits(), "{what}: element {i}: {g} for {e}");
    }
}
