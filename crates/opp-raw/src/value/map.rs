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
            match map.next_value_seed(Seed::<T>::new())? {
                Fit::Value(value) => {
                    read.entries.insert(key, value);
                }
                Fit::Null => read.extra.insert(key, Value::Null),
                Fit::Misfit(value) => read.extra.insert(key, value),
            }
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
        self.entries.values().try_for_each(Check::check)
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
