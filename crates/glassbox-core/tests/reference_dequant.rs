//! Every quantised type against the values that the PyPI package `gguf` gives for the same blocks.
//! The fixtures are written by `tools/fixtures/weights/dequant.py`.

use glassbox_core::{DType, quant};

/// Blocks and values of one type: a u32 count, the blocks, the values.
fn check(dtype: DType, fixture: &[u8]) {
    let (count, rest) = fixture.split_first_chunk().unwrap();
    let n_blocks = u32::from_le_bytes(*count) as usize;
    let (blocks, values) = rest.split_at(n_blocks * dtype.block_bytes());
    let expected: Vec<f32> = values
        .as_chunks()
        .0
        .iter()
        .map(|x| f32::from_le_bytes(*x))
        .collect();
    assert_eq!(expected.len(), n_blocks * dtype.block_len());
    assert!(n_blocks >= 10, "{dtype}: {n_blocks} blocks");
    let mut got = vec![0.0; expected.len()];
    quant::dequantize(dtype, blocks, &mut got);
    for (i, (got, expected)) in got.iter().zip(&expected).enumerate() {
        let block = i / dtype.block_len();
        let same = got.to_bits() == expected.to_bits() || (got.is_nan() && expected.is_nan());
        assert!(
            same,
            "{dtype} block {block} weight {}: got {got:e} ({:08x}), expected {expected:e} ({:08x})",
            i % dtype.block_len(),
            got.to_bits(),
            expected.to_bits(),
        );
    }
}

macro_rules! reference {
    ($($test:ident $dtype:ident;)*) => {$(
        #[test]
        fn $test() {
            let fixture = include_bytes!(concat!("fixtures/dequant/", stringify!($test), ".bin"));
            check(DType::$dtype, fixture);
        }
    )*};
}

reference! {
    q4_0 Q4_0;
    q4_1 Q4_1;
    q5_0 Q5_0;
    q5_1 Q5_1;
    q8_0 Q8_0;
    q2_k Q2_K;
    q3_k Q3_K;
    q4_k Q4_K;
    q5_k Q5_K;
    q6_k Q6_K;
}

/// The float types have no blocks: every bf16 and every f16 against the definition of the format.
#[test]
fn bf16_and_f16_are_exact() {
    let bytes: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
    let mut got = vec![0.0f32; 1 << 16];
    quant::dequantize(DType::BF16, &bytes, &mut got);
    for (bits, x) in (0..=u16::MAX).zip(&got) {
        let expected = f32::from_bits(u32::from(bits) << 16);
        assert!(x.to_bits() == expected.to_bits() || (x.is_nan() && expected.is_nan()));
    }
    quant::dequantize(DType::F16, &bytes, &mut got);
    for (bits, x) in (0..=u16::MAX).zip(&got) {
        let (exponent, fraction) = ((bits >> 10) & 31, f64::from(bits & 1023));
        let magnitude = match exponent {
            0 => fraction * 2f64.powi(-24),
            31 if fraction == 0.0 => f64::INFINITY,
            31 => f64::NAN,
            e => (1024.0 + fraction) * 2f64.powi(i32::from(e) - 25),
        };
        let expected = if bits >> 15 == 1 {
            -magnitude
        } else {
            magnitude
        } as f32;
        assert!(x.to_bits() == expected.to_bits() || (x.is_nan() && expected.is_nan()));
    }
}
