//! Forms of a [`Trace`](crate::Trace) for other programs and for people, one a file.

mod html;
mod json;
mod markdown;

pub use html::{Branch, HtmlReport};
