//! What came beyond the document: unknown fields, and known ones with a value of another kind.

use std::fmt;

use serde_json::{Map, Value};

use super::{Fit, Read, read_value};

/// Fields of an object that its type has no place for, under their names, exactly as they came.
///
/// Empty for nearly every object, and then no larger than a pointer. [`Debug`](fmt::Debug) shows names only.
#[derive(Clone, Default, PartialEq)]
pub struct Extra(Option<Box<Map<String, Value>>>);

impl Extra {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The value under a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.get(name)
    }

    /// The value under a name, read as a type of this crate: `links.extra.read::<HrefType>("download")`.
    pub fn read<T: Read>(&self, name: &str) -> Option<T> {
        match read_value(self.get(name)?) {
            Fit::Value(value) => Some(value),
            Fit::Null | Fit::Misfit(_) => None,
        }
    }

    /// All of it, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().flat_map(|map| map.iter()).map(|(name, value)| (name.as_str(), value))
    }

    /// Adds a field, to send something that the document does not know yet.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.get_or_insert_default().insert(name.into(), value.into());
    }

    /// Takes a field out, such as a value that did not fit and has been replaced by one that does.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let value = self.0.as_mut()?.remove(name);
        if self.0.as_ref().is_some_and(|map| map.is_empty()) {
            self.0 = None;
        }
        value
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Extra {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Extra".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object" })
    }
}
