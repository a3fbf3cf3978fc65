//! Text of the model, escaped, with marks.

use crate::{Finding, Severity};

/// Text that stands in a page or in an attribute as it is.
///
/// Besides the five characters that HTML gives a meaning, control characters are replaced: HTML
/// has no way to write them.
pub(super) fn escape(text: &str) -> String {
    let mut dst = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => dst.push_str("&amp;"),
            '<' => dst.push_str("&lt;"),
            '>' => dst.push_str("&gt;"),
            '"' => dst.push_str("&quot;"),
            '\'' => dst.push_str("&#39;"),
            '\r' => {}
            '\n' | '\t' => dst.push(c),
            _ if c.is_control() => dst.push(char::REPLACEMENT_CHARACTER),
            _ => dst.push(c),
        }
    }
    dst
}

/// A text and where it begins in its section.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    text: &'a str,
    start: usize,
}

impl<'a> Text<'a> {
    pub(super) fn new(text: &'a str, start: usize) -> Self {
        Self { text, start }
    }

    /// Writes the text, with marks where a part of it was found to be odd. Where two findings
    /// overlap, the first one is marked; what is about the whole text or goes beyond it is not.
    pub(super) fn write(self, dst: &mut String, findings: &[&Finding]) {
        let mut marks: Vec<_> = findings
            .iter()
            .filter_map(|finding| {
                let start = finding.place.bytes.start.checked_sub(self.start)?;
                let end = finding.place.bytes.end.checked_sub(self.start)?;
                let part = self.text.get(start..end)?;
                (!part.is_empty() && part.len() < self.text.len()).then_some((start, end, finding))
            })
            .collect();
        marks.sort_by_key(|&(start, ..)| start);
        dst.push_str("<div class=\"text\" dir=\"auto\">");
        let mut at = 0;
        for (start, end, finding) in marks {
            if start < at {
                continue;
            }
            let class = class(finding.severity);
            let title = escape(&finding.message);
            dst.push_str(&escape(&self.text[at..start]));
            dst.push_str(&format!("<mark class=\"{class}\" title=\"{title}\">"));
            dst.push_str(&escape(&self.text[start..end]));
            dst.push_str("</mark>");
            at = end;
        }
        dst.push_str(&escape(&self.text[at..]));
        dst.push_str("</div>\n");
    }
}

pub(super) fn class(severity: Severity) -> &'static str {
    severity.name()
}
