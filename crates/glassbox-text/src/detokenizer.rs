//! Ids to text, one at a time, holding back what is not yet a whole character.

use crate::Tokenizer;

/// What decoding shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Text, `<think>` and `</think>`; special tokens such as EOS are left out.
    Text,
    /// Special tokens too.
    Everything,
}

/// A stream of ids to a stream of text.
///
/// The chunking law: whatever the pieces, `push` of every id and then `finish` give, put together,
/// [`Tokenizer::decode`] of all ids. A character whose bytes come from several tokens is emitted whole; bytes become
/// U+FFFD as soon as, and only when, they can no longer become a character.
#[derive(Debug, Clone)]
pub struct Detokenizer {
    tokenizer: Tokenizer,
    show: Show,
    /// An unfinished character: at most three bytes.
    held: Vec<u8>,
    text: String,
}

impl Detokenizer {
    /// A stream at its beginning.
    pub fn new(tokenizer: Tokenizer, show: Show) -> Self {
        Self {
            tokenizer,
            show,
            held: Vec::new(),
            text: String::new(),
        }
    }

    /// The text that this id completes; empty while a character is unfinished.
    pub fn push(&mut self, id: u32) -> &str {
        self.text.clear();
        if self.show == Show::Everything || !self.tokenizer.is_hidden(id) {
            self.held.extend_from_slice(self.tokenizer.bytes_of(id));
            drain_valid(&mut self.held, &mut self.text);
        }
        &self.text
    }

    /// The rest: U+FFFD if the stream ends inside a character, else nothing. The stream is then at its beginning again.
    pub fn finish(&mut self) -> &str {
        self.text.clear();
        if !self.held.is_empty() {
            self.text.push_str(&String::from_utf8_lossy(&self.held));
            self.held.clear();
        }
        &self.text
    }

    /// The bytes held back.
    pub fn pending(&self) -> &[u8] {
        &self.held
    }
}

/// Moves what is decided from `held` to `text`: valid characters, and U+FFFD for each maximal invalid part.
fn drain_valid(held: &mut Vec<u8>, text: &mut String) {
    let mut done = 0;
    loop {
        match std::str::from_utf8(&held[done..]) {
            Ok(valid) => {
                text.push_str(valid);
                done = held.len();
                break;
            }
            Err(error) => {
                let valid_end = done + error.valid_up_to();
                text.push_str(&String::from_utf8_lossy(&held[done..valid_end]));
                done = valid_end;
                match error.error_len() {
                    Some(len) => {
                        text.push('\u{fffd}');
                        done += len;
                    }
                    None => break,
                }
            }
        }
    }
    held.drain(..done);
}

#[cfg(test)]
mod tests {
    use super::drain_valid;

    #[test]
    fn a_character_is_held_until_it_is_whole() {
        let (mut held, mut text) = (Vec::new(), String::new());
        for byte in "é👩".bytes() {
            held.push(byte);
            drain_valid(&mut held, &mut text);
            assert!(!text.contains('\u{fffd}'));
        }
        assert_eq!(text, "é👩");
        for byte in [0xF0, 0x9F, b'a'] {
            held.push(byte);
            drain_valid(&mut held, &mut text);
        }
        assert_eq!(text, "é👩\u{fffd}a");
    }
}
