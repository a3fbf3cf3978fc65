use crate::activations::{ActBlock, Activations, Rows, Step, Steps, Turns};
use crate::panels::attention::KvPanels;
use crate::portable::attention::{KvPages, Queries};
use crate::{Tile, arch};
use glassbox_core::{AttentionShape, DType, RopeLayout};

/// The environment variable that forces a table.
const VARIABLE: &str = "GLASSBOX_ISA";

/// A table that was asked for and cannot run here.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IsaError {
    /// What was asked for.
    pub asked: String,
    /// The tables that this machine runs.
    pub available: Vec<&'static str>,
}

impl std::fmt::Display for IsaError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let available = self.available.join(", ");
        write!(
            f,
            "{VARIABLE}={}: this machine runs {available}",
            self.asked
        )
    }
}

impl std::error::Error for IsaError {}

/// Declares the table's fields and a method for each, so that a kernel is listed once.
/// The first token, a dollar sign, lets the inner macro have repetitions of its own.
macro_rules! kernels {
    (
        ($dollar:tt)
        $($(#[$doc:meta])* $name:ident $(<$lanes:ident>)? ($($arg:ident: $ty:ty),* $(,)?);)*
    ) => {
        /// One compiled variant of every kernel.
        ///
        /// A table can only be had from [`Kernels::detect`], [`Kernels::named`] and
        /// [`Kernels::available`], which hand out those whose instructions this machine has.
        pub struct Kernels {
            pub(crate) name: &'static str,
            /// From how many rows on activations take turns by lines, for blocks of 32 and of 256.
            pub(crate) lines_from: [usize; 2],
            /// Whether an instruction multiplies two bf16 by two.
            pub(crate) pairs: bool,
            $(pub(crate) $name: unsafe fn($($ty),*),)*
        }

        #[allow(unsafe_code)]
        impl Kernels {
            $(
                $(#[$doc])*
                #[inline]
                pub fn $name(&self, $($arg: $ty),*) {
                    // SAFETY: the functions are safe but for the instructions that they use, and
                    // a table is only handed out on a machine that has them.
                    unsafe { (self.$name)($($arg),*) }
                }
            )*
        }

        /// Compiles every kernel with `$features` and lists the results as a table.
        macro_rules! instantiate {
            ($table:literal, $dollar Lanes:ty $dollar(, $features:literal)?) => {
                pub(crate) static TABLE: $crate::Kernels = $crate::Kernels {
                    name: $table,
                    lines_from: [usize::MAX; 2],
                    pairs: false,
                    $($name: compiled::$name,)*
                };

                mod compiled {
                    use super::super::imports::*;
                    type Lanes = $dollar Lanes;
                    $(
                        $dollar(#[target_feature(enable = $features)])?
                        pub(super) fn $name($($arg: $ty),*) {
                            bodies::$name$(::<$lanes>)?($($arg),*);
                        }
                    )*
                }
            };
        }
        pub(crate) use instantiate;
    };
}

kernels! {
    ($)
    /// See [`portable::elementwise::add`](crate::portable::elementwise::add).
    add(dst: &mut [f32], x: &[f32]);
    /// See [`portable::elementwise::swiglu`](crate::portable::elementwise::swiglu).
    swiglu(dst: &mut [f32], gate: &[f32], up: &[f32]);
    /// See [`portable::rms_norm`](crate::portable::rms_norm::rms_norm).
    rms_norm(dst: &mut [f32], x: &[f32], gain: &[f32], eps: f32);
    /// See [`portable::rope`](crate::portable::rope::rope).
    rope(x: &mut [f32], cos: &[f32], sin: &[f32], layout: RopeLayout);
    /// Quantises rows to eight bits, as one tile of [`Activations`].
    quantize<Lanes>(
        q: &mut [i8],
        d: &mut [f32],
        sums: &mut [i16],
        x: Rows<'_>,
        block: ActBlock,
        turns: Turns,
    );
    /// See [`portable::steps`](crate::portable::steps::steps).
    steps(dst: &mut [u32], x: Rows<'_>, step: Step);
    /// See [`portable::linear_float`](crate::portable::linear_float::linear_float); `w` is in
    /// [panels](crate::panels), the last one filled up with any rows.
    linear_float<Lanes>(dst: &mut Tile<'_>, x: &Steps<'_>, w: &[u8], dtype: DType);
    /// See [`portable::linear_quant`](crate::portable::linear_quant::linear_quant); `w` is in
    /// [panels](crate::panels), the last one filled up with any rows.
    linear_quant<Lanes>(dst: &mut Tile<'_>, x: &Activations<'_>, w: &[u8], dtype: DType);
    /// See [`portable::attention`](crate::portable::attention::attention).
    attention_f32(
        dst: &mut Tile<'_>,
        q: Queries<'_>,
        kv: KvPages<'_>,
        kv_head: usize,
        shape: AttentionShape,
    );
    /// See [`portable::attention_i16`](crate::portable::attention_i16::attention_i16); `dst`, `q`
    /// and `kv_head` are as for [`attention_f32`](Self::attention_f32).
    attention_i16<Lanes>(
        dst: &mut Tile<'_>,
        q: Queries<'_>,
        kv: KvPanels<'_>,
        kv_head: usize,
        shape: AttentionShape,
    );
    /// [`attention_i16`](Self::attention_i16) of keys and values in 8 bits.
    attention_i8<Lanes>(
        dst: &mut Tile<'_>,
        q: Queries<'_>,
        kv: KvPanels<'_, i8>,
        kv_head: usize,
        shape: AttentionShape,
    );
    /// See [`portable::fixed_rows`](crate::portable::fixed::fixed_rows).
    fixed_rows(q: &mut [i16], d: &mut [f32], x: &[f32], limit: i32);
    /// Fused multiply-adds of f32, `48 * 16 * rounds` of them; `dst` gets the sums of every row.
    fma_chains<Lanes>(dst: &mut [f32; 16], w: &[u8; 64], a: &[u8; 64], rounds: usize);
    /// The product of i16 that [`attention_i16`](Self::attention_i16) takes, `48 * 32 * rounds` times.
    madd_chains<Lanes>(dst: &mut [f32; 16], w: &[u8; 64], a: &[u8; 64], rounds: usize);
    /// The product of bytes that quantised weights take, `48 * 64 * rounds` times; `w` holds no
    /// byte above 127, and `a` is signed.
    dot_chains<Lanes>(dst: &mut [f32; 16], w: &[u8; 64], a: &[u8; 64], rounds: usize);
    /// The product that bf16 weights take, `48 * 32 * rounds` times.
    dot_bf16_chains<Lanes>(dst: &mut [f32; 16], w: &[u8; 64], a: &[u8; 64], rounds: usize);
}

impl Kernels {
    /// The table's name: `portable`, `avx2`, `avx512`, `avx512bf16`, `amx` or `neon`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What steps of activations have to be for weights of the float type `dtype`.
    pub fn step(&self, dtype: DType) -> Step {
        match dtype {
            DType::BF16 if self.pairs => Step::Two,
            DType::BF16 => Step::Rounded,
            _ => Step::One,
        }
    }

    /// Lays rows out tile by tile, as [`Steps`] has them.
    ///
    /// # Panics
    /// As `steps`.
    pub fn steps_of_rows(&self, dst: &mut [u32], x: Rows<'_>, step: Step) {
        let per_row = step.per_row(x.width);
        for (first, end) in tiles(x, Turns::Fours) {
            self.steps(
                &mut dst[first * per_row..end * per_row],
                x.part(first, end),
                step,
            );
        }
    }

    /// How `n` rows of activations have to take turns for [`linear_quant`](Self::linear_quant).
    pub fn turns(&self, n: usize, block: ActBlock) -> Turns {
        let [small, large] = self.lines_from;
        let from = match block {
            ActBlock::Small => small,
            ActBlock::Super => large,
        };
        if n < from { Turns::Fours } else { Turns::Lines }
    }

    /// Quantises rows, tile by tile, as [`Activations`] has them.
    ///
    /// # Panics
    /// As `quantize`.
    pub fn quantize_rows(
        &self,
        (q, d, sums): (&mut [i8], &mut [f32], &mut [i16]),
        x: Rows<'_>,
        block: ActBlock,
        turns: Turns,
    ) {
        let (width, floats, n_sums) = (x.width, block.floats(x.width), block.sums(x.width));
        for (first, end) in tiles(x, turns) {
            let part = |len: usize| first * len..(first + turns.room(end - first)) * len;
            self.quantize(
                &mut q[part(width)],
                &mut d[part(floats)],
                &mut sums[part(n_sums)],
                x.part(first, end),
                block,
                turns,
            );
        }
    }

    /// Every table that this machine runs, the best first; `portable` is always the last.
    pub fn available() -> Vec<&'static Kernels> {
        arch::available()
    }

    /// The table `name`, if this machine runs it.
    pub fn named(name: &str) -> Result<&'static Kernels, IsaError> {
        let tables = Kernels::available();
        tables
            .iter()
            .copied()
            .find(|t| t.name == name)
            .ok_or_else(|| IsaError {
                asked: name.to_owned(),
                available: tables.iter().map(|t| t.name).collect(),
            })
    }

    /// The table that the environment variable `GLASSBOX_ISA` names, else the best.
    pub fn detect() -> Result<&'static Kernels, IsaError> {
        match std::env::var_os(VARIABLE).filter(|name| !name.is_empty()) {
            Some(name) => Kernels::named(&name.to_string_lossy()),
            None => Ok(Kernels::available()[0]),
        }
    }
}

/// The first row of each tile, and the one behind its last.
fn tiles(x: Rows<'_>, turns: Turns) -> impl Iterator<Item = (usize, usize)> {
    let n = x.data.len() / x.width.max(1);
    let next = move |first| (first, n.min(first + turns.tile(n - first)));
    let ends = std::iter::successors(Some(next(0)), move |&(_, end)| Some(next(end)));
    ends.take_while(|(first, end)| first < end)
}

impl std::fmt::Debug for Kernels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kernels({})", self.name)
    }
}
