#![allow(unsafe_code)]

use std::marker::PhantomData;

/// A rectangle of a row-major f32 matrix that one thread writes: some rows, some columns.
///
/// Two tiles of one matrix that do not overlap can be written at the same time, which slices
/// cannot express when the tiles share rows.
pub struct Tile<'a> {
    // Invariant: `first` points at the element [first_row, first_col] of a matrix whose rows are
    // `stride` elements apart; all `n_rows` × `n_cols` elements are valid and, for `'a`, only
    // reachable through this tile.
    first: *mut f32,
    stride: usize,
    first_row: usize,
    n_rows: usize,
    first_col: usize,
    n_cols: usize,
    lifetime: PhantomData<&'a mut [f32]>,
}

// SAFETY: a tile is the only way to its elements, as `&mut [f32]` is, which is `Send`.
unsafe impl Send for Tile<'_> {}

impl<'a> Tile<'a> {
    /// All of `matrix`, whose rows are `width` elements.
    ///
    /// # Panics
    /// When `matrix` is not a whole number of rows.
    pub fn whole(matrix: &'a mut [f32], width: usize) -> Self {
        assert!(
            matrix.len().is_multiple_of(width.max(1)),
            "{} of {width}",
            matrix.len()
        );
        Tile {
            first: matrix.as_mut_ptr(),
            stride: width,
            first_row: 0,
            n_rows: matrix.len() / width.max(1),
            first_col: 0,
            n_cols: width,
            lifetime: PhantomData,
        }
    }

    /// The part of this tile that begins at (`row`, `col`), counted from its own corner, at most
    /// `n_rows` by `n_cols`, cut at this tile's edge.
    ///
    /// # Safety
    /// Until the part is dropped, neither this tile nor another part of it that overlaps may be
    /// read or written.
    pub(crate) unsafe fn part_unchecked(
        &self,
        (row, n_rows): (usize, usize),
        (col, n_cols): (usize, usize),
    ) -> Tile<'a> {
        let (row, col) = (row.min(self.n_rows), col.min(self.n_cols));
        let n_rows = n_rows.min(self.n_rows - row);
        let n_cols = n_cols.min(self.n_cols - col);
        // An empty part keeps the corner, since its own could lie past the matrix's end.
        let offset = if n_rows * n_cols == 0 {
            0
        } else {
            row * self.stride + col
        };
        Tile {
            // SAFETY: `offset` is the index of an element of this tile, or 0.
            first: unsafe { self.first.add(offset) },
            stride: self.stride,
            first_row: self.first_row + row,
            n_rows,
            first_col: self.first_col + col,
            n_cols,
            lifetime: PhantomData,
        }
    }

    /// Cuts the tile into a grid of parts of at most `n_rows` by `n_cols`.
    pub fn grid(self, n_rows: usize, n_cols: usize) -> Grid<'a> {
        let (n_rows, n_cols) = (n_rows.max(1), n_cols.max(1));
        let across = self.n_cols.div_ceil(n_cols);
        let len = self.n_rows.div_ceil(n_rows) * across;
        Grid {
            tile: self,
            n_rows,
            n_cols,
            across,
            len,
        }
    }

    /// The `n` rows of this tile that begin at `first`, cut at its edge.
    pub fn rows(&mut self, first: usize, n: usize) -> Tile<'_> {
        // SAFETY: the part borrows this tile mutably, so nothing else reaches its elements.
        unsafe { self.part_unchecked((first, n), (0, self.n_cols)) }
    }

    /// The matrix's row that is this tile's row 0.
    pub fn first_row(&self) -> usize {
        self.first_row
    }

    /// The matrix's column that is this tile's column 0.
    pub fn first_col(&self) -> usize {
        self.first_col
    }

    /// Rows of this tile.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Columns of this tile.
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// Row `row` of this tile, `[n_cols]`.
    ///
    /// # Panics
    /// When `row` is not below `n_rows`.
    #[inline(always)]
    pub fn row(&mut self, row: usize) -> &mut [f32] {
        assert!(row < self.n_rows, "row {row} of {}", self.n_rows);
        // SAFETY: by the invariant of `first` the row's `n_cols` elements are valid and ours, and
        // the borrow of `self` keeps a second slice from overlapping it.
        unsafe { std::slice::from_raw_parts_mut(self.first.add(row * self.stride), self.n_cols) }
    }
}

/// A [`Tile`] cut into parts that any threads may take, each once.
pub struct Grid<'a> {
    tile: Tile<'a>,
    n_rows: usize,
    n_cols: usize,
    across: usize,
    len: usize,
}

// SAFETY: the only access through a shared grid is `part`, whose contract hands every part to one
// caller, and distinct parts do not overlap.
unsafe impl Sync for Grid<'_> {}

impl<'a> Grid<'a> {
    /// Parts in the grid.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Part `index`, counted along rows first.
    ///
    /// # Safety
    /// No two parts with the same index may be alive at once.
    pub unsafe fn part(&self, index: usize) -> Tile<'a> {
        assert!(index < self.len);
        let (down, right) = (index / self.across, index % self.across);
        let rows = (down * self.n_rows, self.n_rows);
        let cols = (right * self.n_cols, self.n_cols);
        // SAFETY: parts with different indices do not overlap, and by this function's contract
        // no other part has this index; the whole tile is owned and untouched by the grid.
        unsafe { self.tile.part_unchecked(rows, cols) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_covers_each_element_once() {
        let mut matrix = vec![0.0; 5 * 7];
        let grid = Tile::whole(&mut matrix, 7).grid(2, 3);
        assert_eq!(grid.len(), 9);
        for i in 0..grid.len() {
            // SAFETY: each index is taken once.
            let mut part = unsafe { grid.part(i) };
            for r in 0..part.n_rows() {
                let (row, col) = (part.first_row() + r, part.first_col());
                for (c, x) in part.row(r).iter_mut().enumerate() {
                    *x += (row * 7 + col + c) as f32;
                }
            }
        }
        assert!(matrix.iter().enumerate().all(|(i, &x)| x == i as f32));
    }

    #[test]
    fn nothing_makes_no_parts() {
        assert!(Tile::whole(&mut [], 4).grid(1, 1).is_empty());
        assert!(Tile::whole(&mut [], 0).grid(1, 1).is_empty());
    }
}
