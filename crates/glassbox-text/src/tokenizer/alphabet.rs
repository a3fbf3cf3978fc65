//! The byte-level alphabet of GPT-2: every byte has a printable character, so a vocabulary of bytes can be stored as text.

/// How many characters the alphabet spans: 256 bytes, of which 68 are moved to U+0100 and above.
const REVERSE_LEN: usize = 256 + 68;

const FORWARD: [char; 256] = forward();
const REVERSE: [Option<u8>; REVERSE_LEN] = reverse();

/// Bytes that stand for themselves; the others are numbered from U+0100 in byte order.
const fn stands_for_itself(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF)
}

const fn forward() -> [char; 256] {
    let mut table = ['\0'; 256];
    let mut moved = 0u32;
    let mut byte = 0usize;
    while byte < 256 {
        table[byte] = if stands_for_itself(byte as u8) {
            byte as u8 as char
        } else {
            moved += 1;
            match char::from_u32(255 + moved) {
                Some(c) => c,
                None => '\0',
            }
        };
        byte += 1;
    }
    table
}

const fn reverse() -> [Option<u8>; REVERSE_LEN] {
    let table = forward();
    let mut back = [None; REVERSE_LEN];
    let mut byte = 0usize;
    while byte < 256 {
        back[table[byte] as usize] = Some(byte as u8);
        byte += 1;
    }
    back
}

/// The character that stands for a byte.
pub(crate) fn char_of(byte: u8) -> char {
    FORWARD[usize::from(byte)]
}

/// The byte that a character stands for, if it is of the alphabet.
pub(crate) fn byte_of(c: char) -> Option<u8> {
    REVERSE.get(c as usize).copied().flatten()
}

/// The bytes of a token as the ByteLevel decoder reads it: a token with a character outside the alphabet is plain text.
pub(crate) fn token_bytes(token: &str) -> Vec<u8> {
    token
        .chars()
        .map(byte_of)
        .collect::<Option<Vec<u8>>>()
        .unwrap_or_else(|| token.as_bytes().to_vec())
}

/// Parses `<0x0A>` strictly: two hexadecimal digits, no sign, nothing else.
pub(crate) fn byte_token(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    if digits.len() != 2 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u8::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_is_a_bijection() {
        for byte in 0..=255u8 {
            assert_eq!(byte_of(char_of(byte)), Some(byte));
        }
        assert_eq!(char_of(b' '), 'Ġ');
        assert_eq!(char_of(b'\n'), 'Ċ');
        assert_eq!(char_of(0xAD), '\u{143}');
        assert_eq!(byte_of('｜'), None);
    }

    #[test]
    fn byte_tokens_are_strict() {
        assert_eq!(byte_token("<0x0A>"), Some(10));
        assert_eq!(byte_token("<0xff>"), Some(255));
        for bad in [
            "<0x-1>", "<0xGG>", "<0x+1>", "<0x1>", "<0x001>", "<0X0A>", "0x0A", "<0x>",
        ] {
            assert_eq!(byte_token(bad), None, "{bad}");
        }
    }
}
