//! One rule a file.

pub(crate) mod arrows;
pub(crate) mod big_files;
pub(crate) mod devices;
pub(crate) mod facade;
pub(crate) mod file_sizes;
pub(crate) mod leftovers;
pub(crate) mod links;
pub(crate) mod manifests;
pub(crate) mod private_names;
pub(crate) mod readme;
pub(crate) mod safety_comments;
pub(crate) mod unsafe_places;

/// A pattern that a rule is made of.
fn constant(pattern: &str) -> regex::Regex {
    regex::Regex::new(pattern).expect("every pattern is a constant, and each rule's test uses it")
}
