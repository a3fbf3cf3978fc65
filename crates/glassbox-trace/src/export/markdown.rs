//! Markdown for people.

use crate::Trace;

impl Trace {
    /// The trace as a Markdown document: the numbered steps with their kinds, the content, the
    /// answer, and the notes.
    ///
    /// All that the model wrote stands in block quotes, which end whatever it left open: a code
    /// fence, a list, an HTML tag. The answer stands in a code fence longer than any in it, to be
    /// copied as it is.
    pub fn to_markdown(&self) -> String {
        let mut dst = String::new();
        if self.reasoning.is_some() {
            dst.push_str("## Reasoning\n\n");
            if self.steps.is_empty() {
                dst.push_str("None.\n\n");
            }
            for step in &self.steps {
                dst.push_str(&format!(
                    "### {}. {}\n\n",
                    step.index + 1,
                    capitalised(step.kind.name())
                ));
                quote(&mut dst, &step.text);
            }
        }
        if let Some(content) = &self.content {
            dst.push_str("## Content\n\n");
            quote(&mut dst, content);
        }
        if let Some(answer) = &self.answer {
            dst.push_str("## Answer\n\n");
            fence(&mut dst, answer);
        }
        if !self.notes.is_empty() {
            dst.push_str("## Notes\n\n");
            for note in &self.notes {
                dst.push_str(&format!("- Byte {}: {}\n", note.at, note.kind.describe()));
            }
        }
        let len = dst.trim_end().len();
        dst.truncate(len);
        if !dst.is_empty() {
            dst.push('\n');
        }
        dst
    }
}

fn capitalised(name: &str) -> String {
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}

/// A carriage return alone ends a line in Markdown too, and would let the next line out of the
/// quote.
fn quote(dst: &mut String, text: &str) {
    for line in text.replace("\r\n", "\n").split(['\n', '\r']) {
        dst.push_str(if line.is_empty() { ">" } else { "> " });
        dst.push_str(line);
        dst.push('\n');
    }
    dst.push('\n');
}

fn fence(dst: &mut String, text: &str) {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let marks = "`".repeat(longest.max(2) + 1);
    dst.push_str(&format!("{marks}text\n{text}\n{marks}\n\n"));
}
