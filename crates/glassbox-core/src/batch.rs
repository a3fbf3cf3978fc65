use crate::CoreError;

/// Positions in one page of keys and values.
pub const PAGE: usize = 64;

/// One sequence's share of a batch: some tokens that continue it, and where its past is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence<'a> {
    /// Tokens of this sequence in this batch: one in decode, a chunk in prefill.
    pub n_tokens: usize,
    /// The position of the first of them.
    pub start: usize,
    /// Page table: position `p` lives in page `pages[p / PAGE]` at offset `p % PAGE`.
    pub pages: &'a [u32],
}

/// Any mix of prefill chunks and decode tokens of any number of sequences.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    ids: &'a [u32],
    sequences: &'a [Sequence<'a>],
    logits: &'a [usize],
}

impl<'a> Batch<'a> {
    /// `ids` holds the tokens of all `sequences`, one after the other; `logits` names the rows
    /// (indices into `ids`, ascending) whose next-token logits are wanted.
    pub fn new(
        ids: &'a [u32],
        sequences: &'a [Sequence<'a>],
        logits: &'a [usize],
    ) -> Result<Self, CoreError> {
        let mut in_sequences = 0usize;
        for (sequence, s) in sequences.iter().enumerate() {
            in_sequences = in_sequences.saturating_add(s.n_tokens);
            let end = s.start.saturating_add(s.n_tokens);
            if end.div_ceil(PAGE) > s.pages.len() {
                let last = end.saturating_sub(1);
                return Err(CoreError::BatchPages {
                    sequence,
                    last,
                    pages: s.pages.len(),
                });
            }
        }
        let tokens = ids.len();
        if in_sequences != tokens {
            return Err(CoreError::BatchTokens {
                in_sequences,
                tokens,
            });
        }
        for (i, &row) in logits.iter().enumerate() {
            if row >= tokens || (i > 0 && logits[i - 1] >= row) {
                return Err(CoreError::BatchRows { row, tokens });
            }
        }
        Ok(Batch {
            ids,
            sequences,
            logits,
        })
    }

    /// Token ids, `[n_tokens]`.
    pub fn ids(&self) -> &'a [u32] {
        self.ids
    }

    /// The sequences, in the order of their tokens.
    pub fn sequences(&self) -> &'a [Sequence<'a>] {
        self.sequences
    }

    /// Rows that want logits, ascending.
    pub fn logits(&self) -> &'a [usize] {
        self.logits
    }

    /// Tokens in the batch.
    pub fn n_tokens(&self) -> usize {
        self.ids.len()
    }

    /// For each row, the sequence it belongs to and its position there.
    pub fn rows(&self) -> impl Iterator<Item = (usize, usize)> + 'a {
        let sequences = self.sequences;
        sequences
            .iter()
            .enumerate()
            .flat_map(|(i, s)| (s.start..s.start + s.n_tokens).map(move |pos| (i, pos)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_name_sequence_and_position() {
        let seqs = [
            Sequence {
                n_tokens: 2,
                start: 63,
                pages: &[4, 5],
            },
            Sequence {
                n_tokens: 1,
                start: 0,
                pages: &[9],
            },
        ];
        let batch = Batch::new(&[7, 8, 9], &seqs, &[1, 2]).unwrap();
        assert_eq!(batch.rows().collect::<Vec<_>>(), [(0, 63), (0, 64), (1, 0)]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let short = [Sequence {
            n_tokens: 2,
            start: 63,
            pages: &[4],
        }];
        let err = Batch::new(&[1, 2], &short, &[]).unwrap_err();
        assert_eq!(
            err,
            CoreError::BatchPages {
                sequence: 0,
                last: 64,
                pages: 1
            }
        );
        let one = [Sequence {
            n_tokens: 1,
            start: 0,
            pages: &[0],
        }];
        assert!(matches!(
            Batch::new(&[1, 2], &one, &[]),
            Err(CoreError::BatchTokens { .. })
        ));
        assert!(matches!(
            Batch::new(&[1], &one, &[1]),
            Err(CoreError::BatchRows { .. })
        ));
        assert!(matches!(
            Batch::new(&[1], &one, &[0, 0]),
            Err(CoreError::BatchRows { .. })
        ));
    }
}
