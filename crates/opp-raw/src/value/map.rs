//! Objects whose keys are data.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::de::MapAccess;
use serde_json::Value;

use super::{Extra, Fit, Read, Seed};
use crate::check::{Check, Invalid};

/// A map by key, with whatever did not fit beside it.
#[derive(Clone, PartialEq)]
pub struct Map<T> {
    entries: BTreeMap<String, T>,
    extra: Extra,
}

impl<T> Map<T> {
    /// The entries that could not be understood.
    pub fn misfits(&self) -> &Extra {
        &self.extra
    }

    /// Puts an entry where it belongs. If its key came before, this one counts.
    fn put(&mut self, key: String, fit: Fit<T>) {
        let misfit = match fit {
            Fit::Value(value) => {
                self.extra.remove(&key);
                self.entries.insert(key, value);
                return;
            }
            Fit::Null => Value::Null,
            Fit::Misfit(value) => value,
        };
        self.entries.remove(&key);
        self.extra.insert(key, misfit);
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.extra.is_empty()
    }
}

impl<T> Default for Map<T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), extra: Extra::default() }
    }
}

impl<T> From<BTreeMap<String, T>> for Map<T> {
    fn from(entries: BTreeMap<String, T>) -> Self {
        Self { entries, extra: Extra::default() }
    }
}

impl<T> Deref for Map<T> {
    type Target = BTreeMap<String, T>;

    fn deref(&self) -> &Self::Target {
        &self.entries
    }
}

impl<T> DerefMut for Map<T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.entries
    }
}

/// Keys only: what a map without declared fields holds may be anything.
impl<T> fmt::Debug for Map<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.entries.keys()).entries(self.extra.iter().map(|(name, _)| name)).finish()
    }
}

impl<T: Read> Read for Map<T> {
    fn read_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Fit<Self>, A::Error> {
        let mut read = Self::default();
        while let Some(key) = map.next_key::<String>()? {
            read.put(key, map.next_value_seed(Seed::<T>::new())?);
        }
        Ok(Fit::Value(read))
    }
}

impl<'de, T: Read> serde::Deserialize<'de> for Map<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Self::read(deserializer)? {
            Fit::Value(map) => Ok(map),
            Fit::Null => Ok(Self::default()),
            Fit::Misfit(_) => Err(serde::de::Error::custom("this is no object")),
        }
    }
}

impl<T: serde::Serialize> serde::Serialize for Map<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &self.entries {
            map.serialize_entry(key, value)?;
        }
        for (key, value) in self.extra.iter() {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl<T: Check> Check for Map<T> {
    fn check(&self) -> Result<(), Invalid> {
        self.entries.iter().try_for_each(|(key, value)| value.check().map_err(|invalid| invalid.within(key)))
    }
}

#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Map<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        <BTreeMap<String, T>>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <BTreeMap<String, T>>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Map;
    use crate::check::Check;
    use crate::types::Amount;

    fn read(text: &str) -> Map<Amount> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_mistake_in_a_map_names_the_key() {
        let map =
            read(r#"{"fee": {"currency": "SEK", "amount": "1.00"}, "sum": {"currency": "SEK", "amount": "1,00"}}"#);
        assert_eq!(map.check().unwrap_err().field(), "sum.amount");
    }

    #[test]
    fn of_a_key_that_comes_twice_the_last_value_counts() {
        let fits_last = read(r#"{"fee": 7, "sum": null, "fee": {"amount": "1.00"}}"#);
        assert_eq!((fits_last.len(), fits_last.misfits().get("fee")), (1, None));
        let fits_first = read(r#"{"fee": {"amount": "1.00"}, "fee": 7}"#);
        assert_eq!((fits_first.len(), fits_first.misfits().get("fee")), (0, Some(&json!(7))));
        assert_eq!(serde_json::to_string(&fits_first).unwrap(), r#"{"fee":7}"#);
    }
}
