//! The counter-based generator: a seed and a position give the draw, and nothing else does.
//!
//! The generator is **Philox4x32-10** (Salmon, Moraes, Dror and Shaw, *Parallel Random Numbers: As Easy as 1, 2, 3*,
//! SC 2011). It has no state to carry: a draw depends on its key and counter alone, so that a sequence that was batched
//! otherwise, speculated on, cancelled or tried again draws the same numbers at the same positions.
//!
//! Layout, part of the crate's contract: the key is `[seed low, seed high]`, the counter is
//! `[pos low, pos high, lane, 0]`, and the draw is the top 53 bits of the first two output words
//! (`word0 << 32 | word1`) over 2^53.

const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// One block of Philox4x32-10: 128 random bits for this counter and key.
pub fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let (mut c, mut k) = (counter, key);
    for round in 0..ROUNDS {
        if round > 0 {
            k = [k[0].wrapping_add(WEYL[0]), k[1].wrapping_add(WEYL[1])];
        }
        let p0 = u64::from(MULTIPLIER[0]) * u64::from(c[0]);
        let p1 = u64::from(MULTIPLIER[1]) * u64::from(c[2]);
        c = [
            (p1 >> 32) as u32 ^ c[1] ^ k[0],
            p1 as u32,
            (p0 >> 32) as u32 ^ c[3] ^ k[1],
            p0 as u32,
        ];
    }
    c
}

/// Which of the independent draws of one position is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lane(u32);

impl Lane {
    /// The draw that chooses the token.
    pub const TOKEN: Self = Self(0);
    /// The draw that decides whether XTC acts.
    pub const XTC: Self = Self(1);

    /// A lane for a program's own step; none is shared with the built-in ones.
    pub const fn custom(index: u16) -> Self {
        Self(0x1_0000 + index as u32)
    }
}

/// The draw of `lane` at `pos` under `seed`: uniform on `[0, 1)`, a multiple of 2^−53.
pub fn uniform(seed: u64, pos: u64, lane: Lane) -> f64 {
    let counter = [pos as u32, (pos >> 32) as u32, lane.0, 0];
    let words = philox4x32_10(counter, [seed as u32, (seed >> 32) as u32]);
    let bits = u64::from(words[0]) << 32 | u64::from(words[1]);
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The three Philox4x32-10 lines of `tests/kat_vectors` in DEShawResearch/random123.
    #[test]
    fn published_vectors() {
        let cases = [
            (
                [0; 4],
                [0; 2],
                [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
            ),
            (
                [u32::MAX; 4],
                [u32::MAX; 2],
                [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
            ),
            (
                [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
                [0xa4093822, 0x299f31d0],
                [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
            ),
        ];
        for (counter, key, expected) in cases {
            assert_eq!(philox4x32_10(counter, key), expected);
        }
    }

    #[test]
    fn the_draw_is_made_of_the_first_two_words() {
        let expected = (0x6627_e8d5_e169_c58du64 >> 11) as f64 / (1u64 << 53) as f64;
        assert_eq!(uniform(0, 0, Lane::TOKEN), expected);
    }

    #[test]
    fn every_part_of_the_counter_counts() {
        let base = uniform(1, 2, Lane::TOKEN);
        assert_ne!(base, uniform(2, 2, Lane::TOKEN));
        assert_ne!(base, uniform(1 + (1 << 32), 2, Lane::TOKEN));
        assert_ne!(base, uniform(1, 3, Lane::TOKEN));
        assert_ne!(base, uniform(1, 2 + (1 << 32), Lane::TOKEN));
        assert_ne!(base, uniform(1, 2, Lane::XTC));
        assert_ne!(uniform(1, 2, Lane::XTC), uniform(1, 2, Lane::custom(1)));
    }
}
