use super::IndexError;
use crate::gguf::sorted_unique;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::path::{Component, Path};

/// Which shard of a model holds which tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// `(tensor, shard)`, in file order.
    pub tensors: Vec<(String, String)>,
    /// The shards, sorted, each once.
    pub shards: Vec<String>,
}

/// Parses `model.safetensors.index.json`.
///
/// A shard must be the plain name of a file in the same folder. That file may be a symbolic link,
/// as the Hub's cache makes them; a path that climbs out of the folder is refused.
pub fn parse_index(bytes: &[u8]) -> Result<Index, IndexError> {
    let RawIndex { weight_map } = serde_json::from_slice(bytes)?;
    let tensors = weight_map.0;
    sorted_unique(tensors.len(), |i| &tensors[i].0).map_err(|(first, second)| {
        IndexError::Duplicate {
            tensor: tensors[first].0.clone(),
            first: tensors[first].1.clone(),
            second: tensors[second].1.clone(),
        }
    })?;
    for (tensor, shard) in &tensors {
        if !is_plain_name(shard) {
            return Err(IndexError::ShardPath {
                tensor: tensor.clone(),
                shard: shard.clone(),
            });
        }
    }
    let mut shards: Vec<String> = tensors.iter().map(|(_, shard)| shard.clone()).collect();
    shards.sort_unstable();
    shards.dedup();
    Ok(Index { tensors, shards })
}

/// Whether `name` names a file of the folder it is joined to, on any platform.
pub(crate) fn is_plain_name(name: &str) -> bool {
    let mut components = Path::new(name).components();
    let one = matches!(components.next(), Some(Component::Normal(c)) if c == name);
    one && components.next().is_none() && !name.contains(['/', '\\', ':', '\0'])
}

struct RawIndex {
    weight_map: WeightMap,
}

struct WeightMap(Vec<(String, String)>);

impl<'de> Deserialize<'de> for RawIndex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IndexVisitor;
        impl<'de> Visitor<'de> for IndexVisitor {
            type Value = RawIndex;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a weight_map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawIndex, A::Error> {
                let mut weight_map = None;
                while let Some(key) = map.next_key::<String>()? {
                    if key != "weight_map" {
                        // `metadata.total_size` is known to be wrong in published models with tied
                        // weights, and nothing depends on it.
                        map.next_value::<IgnoredAny>()?;
                    } else if weight_map.replace(map.next_value()?).is_some() {
                        return Err(A::Error::duplicate_field("weight_map"));
                    }
                }
                let weight_map = weight_map.ok_or(A::Error::missing_field("weight_map"))?;
                Ok(RawIndex { weight_map })
            }
        }
        deserializer.deserialize_map(IndexVisitor)
    }
}

impl<'de> Deserialize<'de> for WeightMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapVisitor;
        impl<'de> Visitor<'de> for MapVisitor {
            type Value = WeightMap;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of shard names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WeightMap, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(WeightMap(entries))
            }
        }
        deserializer.deserialize_map(MapVisitor)
    }
}
