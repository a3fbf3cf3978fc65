//! Partial selection: the best few of a vocabulary without sorting the whole of it.
//!
//! Candidates have one total order, called **rank**: the larger logit first, and of equal logits the lower id. It is
//! packed into an integer key, whose order is total and unique, so that no result depends on which selection
//! algorithm the standard library happens to have.

use crate::candidates::Candidate;

/// The candidate as an integer: the smaller key has the better rank.
#[inline]
pub(crate) fn key(c: Candidate) -> u64 {
    // Adding zero turns −0.0 into 0.0, which are equal logits and must rank by id.
    let bits = (c.logit + 0.0).to_bits();
    let ascending = bits ^ (((bits as i32 >> 31) as u32) | 0x8000_0000);
    u64::from(!ascending) << 32 | u64::from(c.id)
}

/// The candidate of a [`key`].
#[inline]
pub(crate) fn from_key(key: u64) -> Candidate {
    let ascending = !((key >> 32) as u32);
    let bits = if ascending & 0x8000_0000 != 0 {
        ascending ^ 0x8000_0000
    } else {
        !ascending
    };
    Candidate {
        id: key as u32,
        logit: f32::from_bits(bits),
    }
}

/// Puts the `k` smallest of `source` into `best`, sorted.
///
/// It keeps a buffer of at least twice `k` and the bound that an element must beat to enter it, which few of a long
/// row do: the row is read once and rarely written.
pub(crate) fn smallest<T: Ord + Copy>(
    k: usize,
    source: impl Iterator<Item = T>,
    best: &mut Vec<T>,
) {
    best.clear();
    if k == 0 {
        return;
    }
    let room = k.saturating_add(k.max(256));
    let mut bound = None;
    for x in source {
        if bound.is_some_and(|b| x > b) {
            continue;
        }
        best.push(x);
        if best.len() == room {
            best.select_nth_unstable(k - 1);
            best.truncate(k);
            bound = Some(best[k - 1]);
        }
    }
    best.sort_unstable();
    best.truncate(k);
}

/// Sorts only as much of the front of `all` as `enough` needs: it's called with each element in ascending order until
/// it says true. Returns how many it was called with, or `None` if it never said true; then all are sorted.
pub(crate) fn sorted_until<T: Ord>(
    all: &mut [T],
    mut enough: impl FnMut(&T) -> bool,
) -> Option<usize> {
    let (mut done, mut chunk) = (0, 64);
    while done < all.len() {
        let rest = &mut all[done..];
        let m = chunk.min(rest.len());
        if m < rest.len() {
            rest.select_nth_unstable(m);
        }
        rest[..m].sort_unstable();
        if let Some(i) = rest[..m].iter().position(&mut enough) {
            return Some(done + i + 1);
        }
        done += m;
        chunk *= 4;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_rank_by_logit_then_id() {
        let ranked = [
            (3, 2.0),
            (9, 2.0),
            (4, 0.5),
            (1, -0.0),
            (2, 0.0),
            (7, -1e-40),
            (0, -3.0),
            (5, f32::MIN),
        ];
        let keys: Vec<u64> = ranked
            .iter()
            .map(|(id, logit)| {
                key(Candidate {
                    id: *id,
                    logit: *logit,
                })
            })
            .collect();
        assert!(keys.is_sorted());
        for ((id, logit), k) in ranked.iter().zip(&keys) {
            assert_eq!(
                from_key(*k),
                Candidate {
                    id: *id,
                    logit: *logit
                }
            );
        }
    }

    proptest! {
        #[test]
        fn selection_equals_sorting(xs in prop::collection::vec(0u64..500, 0..2000), k in 0usize..1200) {
            let mut sorted = xs.clone();
            sorted.sort_unstable();
            let mut best = Vec::new();
            smallest(k, xs.iter().copied(), &mut best);
            prop_assert_eq!(&best[..], &sorted[..k.min(xs.len())]);

            let mut partial = xs.clone();
            let mut seen = Vec::new();
            let n = sorted_until(&mut partial, |x| { seen.push(*x); seen.len() == k });
            prop_assert_eq!(n, (1..=xs.len()).contains(&k).then_some(k));
            prop_assert_eq!(&seen[..], &sorted[..seen.len()]);
            prop_assert_eq!(&partial[..seen.len()], &seen[..]);
        }
    }
}
