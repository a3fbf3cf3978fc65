//! The specification of lanes: arrays.

use super::lanes::{Lanes, Rows};
use crate::portable::dot;
use glassbox_core::quant::f16_to_f32;

/// Sixteen lanes of an array.
#[derive(Clone, Copy)]
pub(crate) struct Plain;

#[inline(always)]
fn each(f: impl Fn(usize) -> i32) -> [i32; 16] {
    std::array::from_fn(f)
}

#[inline(always)]
fn bytes_of(x: i32) -> [u8; 4] {
    x.to_le_bytes()
}

impl Rows for Plain {
    type I = [i32; 16];
    type F = [f32; 16];
    const BIAS: i32 = 0;

    #[inline(always)]
    fn zero() -> Self::I {
        [0; 16]
    }
    #[inline(always)]
    fn splat(x: i32) -> Self::I {
        [x; 16]
    }
    #[inline(always)]
    fn load(bytes: &[u8; 64]) -> Self::I {
        let (words, _) = bytes.as_chunks::<4>();
        each(|i| i32::from_le_bytes(words[i]))
    }
    #[inline(always)]
    fn keep(a: Self::I, to: &mut [u8; 64]) {
        for (to, a) in to.as_chunks_mut().0.iter_mut().zip(a) {
            *to = a.to_le_bytes();
        }
    }
    #[inline(always)]
    fn and(a: Self::I, b: Self::I) -> Self::I {
        each(|i| a[i] & b[i])
    }
    #[inline(always)]
    fn or(a: Self::I, b: Self::I) -> Self::I {
        each(|i| a[i] | b[i])
    }
    #[inline(always)]
    fn shr<const N: u32>(a: Self::I) -> Self::I {
        each(|i| ((a[i] as u32) >> N) as i32)
    }
    #[inline(always)]
    fn shl<const N: u32>(a: Self::I) -> Self::I {
        each(|i| a[i] << N)
    }
    #[inline(always)]
    fn sar<const N: u32>(a: Self::I) -> Self::I {
        each(|i| a[i] >> N)
    }
    #[inline(always)]
    fn add(a: Self::I, b: Self::I) -> Self::I {
        each(|i| a[i].wrapping_add(b[i]))
    }
    #[inline(always)]
    fn mul(a: Self::I, b: Self::I) -> Self::I {
        each(|i| a[i].wrapping_mul(b[i]))
    }
    #[inline(always)]
    fn dot(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        each(|i| {
            let pairs = bytes_of(w[i]).into_iter().zip(bytes_of(a[i]));
            pairs.fold(sum[i], |sum, (w, a)| {
                sum.wrapping_add(i32::from(w) * i32::from(a as i8))
            })
        })
    }
    #[inline(always)]
    fn dot_signed(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        each(|i| {
            let pairs = bytes_of(w[i]).into_iter().zip(bytes_of(a[i]));
            pairs.fold(sum[i], |sum, (w, a)| {
                sum.wrapping_add(i32::from(w as i8) * i32::from(a as i8))
            })
        })
    }
    #[inline(always)]
    fn madd(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        let half = |x: i32, high: bool| if high { x >> 16 } else { i32::from(x as i16) };
        each(|i| {
            let low = half(w[i], false).wrapping_mul(half(a[i], false));
            let high = half(w[i], true).wrapping_mul(half(a[i], true));
            sum[i].wrapping_add(low).wrapping_add(high)
        })
    }
    #[inline(always)]
    fn load_pairs(pairs: &[[i16; 2]; 16]) -> Self::I {
        each(|i| i32::from(pairs[i][0] as u16) | i32::from(pairs[i][1]) << 16)
    }
    #[inline(always)]
    fn float_zero() -> Self::F {
        [0.0; 16]
    }
    #[inline(always)]
    fn float_splat(x: f32) -> Self::F {
        [x; 16]
    }
    #[inline(always)]
    fn to_float(a: Self::I) -> Self::F {
        a.map(|x| x as f32)
    }
    #[inline(always)]
    fn load_floats(x: &[f32; 16]) -> Self::F {
        *x
    }
    #[inline(always)]
    fn load_f32(bytes: &[u8; 64]) -> Self::F {
        let (words, _) = bytes.as_chunks::<4>();
        std::array::from_fn(|i| f32::from_le_bytes(words[i]))
    }
    #[inline(always)]
    fn load_f16(bytes: &[u8; 32]) -> Self::F {
        let (halves, _) = bytes.as_chunks::<2>();
        std::array::from_fn(|i| f16_to_f32(u16::from_le_bytes(halves[i])))
    }
    #[inline(always)]
    fn float_neg(a: Self::F) -> Self::F {
        a.map(|x| -x)
    }
    #[inline(always)]
    fn float_mul(a: Self::F, b: Self::F) -> Self::F {
        std::array::from_fn(|i| a[i] * b[i])
    }
    #[inline(always)]
    fn float_add(a: Self::F, b: Self::F) -> Self::F {
        std::array::from_fn(|i| a[i] + b[i])
    }
    #[inline(always)]
    fn widen_bf16(a: Self::I) -> [Self::F; 2] {
        let high = Self::and(a, Self::splat(!0xffff));
        [Self::shl::<16>(a), high].map(|x| x.map(|x| f32::from_bits(x as u32)))
    }
    #[inline(always)]
    fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
    }
    #[inline(always)]
    fn store(a: Self::F, to: &mut [f32; 16]) {
        *to = a;
    }
}

impl Lanes for Plain {
    type Low = Self;
    type High = Self;

    #[inline(always)]
    fn bits(a: Self::F) -> Self::I {
        a.map(|x| x.to_bits() as i32)
    }
    #[inline(always)]
    fn max(a: Self::I, b: Self::I) -> Self::I {
        each(|i| a[i].max(b[i]))
    }
    #[inline(always)]
    fn largest(a: Self::I) -> i32 {
        a.into_iter().fold(i32::MIN, i32::max)
    }
    #[inline(always)]
    fn total(a: Self::I) -> i32 {
        a.into_iter().fold(0, i32::wrapping_add)
    }
    #[inline(always)]
    fn narrow(a: Self::I) -> [i8; 16] {
        a.map(|x| x as i8)
    }
    #[inline(always)]
    fn narrow_pairs(a: Self::I) -> [i16; 16] {
        a.map(|x| x as i16)
    }
    #[inline(always)]
    fn floats(bits: Self::I) -> Self::F {
        bits.map(|x| f32::from_bits(x as u32))
    }
    #[inline(always)]
    fn float_max(a: Self::F, b: Self::F) -> Self::F {
        std::array::from_fn(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn float_largest(a: Self::F) -> f32 {
        a.into_iter().fold(f32::NEG_INFINITY, f32::max)
    }
    #[inline(always)]
    fn fold(a: Self::F) -> f32 {
        dot::fold(a)
    }
}
