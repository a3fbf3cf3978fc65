use crate::portable::bf16;
use glassbox_core::quant::Format;
use glassbox_core::{DType, with_format};

/// The name of this layout: another number when a byte of a panel moves.
pub const LAYOUT: &str = "panels of 16 rows, 1";

/// Rows of a panel.
pub const ROWS: usize = 16;

/// Bytes of a panel of rows of `width` elements, which are whole blocks.
pub fn bytes(width: usize, dtype: DType) -> usize {
    let width = match dtype {
        // Elements of bf16 go by twos.
        DType::BF16 => width.next_multiple_of(2),
        _ => width,
    };
    ROWS * (width / dtype.block_len()) * dtype.block_bytes()
}

/// Lays up to 16 rows of `width` elements out as a panel, filled up with zeros.
///
/// # Panics
/// When `panel` has not the [bytes] of one, or `rows` are not whole rows, or more than 16.
pub fn pack(panel: &mut [u8], rows: &[u8], width: usize, dtype: DType) {
    let row_bytes = width / dtype.block_len() * dtype.block_bytes();
    assert_eq!(panel.len(), bytes(width, dtype));
    assert!(rows.len() <= ROWS * row_bytes && rows.len().is_multiple_of(row_bytes.max(1)));
    if rows.len() < panel.len() {
        panel.fill(0);
    }
    for (r, row) in rows.chunks_exact(row_bytes.max(1)).enumerate() {
        each_item(row_bytes, r, dtype, |place, at, size| {
            panel[place..][..size].copy_from_slice(&row[at..][..size]);
        });
    }
    if dtype == DType::BF16 {
        for element in panel.as_chunks_mut().0 {
            *element = bf16::flush(u16::from_le_bytes(*element)).to_le_bytes();
        }
    }
}

/// Row `r` of a panel, as it lies in a file, but for bf16 elements that count as zero.
///
/// # Panics
/// When `panel` is not 16 rows as long as `row`, or there is no row `r`.
pub fn unpack_row(row: &mut [u8], panel: &[u8], r: usize, dtype: DType) {
    let width = row.len() / dtype.block_bytes() * dtype.block_len();
    assert!(panel.len() == bytes(width, dtype) && r < ROWS);
    each_item(row.len(), r, dtype, |place, at, size| {
        row[at..][..size].copy_from_slice(&panel[place..][..size]);
    });
}

/// Calls `each` with every item of row `r`: its place in the panel, its place in the row, and its
/// size.
#[inline(always)]
fn each_item(row_bytes: usize, r: usize, dtype: DType, mut each: impl FnMut(usize, usize, usize)) {
    with_format!(dtype, F => items::<F>(row_bytes, r, each), float => match dtype {
        DType::BF16 => {
            let pairs = row_bytes / 4 * 4;
            for at in (0..pairs).step_by(4) {
                each(at * ROWS + r * 4, at, 4);
            }
            if pairs < row_bytes {
                each(pairs * ROWS + r * 4, pairs, 2);
            }
        }
        _ => {
            let size = dtype.block_bytes();
            for at in (0..row_bytes).step_by(size) {
                each(at * ROWS + r * size, at, size);
            }
        }
    });
}

#[inline(always)]
fn items<F: Format>(row_bytes: usize, r: usize, mut each: impl FnMut(usize, usize, usize)) {
    assert!(
        row_bytes.is_multiple_of(F::BYTES),
        "{row_bytes} bytes of {}",
        F::DTYPE
    );
    let floats = float_offset::<F>(row_bytes);
    let mut word = 0;
    for b in 0..row_bytes / F::BYTES {
        for (f, at) in F::FLOATS.iter().enumerate() {
            let place = floats + (b * F::FLOATS.len() + f) * ROWS * 2;
            each(place + r * 2, b * F::BYTES + at, 2);
        }
        for at in words::<F>() {
            each((word * ROWS + r) * 4, b * F::BYTES + at, 4);
            word += 1;
        }
    }
}

/// Where the words of a block are: all that is not a float.
#[inline(always)]
fn words<F: Format>() -> impl Iterator<Item = usize> {
    // Floats stand together, at the start or at the end.
    let start = match F::FLOATS[0] {
        0 => F::FLOATS.len() * 2,
        _ => 0,
    };
    (0..(F::BYTES - F::FLOATS.len() * 2) / 4).map(move |i| start + i * 4)
}

/// Where in a panel the floats begin: behind all words.
#[inline(always)]
pub(super) fn float_offset<F: Format>(row_bytes: usize) -> usize {
    row_bytes / F::BYTES * (F::BYTES - F::FLOATS.len() * 2) * ROWS
}
