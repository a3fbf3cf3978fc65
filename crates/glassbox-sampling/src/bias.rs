//! The weights of `logit_bias` in JSON, which has no number for −inf.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Weight {
    Number(f64),
    Text(String),
}

pub(crate) fn serialize<S: Serializer>(
    bias: &BTreeMap<u32, f64>,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_map(bias.iter().map(|(&id, &weight)| match weight.is_finite() {
        true => (id, Weight::Number(weight)),
        false => (id, Weight::Text(weight.to_string())),
    }))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<BTreeMap<u32, f64>, D::Error> {
    let weights = BTreeMap::<u32, Weight>::deserialize(from)?;
    let number = |(id, weight)| match weight {
        Weight::Number(number) => Ok((id, number)),
        Weight::Text(text) if text == "-inf" => Ok((id, f64::NEG_INFINITY)),
        Weight::Text(text) => Err(D::Error::custom(format!(
            "logit_bias of token {id} is {text:?}, expected a number or \"-inf\""
        ))),
    };
    weights.into_iter().map(number).collect()
}
