//! The tile registers of AMX.
#![allow(unsafe_code)]

use crate::activations::TILE;
use std::arch::asm;
use std::arch::x86_64::*;
use std::sync::LazyLock;

/// A line of memory: one row of a tile.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) __m512i);

impl Line {
    // SAFETY: 64 bytes, of which all patterns are valid.
    pub(super) const ZERO: Line = unsafe { std::mem::zeroed() };

    #[inline(always)]
    pub(super) fn lanes(&self) -> &[i32; TILE] {
        // SAFETY: of the same size, and less aligned; all patterns are valid.
        unsafe { &*(&raw const self.0).cast() }
    }

    #[inline(always)]
    pub(super) fn set_f32(&mut self, x: __m512) {
        // SAFETY: a change of type, without an instruction.
        self.0 = unsafe { _mm512_castps_si512(x) };
    }

    #[inline(always)]
    pub(super) fn f32(&self) -> __m512 {
        // SAFETY: a change of type, without an instruction.
        unsafe { _mm512_castsi512_ps(self.0) }
    }
}

/// Whether the machine has AMX for bytes, and the system lets this process use it.
pub(crate) fn are_allowed() -> bool {
    static ALLOWED: LazyLock<bool> = LazyLock::new(|| has_amx() && ask());
    *ALLOWED
}

fn has_amx() -> bool {
    const TILE_AND_INT8: u32 = 1 << 24 | 1 << 25;
    __cpuid(0).eax >= 7 && __cpuid_count(7, 0).edx & TILE_AND_INT8 == TILE_AND_INT8
}

/// Asks for the state of tiles, which Linux saves only for those who asked.
fn ask() -> bool {
    if !cfg!(target_os = "linux") {
        return false;
    }
    const ARCH_PRCTL: i64 = 158;
    const REQUEST_PERMISSION: u64 = 0x1023;
    const TILE_DATA: u64 = 18;
    let mut result = ARCH_PRCTL;
    // SAFETY: this call of Linux takes two numbers and touches no memory of ours; a system that
    // does not know it answers with an error.
    unsafe {
        asm!(
            "syscall",
            inout("rax") result,
            in("rdi") REQUEST_PERMISSION,
            in("rsi") TILE_DATA,
            out("rcx") _,
            out("r11") _,
            options(nostack),
        );
    }
    result == 0
}

/// The tile registers, configured for lines of activations of some length: four of sums, and those
/// through which activations and weights come.
///
/// A product reads a line of each of 16 rows of activations, and as many weights of each of the 16
/// rows of a panel, four of every row in turn.
pub(super) struct Tiles {
    line: usize,
}

#[repr(C, align(64))]
struct Config([u8; 64]);

/// One instruction or two for each tile of sums.
macro_rules! of_sum {
    ($sum:expr, $before:literal, $after:literal, $($operands:tt)*) => {
        match $sum {
            0 => asm!(concat!($before, "tmm0", $after), $($operands)*),
            1 => asm!(concat!($before, "tmm1", $after), $($operands)*),
            2 => asm!(concat!($before, "tmm2", $after), $($operands)*),
            3 => asm!(concat!($before, "tmm3", $after), $($operands)*),
            _ => unreachable!("there are four sums"),
        }
    };
}

impl Tiles {
    /// For lines of `line` activations, a multiple of 4 up to 64.
    ///
    /// Only to be called where [`are_allowed`].
    #[inline(always)]
    pub(super) fn configured(line: usize) -> Self {
        assert!(line <= 64 && line.is_multiple_of(4));
        let mut config = Config([0; 64]);
        config.0[0] = 1;
        let (sum, a, w) = ((TILE, 64), (TILE, line), (line / 4, 64));
        let tiles = [sum, sum, sum, sum, a, w, w];
        for (tile, (rows, bytes)) in tiles.into_iter().enumerate() {
            config.0[16 + 2 * tile] = bytes as u8;
            config.0[48 + tile] = rows as u8;
        }
        // SAFETY: only a table that asked for tiles has this called; the configuration is one of
        // palette 1 and within its limits.
        unsafe {
            asm!("ldtilecfg [{}]", in(reg) &raw const config, options(nostack, readonly));
        }
        Tiles { line }
    }

    /// Makes sum `sum` zero.
    #[inline(always)]
    pub(super) fn zero(&self, sum: usize) {
        // SAFETY: tiles are configured.
        unsafe { of_sum!(sum, "tilezero ", "", options(nostack, nomem)) }
    }

    /// Takes a line of each of 16 rows of activations.
    #[inline(always)]
    pub(super) fn load(&self, a: &[i8]) {
        assert_eq!(a.len(), TILE * self.line);
        // SAFETY: tiles are configured; all rows are inside the slice.
        unsafe {
            asm!(
                "tileloadd tmm4, [{} + {}]",
                in(reg) a.as_ptr(),
                in(reg) self.line,
                options(nostack, readonly),
            );
        }
    }

    /// Adds the products with signed weights.
    #[inline(always)]
    pub(super) fn add_signed(&self, sum: usize, w: &[Line]) {
        assert_eq!(w.len(), self.line / 4);
        // SAFETY: tiles are configured; all rows are inside the slice.
        unsafe {
            of_sum!(
                sum,
                "tileloadd tmm5, [{} + {}]\ntdpbssd ",
                ", tmm4, tmm5",
                in(reg) w.as_ptr(),
                in(reg) size_of::<Line>(),
                options(nostack, readonly)
            );
        }
    }

    /// Adds the products with unsigned weights.
    #[inline(always)]
    pub(super) fn add_unsigned(&self, sum: usize, w: &[Line]) {
        assert_eq!(w.len(), self.line / 4);
        // SAFETY: tiles are configured; all rows are inside the slice.
        unsafe {
            of_sum!(
                sum,
                "tileloadd tmm6, [{} + {}]\ntdpbsud ",
                ", tmm4, tmm6",
                in(reg) w.as_ptr(),
                in(reg) size_of::<Line>(),
                options(nostack, readonly)
            );
        }
    }

    /// Writes a sum: of each row of activations, one of each row of weights.
    #[inline(always)]
    pub(super) fn store(&self, sum: usize, to: &mut [Line; TILE]) {
        // SAFETY: tiles are configured; all rows are inside the array.
        unsafe {
            of_sum!(
                sum,
                "tilestored [{} + {}], ",
                "",
                in(reg) to.as_mut_ptr(),
                in(reg) size_of::<Line>(),
                options(nostack)
            );
        }
    }
}

impl Drop for Tiles {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: gives up what `configured` took.
        unsafe { asm!("tilerelease", options(nostack, nomem)) };
    }
}
