//! Names what people save as weights by mistake, from the first bytes of the file.

use std::fmt;

/// A file that is not weights, or weights in a format that glassbox does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Foreign {
    /// No bytes at all.
    Empty,
    /// A Git LFS pointer: the repository was cloned without its large files.
    LfsPointer,
    /// A web page, such as an error page or a sign-in form.
    Html,
    /// A zip archive: PyTorch's pickle files are these.
    Zip,
    /// A bare pickle stream, as old PyTorch wrote it.
    Pickle,
    /// JSON text, such as a config or an index.
    Json,
    /// A file of the formats that preceded GGUF.
    Ggml,
    /// A GGUF file, where only safetensors make sense.
    Gguf,
    /// Anything else; the first eight bytes.
    Unknown([u8; 8]),
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Foreign::Empty => f.write_str("0 bytes, expected GGUF or safetensors"),
            Foreign::LfsPointer => f.write_str(
                "a Git LFS pointer, not the weights it points to: fetch them with `git lfs pull`",
            ),
            Foreign::Html => {
                f.write_str("an HTML page, not weights: the download went wrong or needs a sign-in")
            }
            Foreign::Zip => f.write_str(
                "a zip archive, as PyTorch's .bin and .pt files are: pickle files are not \
                 supported, convert to safetensors",
            ),
            Foreign::Pickle => f.write_str("a pickle file: not supported, convert to safetensors"),
            Foreign::Json => f.write_str("JSON text, expected GGUF or safetensors"),
            Foreign::Ggml => {
                f.write_str("a GGML file from before GGUF: not supported, convert to GGUF")
            }
            Foreign::Gguf => f.write_str("a GGUF file, expected safetensors"),
            Foreign::Unknown(first) => write!(
                f,
                "starts with \"{}\", expected GGUF or safetensors",
                first.escape_ascii()
            ),
        }
    }
}

/// What the first bytes of a file of `len` bytes say that it is.
pub(crate) enum Kind {
    Gguf,
    SafeTensors,
    Foreign(Foreign),
}

pub(crate) fn kind(first: &[u8], len: u64) -> Kind {
    let foreign = if len == 0 {
        Foreign::Empty
    } else if first.starts_with(b"GGUF") {
        return Kind::Gguf;
    } else if first.starts_with(b"version https://git-lfs") {
        Foreign::LfsPointer
    } else if first.starts_with(b"PK\x03\x04") {
        Foreign::Zip
    } else if first.starts_with(b"ggml")
        || first.starts_with(b"lmgg")
        || first.starts_with(b"fmgg")
        || first.starts_with(b"tjgg")
    {
        Foreign::Ggml
    } else if is_html(first) {
        Foreign::Html
    } else if first.len() >= 2 && first[0] == 0x80 && (2..=5).contains(&first[1]) && !brace(first) {
        Foreign::Pickle
    } else if brace(first) {
        // Eight bytes of length, then the header's brace: checked before JSON, because a length
        // may itself begin with the byte of a brace.
        return Kind::SafeTensors;
    } else if first.trim_ascii_start().starts_with(b"{") {
        Foreign::Json
    } else if first.len() >= 8 && first[5..8] == [0, 0, 0] {
        // The length is plausible even though the header is not: let the parser say what is wrong.
        return Kind::SafeTensors;
    } else {
        let mut start = [0; 8];
        let n = first.len().min(8);
        start[..n].copy_from_slice(&first[..n]);
        Foreign::Unknown(start)
    };
    Kind::Foreign(foreign)
}

fn brace(first: &[u8]) -> bool {
    first.get(8) == Some(&b'{')
}

fn is_html(first: &[u8]) -> bool {
    let text = first.trim_ascii_start();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    [&b"<!doctype html"[..], b"<html", b"<head", b"<?xml"]
        .iter()
        .any(|tag| text.len() >= tag.len() && text[..tag.len()].eq_ignore_ascii_case(tag))
}
