//! The tokens that came before: what penalties look at.

use crate::SamplingError;

/// The tokens of one sequence, and how many of them were given to the model rather than chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    tokens: Vec<u32>,
    n_prompt: usize,
    vocab: usize,
}

impl History {
    /// An empty history over a vocabulary.
    pub fn new(vocab: usize) -> Self {
        Self {
            tokens: Vec::new(),
            n_prompt: 0,
            vocab,
        }
    }

    /// Appends a token that the model generated, or that was put into its mouth.
    ///
    /// # Errors
    /// [`SamplingError::UnknownToken`] if the id isn't in the vocabulary.
    pub fn push(&mut self, id: u32) -> Result<(), SamplingError> {
        self.check(id, "accept")?;
        self.tokens.push(id);
        Ok(())
    }

    /// Appends tokens of a prompt. Whatever came before is part of the prompt from now on, an earlier turn's answer
    /// included.
    ///
    /// # Errors
    /// [`SamplingError::UnknownToken`] if an id isn't in the vocabulary; the history is then as it was.
    pub fn push_prompt(&mut self, ids: &[u32]) -> Result<(), SamplingError> {
        for id in ids {
            self.check(*id, "accept_prompt")?;
        }
        self.tokens.extend_from_slice(ids);
        self.n_prompt = self.tokens.len();
        Ok(())
    }

    /// Forgets all but the first `len` tokens, as when an answer is taken back to a step and goes on from there.
    ///
    /// # Errors
    /// [`SamplingError::HistoryShorter`] if there are not so many.
    pub fn truncate(&mut self, len: usize) -> Result<(), SamplingError> {
        if len > self.tokens.len() {
            return Err(SamplingError::HistoryShorter {
                len: self.tokens.len(),
                asked: len,
            });
        }
        self.tokens.truncate(len);
        self.n_prompt = self.n_prompt.min(len);
        Ok(())
    }

    /// All tokens, the oldest first.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// How many of the first tokens are the prompt.
    pub fn n_prompt(&self) -> usize {
        self.n_prompt
    }

    /// The size of the vocabulary, above every id.
    pub fn vocab(&self) -> usize {
        self.vocab
    }

    /// The last `last_n` tokens (all for `None`), as the prompt's part and the generated part.
    pub fn window(&self, last_n: Option<u32>) -> (&[u32], &[u32]) {
        let len = self.tokens.len();
        let start = last_n.map_or(0, |n| len.saturating_sub(n as usize));
        let split = self.n_prompt.max(start);
        (&self.tokens[start..split], &self.tokens[split..])
    }

    fn check(&self, id: u32, field: &'static str) -> Result<(), SamplingError> {
        if (id as usize) < self.vocab {
            Ok(())
        } else {
            Err(SamplingError::UnknownToken {
                field,
                id,
                vocab: self.vocab,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_knows_prompt_from_answer() {
        let mut h = History::new(10);
        h.push_prompt(&[1, 2, 3]).unwrap();
        h.push(4).unwrap();
        h.push(5).unwrap();
        assert_eq!(h.window(None), (&[1, 2, 3][..], &[4, 5][..]));
        assert_eq!(h.window(Some(3)), (&[3][..], &[4, 5][..]));
        assert_eq!(h.window(Some(1)), (&[][..], &[5][..]));
        assert_eq!(h.window(Some(0)), (&[][..], &[][..]));
        assert_eq!(h.window(Some(99)), h.window(None));
        h.truncate(2).unwrap();
        assert_eq!((h.tokens(), h.n_prompt()), (&[1, 2][..], 2));
        assert!(matches!(
            h.truncate(3),
            Err(SamplingError::HistoryShorter { len: 2, asked: 3 })
        ));
    }

    #[test]
    fn ids_outside_the_vocabulary_change_nothing() {
        let mut h = History::new(10);
        assert!(matches!(
            h.push(10),
            Err(SamplingError::UnknownToken {
                id: 10,
                vocab: 10,
                ..
            })
        ));
        assert!(h.push_prompt(&[1, 99]).is_err());
        assert!(h.tokens().is_empty());
    }
}
