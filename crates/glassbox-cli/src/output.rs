//! What goes to the terminal, and how numbers look there.

use serde::Serialize;
use serde::ser::SerializeStruct;
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

/// Whether escapes may go to a stream: it is a terminal, and `NO_COLOR` is not set.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    on: bool,
}

impl Style {
    pub(crate) fn of(stream: &impl IsTerminal) -> Style {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        Style {
            on: stream.is_terminal() && !refused && !dumb,
        }
    }

    pub(crate) fn is_on(self) -> bool {
        self.on
    }

    pub(crate) fn dim(self) -> &'static str {
        if self.on { "\x1b[2m" } else { "" }
    }

    pub(crate) fn reset(self) -> &'static str {
        if self.on { "\x1b[0m" } else { "" }
    }
}

/// A line on standard error, dimmed; a closed standard error is no failure.
pub(crate) fn aside(text: &str) {
    let mut err = io::stderr();
    let style = Style::of(&err);
    let _ = writeln!(err, "{}{text}{}", style.dim(), style.reset());
}

/// What somebody asked to see, on standard output.
pub(crate) fn show(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    let text = match out.is_terminal() {
        true => harmless(text),
        false => Cow::Borrowed(text),
    };
    writeln!(out, "{}", text.trim_end())?;
    out.flush()
}

/// Rows whose cells stand below each other, two spaces apart.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).filter(|(_, width)| *width > 0);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A text of a file or of a model as a part of a line.
pub(crate) fn one_line(text: &str) -> String {
    let text = harmless(text);
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ")
}

/// The same, cut where it has more characters than `most`.
pub(crate) fn short(text: &str, most: usize) -> String {
    let mut line = one_line(text);
    if let Some((end, _)) = line.char_indices().nth(most) {
        line.truncate(end);
        line.push('…');
    }
    line
}

/// One line of JSON on standard output.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    serde_json::to_writer(&mut out, value)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

/// `text` without characters that steer a terminal: what a model or a file says must not.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.contains(steers) {
        let shown = |c| if steers(c) { '\u{fffd}' } else { c };
        Cow::Owned(text.chars().map(shown).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Bytes for people: `4.36 GiB`.
pub(crate) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if value < 1024.0 {
            return match unit {
                "B" => format!("{bytes} B"),
                _ => format!("{value:.prec$} {unit}", prec = digits(value)),
            };
        }
        value /= 1024.0;
    }
    format!("{value:.2} TiB")
}

/// Counts for people: `7.62 B`, `135 M`.
pub(crate) fn count(n: u64) -> String {
    for (limit, unit) in [(1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")] {
        if n >= limit {
            let value = n as f64 / limit as f64;
            return format!("{value:.prec$} {unit}", prec = digits(value));
        }
    }
    n.to_string()
}

/// Digits after the point that make three in all.
fn digits(value: f64) -> usize {
    match value {
        v if v < 10.0 => 2,
        v if v < 100.0 => 1,
        _ => 0,
    }
}

/// The measured limits as an object, for `serialize_with`.
pub(crate) fn limits<S: serde::Serializer>(
    limits: &glassbox::Limits,
    to: S,
) -> Result<S::Ok, S::Error> {
    let mut object = to.serialize_struct("Limits", 6)?;
    object.serialize_field("threads", &limits.threads)?;
    object.serialize_field("read_bytes_s", &limits.read_bytes_s)?;
    object.serialize_field("f32_fma_s", &limits.f32_fma_s)?;
    object.serialize_field("int8_mac_s", &limits.int8_mac_s)?;
    object.serialize_field("int16_mac_s", &limits.int16_mac_s)?;
    object.serialize_field("bf16_mac_s", &limits.bf16_mac_s)?;
    object.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits() {
        let sizes = [0, 1023, 1024, 98_362_432, 4_683_073_184].map(size);
        assert_eq!(sizes, ["0 B", "1023 B", "1.00 KiB", "93.8 MiB", "4.36 GiB"]);
        let counts = [999, 134_515_008, 7_615_616_512].map(count);
        assert_eq!(counts, ["999", "135 M", "7.62 B"]);
    }

    #[test]
    fn cells_stand_below_each_other() {
        let row = |cells: [&str; 4]| cells.map(str::to_owned);
        let rows = [row(["é", "", "1", "x"]), row(["ab", "", "20", ""])];
        assert_eq!(columns(&rows), "é   1   x\nab  20");
        assert_eq!(columns::<2>(&[]), "");
        assert_eq!(short(" a\n b\tc ", 4), "a b …");
        assert_eq!(short("a b c", 5), "a b c");
    }

    #[test]
    fn escapes_do_not_reach_the_terminal() {
        assert_eq!(harmless("a\n\tb"), "a\n\tb");
        assert_eq!(harmless("\x1b[31mred\u{9b}"), "\u{fffd}[31mred\u{fffd}");
    }
}
