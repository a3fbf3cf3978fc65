use crate::json::JsonError;

/// What can be wrong with a `config.json`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not JSON, or not an object, or a key twice.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A field that must be there.
    #[error("{field} is missing, expected {expected}")]
    Missing {
        /// The field.
        field: String,
        /// The type of its value.
        expected: &'static str,
    },
    /// A value of another type.
    #[error("{field} is {found}, which is {kind}; expected {expected}")]
    Type {
        /// The field.
        field: String,
        /// The type it should have.
        expected: &'static str,
        /// The value.
        found: String,
        /// The type it has.
        kind: &'static str,
    },
    /// A number that no model has.
    #[error("{field} is {found}, expected {expected}")]
    Range {
        /// The field.
        field: String,
        /// The value.
        found: String,
        /// The values that are accepted.
        expected: &'static str,
    },
    /// A value that glassbox does not implement.
    #[error("{field} {found} is not supported, {}", supported_list(.supported))]
    Unsupported {
        /// The field.
        field: String,
        /// The value.
        found: String,
        /// The values that are.
        supported: &'static [&'static str],
    },
    /// A key that glassbox does not know, with a value that says something.
    #[error(
        "unknown key {field} with value {found}: it may change what is computed, and glassbox \
         does not know how; remove it if it does not"
    )]
    Unknown {
        /// The key.
        field: String,
        /// The value.
        found: String,
    },
    /// Two fields that must divide.
    #[error("{field} {value} is not a multiple of {by_field} {by}")]
    Divide {
        /// The field.
        field: &'static str,
        /// Its value.
        value: u64,
        /// The other field.
        by_field: &'static str,
        /// The value of the other.
        by: u64,
    },
    /// Two fields that say different things.
    #[error("{first} says {first_value}, {second} says {second_value}")]
    Contradiction {
        /// One field.
        first: &'static str,
        /// Its value.
        first_value: String,
        /// The other.
        second: &'static str,
        /// Its value.
        second_value: String,
    },
}

fn supported_list(supported: &[&str]) -> String {
    match supported {
        [] => "it must be absent".into(),
        list => format!("supported: {}", list.join(", ")),
    }
}
