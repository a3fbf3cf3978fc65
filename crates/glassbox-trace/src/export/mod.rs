//! Forms of a [`Trace`](crate::Trace) for other programs and for people, one a file.

mod json;
mod markdown;
