//! Numbers for the tests: everything a kernel can meet, from a seed.

#![allow(dead_code)] // Each test binary uses a part.

pub(crate) mod formats;
pub(crate) mod run;

use glassbox_core::DType;
use half::{bf16, f16};

/// How strange the numbers are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Flavour {
    /// In −4 … 4, as activations mostly are.
    Plain,
    /// Any finite exponent, zeros of both signs and subnormals among them.
    Wide,
    /// Plain, but for a few infinities and NaNs: were there many, every sum would be NaN and a
    /// comparison would see nothing.
    Wild,
}

pub(crate) const FLAVOURS: [Flavour; 3] = [Flavour::Plain, Flavour::Wide, Flavour::Wild];

/// SplitMix64: proptest shrinks sizes and seeds, the elements follow from the seed.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// In −1 … 1.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    pub(crate) fn float(&mut self, flavour: Flavour) -> f32 {
        match flavour {
            Flavour::Plain => self.unit() * 4.0,
            Flavour::Wide => match self.below(8) {
                0 => [0.0, -0.0, f32::MAX, f32::MIN_POSITIVE, 1e-31][self.below(5)],
                1 => f32::from_bits(self.bits() as u32 & 0x807f_ffff),
                2..4 => f32::from_bits(self.bits() as u32 & 0xbfff_ffff),
                _ => self.unit() * 100.0,
            },
            Flavour::Wild => match self.below(400) {
                0 => f32::NAN,
                1 => f32::INFINITY,
                2 => f32::NEG_INFINITY,
                3 => f32::from_bits(self.bits() as u32),
                _ => self.unit() * 4.0,
            },
        }
    }

    pub(crate) fn floats(&mut self, n: usize, flavour: Flavour) -> Vec<f32> {
        (0..n).map(|_| self.float(flavour)).collect()
    }

    /// `n` elements of `dtype`: any bytes for a block format, except that `Plain` has ordinary
    /// scales, without which nearly every long row holds an infinite one.
    pub(crate) fn weights(&mut self, dtype: DType, n: usize, flavour: Flavour) -> Vec<u8> {
        let mut bytes = Vec::new();
        match dtype {
            DType::F32 => {
                let x = self.floats(n, flavour);
                bytes.extend(x.iter().flat_map(|x| x.to_le_bytes()));
            }
            DType::F16 => {
                let x = self.floats(n, flavour);
                bytes.extend(x.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes()));
            }
            DType::BF16 => {
                let x = self.floats(n, flavour);
                bytes.extend(x.iter().flat_map(|&x| bf16::from_f32(x).to_le_bytes()));
            }
            _ => {
                for _ in 0..n / dtype.block_len() {
                    bytes.extend(self.block(dtype, flavour));
                }
            }
        }
        bytes
    }

    fn block(&mut self, dtype: DType, flavour: Flavour) -> Vec<u8> {
        let extremes = [0x80, 0xff, 0x7f, 0x00];
        let fill = (self.below(4) == 0).then(|| extremes[self.below(4)]);
        let mut block: Vec<u8> = (0..dtype.block_bytes())
            .map(|_| fill.unwrap_or(self.bits() as u8))
            .collect();
        let scale_bits = |rng: &mut Rng| match flavour {
            Flavour::Plain => f16::from_f32(rng.unit() * 0.02).to_bits(),
            // Finite: zero, subnormal, or any exponent but the last.
            Flavour::Wide => rng.bits() as u16 & 0xbbff,
            Flavour::Wild => rng.bits() as u16,
        };
        for &at in scale_offsets(dtype) {
            let bits = scale_bits(self);
            block[at..at + 2].copy_from_slice(&bits.to_le_bytes());
        }
        block
    }

    /// A shuffled page table: `n` of `of` pages.
    pub(crate) fn pages(&mut self, n: usize, of: usize) -> Vec<u32> {
        let mut pages: Vec<u32> = (0..of as u32).collect();
        for i in (1..of).rev() {
            pages.swap(i, self.below(i + 1));
        }
        pages.truncate(n);
        pages
    }
}

/// Where a block keeps its f16 scales.
pub(crate) fn scale_offsets(dtype: DType) -> &'static [usize] {
    match dtype {
        DType::Q4_0 | DType::Q5_0 | DType::Q8_0 => &[0],
        DType::Q4_1 | DType::Q5_1 | DType::Q4_K | DType::Q5_K => &[0, 2],
        DType::Q2_K => &[80, 82],
        DType::Q3_K => &[108],
        DType::Q6_K => &[208],
        DType::F32 | DType::F16 | DType::BF16 => &[],
    }
}

/// The float types, and the block formats.
pub(crate) const FLOATS: [DType; 3] = [DType::F32, DType::F16, DType::BF16];
pub(crate) const QUANTS: [DType; 10] = [
    DType::Q4_0,
    DType::Q4_1,
    DType::Q5_0,
    DType::Q5_1,
    DType::Q8_0,
    DType::Q2_K,
    DType::Q3_K,
    DType::Q4_K,
    DType::Q5_K,
    DType::Q6_K,
];

/// The first place where two results differ in their bits; any NaN equals any NaN.
pub(crate) fn difference(got: &[f32], expected: &[f32]) -> Result<(), String> {
    if got.len() != expected.len() {
        return Err(format!("{} of {}", got.len(), expected.len()));
    }
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        if g.to_bits() != e.to_bits() && !(g.is_nan() && e.is_nan()) {
            return Err(format!("element {i}: {g:e}, expected {e:e}"));
        }
    }
    Ok(())
}
