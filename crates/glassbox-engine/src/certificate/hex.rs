//! Hashes as hexadecimal digits in JSON, for `#[serde(with = "…")]`.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};
use std::fmt::Display;
use std::str::FromStr;

pub(crate) fn serialize<T: Display, S: Serializer>(hash: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(hash)
}

pub(crate) fn deserialize<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    let text = String::deserialize(from)?;
    text.parse()
        .map_err(|error| D::Error::custom(format!("{text:?} is no hash: {error}")))
}
