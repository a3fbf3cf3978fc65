use super::ConfigError;
use super::harmless::HARMLESS;
use crate::json::{Json, Object};

/// The keys of a config, taken one by one; what nobody took is judged at the end.
pub(super) struct Fields {
    prefix: &'static str,
    left: Object,
}

impl Fields {
    pub(super) fn new(prefix: &'static str, object: Object) -> Self {
        Fields {
            prefix,
            left: object,
        }
    }

    /// The full name of a field, for messages.
    pub(super) fn path(&self, field: &str) -> String {
        format!("{}{field}", self.prefix)
    }

    /// Takes a value; `null` is as good as absent, as `transformers` has it.
    pub(super) fn take(&mut self, field: &str) -> Option<Json> {
        let at = self.left.iter().position(|(key, _)| key == field)?;
        match self.left.swap_remove(at).1 {
            Json::Null => None,
            value => Some(value),
        }
    }

    fn wrong(&self, field: &str, expected: &'static str, found: &Json) -> ConfigError {
        ConfigError::Type {
            field: self.path(field),
            expected,
            found: found.to_string(),
            kind: found.kind(),
        }
    }

    pub(super) fn missing(&self, field: &str, expected: &'static str) -> ConfigError {
        ConfigError::Missing {
            field: self.path(field),
            expected,
        }
    }

    pub(super) fn u64(&mut self, field: &str) -> Result<Option<u64>, ConfigError> {
        const EXPECTED: &str = "a non-negative integer";
        match self.take(field) {
            None => Ok(None),
            Some(Json::Unsigned(n)) => Ok(Some(n)),
            // Some exporters write 4096.0.
            Some(Json::Float(x)) if x >= 0.0 && x <= (1u64 << 53) as f64 && x.fract() == 0.0 => {
                Ok(Some(x as u64))
            }
            Some(found) => Err(self.wrong(field, EXPECTED, &found)),
        }
    }

    /// A size from 1 to `most`: the limit that a number is held against before it is used.
    pub(super) fn size(
        &mut self,
        field: &str,
        most: u64,
        expected: &'static str,
    ) -> Result<Option<u64>, ConfigError> {
        match self.u64(field)? {
            Some(n) if n == 0 || n > most => Err(ConfigError::Range {
                field: self.path(field),
                found: n.to_string(),
                expected,
            }),
            n => Ok(n),
        }
    }

    pub(super) fn required_size(
        &mut self,
        field: &str,
        most: u64,
        expected: &'static str,
    ) -> Result<u64, ConfigError> {
        self.size(field, most, expected)?
            .ok_or_else(|| self.missing(field, expected))
    }

    pub(super) fn f64(&mut self, field: &str) -> Result<Option<f64>, ConfigError> {
        match self.take(field) {
            None => Ok(None),
            Some(Json::Float(x)) => Ok(Some(x)),
            Some(Json::Unsigned(n)) => Ok(Some(n as f64)),
            Some(Json::Signed(n)) => Ok(Some(n as f64)),
            Some(found) => Err(self.wrong(field, "a number", &found)),
        }
    }

    /// A number above zero.
    pub(super) fn positive(&mut self, field: &str) -> Result<Option<f64>, ConfigError> {
        match self.f64(field)? {
            Some(x) if x <= 0.0 || !x.is_finite() => Err(ConfigError::Range {
                field: self.path(field),
                found: format!("{x:?}"),
                expected: "a finite number above 0",
            }),
            x => Ok(x),
        }
    }

    pub(super) fn bool(&mut self, field: &str) -> Result<Option<bool>, ConfigError> {
        match self.take(field) {
            None => Ok(None),
            Some(Json::Bool(b)) => Ok(Some(b)),
            Some(found) => Err(self.wrong(field, "true or false", &found)),
        }
    }

    pub(super) fn string(&mut self, field: &str) -> Result<Option<String>, ConfigError> {
        match self.take(field) {
            None => Ok(None),
            Some(Json::String(s)) => Ok(Some(s)),
            Some(found) => Err(self.wrong(field, "a string", &found)),
        }
    }

    pub(super) fn strings(&mut self, field: &str) -> Result<Option<Vec<String>>, ConfigError> {
        const EXPECTED: &str = "an array of strings";
        let items = match self.take(field) {
            None => return Ok(None),
            Some(Json::Array(items)) => items,
            Some(found) => return Err(self.wrong(field, EXPECTED, &found)),
        };
        let mut strings = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Json::String(s) => strings.push(s),
                found => return Err(self.wrong(field, EXPECTED, &found)),
            }
        }
        Ok(Some(strings))
    }

    /// One token id, or an array of them, or none.
    pub(super) fn ids(&mut self, field: &str) -> Result<Vec<u32>, ConfigError> {
        const EXPECTED: &str = "a token id, an array of token ids, or null";
        let items = match self.take(field) {
            None => return Ok(Vec::new()),
            Some(Json::Array(items)) => items,
            Some(one) => vec![one],
        };
        items
            .iter()
            .map(|item| match item {
                Json::Unsigned(n) => u32::try_from(*n).map_err(|_| item),
                _ => Err(item),
            })
            .collect::<Result<_, _>>()
            .map_err(|found| self.wrong(field, EXPECTED, found))
    }

    pub(super) fn object(&mut self, field: &str) -> Result<Option<Object>, ConfigError> {
        match self.take(field) {
            None => Ok(None),
            Some(Json::Object(object)) => Ok(Some(object)),
            Some(found) => Err(self.wrong(field, "an object or null", &found)),
        }
    }

    /// A string that must be one of `supported`.
    pub(super) fn one_of(
        &mut self,
        field: &str,
        supported: &'static [&'static str],
    ) -> Result<Option<String>, ConfigError> {
        match self.string(field)? {
            Some(found) if !supported.contains(&found.as_str()) => Err(ConfigError::Unsupported {
                field: self.path(field),
                found: format!("{found:?}"),
                supported,
            }),
            value => Ok(value),
        }
    }

    /// Refuses any value of `field` that is not idle.
    pub(super) fn refuse(&mut self, field: &str) -> Result<(), ConfigError> {
        match self.take(field) {
            Some(found) if !is_idle(&found) => Err(ConfigError::Unsupported {
                field: self.path(field),
                found: found.to_string(),
                supported: &[],
            }),
            _ => Ok(()),
        }
    }

    /// Judges the keys that are left; `harmless` adds to none, the list or nothing else.
    pub(super) fn finish(self, allow_harmless: bool) -> Result<(), ConfigError> {
        let unknown = self.left.iter().find(|(key, value)| {
            !(is_idle(value) || allow_harmless && HARMLESS.contains(&key.as_str()))
        });
        match unknown {
            None => Ok(()),
            Some((key, value)) => Err(ConfigError::Unknown {
                field: self.path(key),
                found: value.to_string(),
            }),
        }
    }
}

/// How a config says that something is not there.
fn is_idle(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => true,
        Json::Array(items) => items.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        _ => false,
    }
}
