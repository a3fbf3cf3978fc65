//! Sixteen lanes of four 128-bit registers.
#![allow(unsafe_code)]

use super::lanes::{Lanes, Rows};
use std::arch::aarch64::*;
use std::arch::asm;

/// Runs intrinsics.
macro_rules! run {
    ($intrinsics:expr) => {{
        // SAFETY: only tables whose instructions the machine has call this, and every load and
        // store is within an array, for which no alignment is asked.
        unsafe { $intrinsics }
    }};
}

/// With the products of bytes of `dotprod`, or without.
#[derive(Clone, Copy)]
pub(crate) struct Neon<const DOTPROD: bool>;

#[inline(always)]
fn four(f: impl Fn(usize) -> int32x4_t) -> [int32x4_t; 4] {
    [f(0), f(1), f(2), f(3)]
}

#[inline(always)]
fn floats(f: impl Fn(usize) -> float32x4_t) -> [float32x4_t; 4] {
    [f(0), f(1), f(2), f(3)]
}

/// Shifts to the left, or by less than nothing to the right.
#[inline(always)]
fn shifted(a: int32x4_t, by: i32) -> int32x4_t {
    run!({
        let a = vreinterpretq_u32_s32(a);
        vreinterpretq_s32_u32(vshlq_u32(a, vdupq_n_s32(by)))
    })
}

/// `sum + Σ w a` over the four signed bytes of every lane.
#[inline(always)]
fn dot_bytes<const DOTPROD: bool>(sum: int32x4_t, w: int32x4_t, a: int32x4_t) -> int32x4_t {
    run!({
        let (w, a) = (vreinterpretq_s8_s32(w), vreinterpretq_s8_s32(a));
        if DOTPROD {
            // Not yet stable as an intrinsic.
            let mut sum = sum;
            asm!(
                "sdot {sum:v}.4s, {w:v}.16b, {a:v}.16b",
                sum = inout(vreg) sum, w = in(vreg) w, a = in(vreg) a,
                options(pure, nomem, nostack, preserves_flags)
            );
            return sum;
        }
        let low = vpaddlq_s16(vmull_s8(vget_low_s8(w), vget_low_s8(a)));
        let high = vpaddlq_s16(vmull_high_s8(w, a));
        vaddq_s32(sum, vpaddq_s32(low, high))
    })
}

impl<const DOTPROD: bool> Rows for Neon<DOTPROD> {
    type I = [int32x4_t; 4];
    type F = [float32x4_t; 4];
    const BIAS: i32 = 0;

    #[inline(always)]
    fn zero() -> Self::I {
        Self::splat(0)
    }
    #[inline(always)]
    fn splat(x: i32) -> Self::I {
        [run!(vdupq_n_s32(x)); 4]
    }
    #[inline(always)]
    fn load(bytes: &[u8; 64]) -> Self::I {
        four(|i| run!(vreinterpretq_s32_u8(vld1q_u8(bytes.as_ptr().add(16 * i)))))
    }
    #[inline(always)]
    fn keep(a: Self::I, to: &mut [u8; 64]) {
        for (i, a) in a.into_iter().enumerate() {
            run!(vst1q_u8(
                to.as_mut_ptr().add(16 * i),
                vreinterpretq_u8_s32(a)
            ));
        }
    }
    #[inline(always)]
    fn prefetch<T>(what: *const T) {
        run!(asm!(
            "prfm pldl1keep, [{at}]",
            at = in(reg) what,
            options(nostack, preserves_flags, readonly)
        ));
    }
    #[inline(always)]
    fn and(a: Self::I, b: Self::I) -> Self::I {
        four(|i| run!(vandq_s32(a[i], b[i])))
    }
    #[inline(always)]
    fn or(a: Self::I, b: Self::I) -> Self::I {
        four(|i| run!(vorrq_s32(a[i], b[i])))
    }
    #[inline(always)]
    fn shr<const N: u32>(a: Self::I) -> Self::I {
        four(|i| shifted(a[i], -(N as i32)))
    }
    #[inline(always)]
    fn shl<const N: u32>(a: Self::I) -> Self::I {
        four(|i| shifted(a[i], N as i32))
    }
    #[inline(always)]
    fn sar<const N: u32>(a: Self::I) -> Self::I {
        four(|i| run!(vshlq_s32(a[i], vdupq_n_s32(-(N as i32)))))
    }
    #[inline(always)]
    fn add(a: Self::I, b: Self::I) -> Self::I {
        four(|i| run!(vaddq_s32(a[i], b[i])))
    }
    #[inline(always)]
    fn mul(a: Self::I, b: Self::I) -> Self::I {
        four(|i| run!(vmulq_s32(a[i], b[i])))
    }
    #[inline(always)]
    fn dot(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        // No byte of `w` is above 127, so that it is the same signed.
        four(|i| dot_bytes::<DOTPROD>(sum[i], w[i], a[i]))
    }
    #[inline(always)]
    fn dot_signed(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        four(|i| dot_bytes::<DOTPROD>(sum[i], w[i], a[i]))
    }
    #[inline(always)]
    fn madd(sum: Self::I, w: Self::I, a: Self::I) -> Self::I {
        four(|i| {
            run!({
                let (w, a) = (vreinterpretq_s16_s32(w[i]), vreinterpretq_s16_s32(a[i]));
                let low = vmull_s16(vget_low_s16(w), vget_low_s16(a));
                vaddq_s32(sum[i], vpaddq_s32(low, vmull_high_s16(w, a)))
            })
        })
    }
    #[inline(always)]
    fn load_pairs(pairs: &[[i16; 2]; 16]) -> Self::I {
        let pairs = pairs.as_flattened();
        four(|i| run!(vreinterpretq_s32_s16(vld1q_s16(pairs.as_ptr().add(8 * i)))))
    }
    #[inline(always)]
    fn float_zero() -> Self::F {
        Self::float_splat(0.0)
    }
    #[inline(always)]
    fn float_splat(x: f32) -> Self::F {
        [run!(vdupq_n_f32(x)); 4]
    }
    #[inline(always)]
    fn to_float(a: Self::I) -> Self::F {
        floats(|i| run!(vcvtq_f32_s32(a[i])))
    }
    #[inline(always)]
    fn load_floats(x: &[f32; 16]) -> Self::F {
        floats(|i| run!(vld1q_f32(x.as_ptr().add(4 * i))))
    }
    #[inline(always)]
    fn load_f32(bytes: &[u8; 64]) -> Self::F {
        floats(|i| run!(vreinterpretq_f32_u8(vld1q_u8(bytes.as_ptr().add(16 * i)))))
    }
    #[inline(always)]
    fn load_f16(bytes: &[u8; 32]) -> Self::F {
        floats(|i| {
            run!({
                // As an intrinsic it asks for a newer compiler.
                let halves = vld1_u8(bytes.as_ptr().add(8 * i));
                let wide: float32x4_t;
                asm!(
                    "fcvtl {wide:v}.4s, {halves:v}.4h",
                    wide = out(vreg) wide, halves = in(vreg) halves,
                    options(pure, nomem, nostack, preserves_flags)
                );
                wide
            })
        })
    }
    #[inline(always)]
    fn float_neg(a: Self::F) -> Self::F {
        floats(|i| run!(vnegq_f32(a[i])))
    }
    #[inline(always)]
    fn float_mul(a: Self::F, b: Self::F) -> Self::F {
        floats(|i| run!(vmulq_f32(a[i], b[i])))
    }
    #[inline(always)]
    fn float_add(a: Self::F, b: Self::F) -> Self::F {
        floats(|i| run!(vaddq_f32(a[i], b[i])))
    }
    #[inline(always)]
    fn widen_bf16(a: Self::I) -> [Self::F; 2] {
        let high = Self::and(a, Self::splat(!0xffff));
        [Self::shl::<16>(a), high].map(|x| floats(|i| run!(vreinterpretq_f32_s32(x[i]))))
    }
    #[inline(always)]
    fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        floats(|i| run!(vfmaq_f32(c[i], a[i], b[i])))
    }
    #[inline(always)]
    fn store(a: Self::F, to: &mut [f32; 16]) {
        for (i, a) in a.into_iter().enumerate() {
            run!(vst1q_f32(to.as_mut_ptr().add(4 * i), a))
        }
    }
}

impl<const DOTPROD: bool> Lanes for Neon<DOTPROD> {
    type Low = Self;
    type High = Self;

    #[inline(always)]
    fn bits(a: Self::F) -> Self::I {
        four(|i| run!(vreinterpretq_s32_f32(a[i])))
    }
    #[inline(always)]
    fn max(a: Self::I, b: Self::I) -> Self::I {
        four(|i| run!(vmaxq_s32(a[i], b[i])))
    }
    #[inline(always)]
    fn largest([a, b, c, d]: Self::I) -> i32 {
        run!(vmaxvq_s32(vmaxq_s32(vmaxq_s32(a, b), vmaxq_s32(c, d))))
    }
    #[inline(always)]
    fn total([a, b, c, d]: Self::I) -> i32 {
        run!(vaddvq_s32(vaddq_s32(vaddq_s32(a, b), vaddq_s32(c, d))))
    }
    #[inline(always)]
    fn narrow(a: Self::I) -> [i8; 16] {
        let mut bytes = [0; 16];
        run!({
            let low = vmovn_high_s32(vmovn_s32(a[0]), a[1]);
            let high = vmovn_high_s32(vmovn_s32(a[2]), a[3]);
            vst1q_s8(bytes.as_mut_ptr(), vmovn_high_s16(vmovn_s16(low), high));
        });
        bytes
    }
    #[inline(always)]
    fn narrow_pairs(a: Self::I) -> [i16; 16] {
        let mut pairs = [0; 16];
        run!({
            let low = vmovn_high_s32(vmovn_s32(a[0]), a[1]);
            let high = vmovn_high_s32(vmovn_s32(a[2]), a[3]);
            vst1q_s16(pairs.as_mut_ptr(), low);
            vst1q_s16(pairs.as_mut_ptr().add(8), high);
        });
        pairs
    }
    #[inline(always)]
    fn floats(bits: Self::I) -> Self::F {
        floats(|i| run!(vreinterpretq_f32_s32(bits[i])))
    }
    #[inline(always)]
    fn float_max(a: Self::F, b: Self::F) -> Self::F {
        floats(|i| run!(vbslq_f32(vcgtq_f32(a[i], b[i]), a[i], b[i])))
    }
    #[inline(always)]
    fn float_largest([a, b, c, d]: Self::F) -> f32 {
        run!(vmaxvq_f32(vmaxq_f32(vmaxq_f32(a, b), vmaxq_f32(c, d))))
    }
    #[inline(always)]
    fn fold([a, b, c, d]: Self::F) -> f32 {
        run!({
            let four = vaddq_f32(vaddq_f32(a, c), vaddq_f32(b, d));
            let two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
            vpadds_f32(two)
        })
    }
}
