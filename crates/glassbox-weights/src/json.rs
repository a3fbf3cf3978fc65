//! JSON as a tree that remembers order and repeated keys, so that repeats can be refused.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// What can be wrong with JSON text, before any of its keys is looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// Not JSON, or nested more than 128 deep.
    #[error("not valid JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// The same key twice in one object: readers disagree on which one counts.
    #[error("duplicate key {path}")]
    DuplicateKey {
        /// The key, with those of the objects around it.
        path: String,
    },
    /// The outermost value must be an object.
    #[error("expected an object, found {found}")]
    NotAnObject {
        /// What the outermost value is.
        found: &'static str,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    String(String),
    Array(Vec<Json>),
    Object(Object),
}

pub(crate) type Object = Vec<(String, Json)>;

impl Json {
    /// The name of the value's type, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Bool(_) => "a boolean",
            Json::Unsigned(_) | Json::Signed(_) => "an integer",
            Json::Float(_) => "a number",
            Json::String(_) => "a string",
            Json::Array(_) => "an array",
            Json::Object(_) => "an object",
        }
    }
}

impl fmt::Display for Json {
    /// The value as JSON text, containers cut short: an error shows a value, not a file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(b) => write!(f, "{b}"),
            Json::Unsigned(n) => write!(f, "{n}"),
            Json::Signed(n) => write!(f, "{n}"),
            Json::Float(x) => write!(f, "{x:?}"),
            Json::String(s) if s.chars().count() > 60 => {
                write!(f, "{:?}…", s.chars().take(60).collect::<String>())
            }
            Json::String(s) => write!(f, "{s:?}"),
            Json::Array(items) => write!(f, "an array of {}", items.len()),
            Json::Object(entries) => write!(f, "an object of {} keys", entries.len()),
        }
    }
}

/// The entries of the object that `bytes` hold, in order.
pub(crate) fn parse_object(bytes: &[u8]) -> Result<Object, JsonError> {
    let object = match serde_json::from_slice(bytes)? {
        Json::Object(object) => object,
        other => {
            return Err(JsonError::NotAnObject {
                found: other.kind(),
            });
        }
    };
    if let Some(path) = duplicate(&object, "") {
        return Err(JsonError::DuplicateKey { path });
    }
    Ok(object)
}

/// The path of a key that stands twice in one object. Recursion ends at serde_json's 128 levels.
fn duplicate(object: &Object, prefix: &str) -> Option<String> {
    let mut keys: Vec<&str> = object.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
        return Some(format!("{prefix}{}", pair[0]));
    }
    object.iter().find_map(|(key, value)| match value {
        Json::Object(inner) => duplicate(inner, &format!("{prefix}{key}.")),
        Json::Array(items) => items.iter().find_map(|item| in_array(item, prefix, key)),
        _ => None,
    })
}

fn in_array(item: &Json, prefix: &str, key: &str) -> Option<String> {
    match item {
        Json::Object(inner) => duplicate(inner, &format!("{prefix}{key}[].")),
        Json::Array(items) => items.iter().find_map(|item| in_array(item, prefix, key)),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Json, E> {
        Ok(Json::Bool(b))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Json, E> {
        Ok(Json::Unsigned(n))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Json, E> {
        Ok(Json::Signed(n))
    }

    fn visit_f64<E>(self, x: f64) -> Result<Json, E> {
        Ok(Json::Float(x))
    }

    fn visit_str<E>(self, s: &str) -> Result<Json, E> {
        Ok(Json::String(s.to_owned()))
    }

    fn visit_string<E>(self, s: String) -> Result<Json, E> {
        Ok(Json::String(s))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Json::Object(entries))
    }
}
