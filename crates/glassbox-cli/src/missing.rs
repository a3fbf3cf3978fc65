use crate::output;
use glassbox::text::Tokenizer;

/// Warns of what the vocabulary cannot write: the model does not see it as it was typed.
pub(crate) fn warn(tokenizer: &Tokenizer, text: &str) {
    let missing = tokenizer.missing_bytes();
    let Some(at) = text.bytes().position(|byte| missing.contains(&byte)) else {
        return;
    };
    let byte = text.as_bytes()[at];
    output::aside(&format!(
        "warning: this model's vocabulary cannot write byte {byte:#04x}, at offset {at} of the text"
    ));
}
