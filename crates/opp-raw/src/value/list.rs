//! Lists of which one bad element spoils nothing.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::de::{MapAccess, SeqAccess};
use serde::ser::SerializeSeq;
use serde_json::Value;

use super::{Fit, Read};
use crate::check::{Check, Invalid};

/// A list as a bank sent it: the elements that were understood, and the others beside them.
///
/// It is a `Vec` to whoever reads or fills it. A missing list and an empty one are both empty; only the second is
/// written again.
#[derive(Clone, PartialEq)]
pub struct List<T> {
    items: Vec<T>,
    /// Where it stood in the original, and what it was.
    misfits: Vec<(usize, Value)>,
    given: bool,
}

impl<T> List<T> {
    /// An empty list that is not written.
    pub const fn new() -> Self {
        Self { items: Vec::new(), misfits: Vec::new(), given: false }
    }

    /// The elements that could not be understood, as they came.
    pub fn misfits(&self) -> impl Iterator<Item = &Value> {
        self.misfits.iter().map(|(_, value)| value)
    }

    /// The elements alone.
    pub fn into_vec(self) -> Vec<T> {
        self.items
    }

    /// Whether it holds nothing and was never given.
    pub(crate) fn is_unset(&self) -> bool {
        !self.given && self.items.is_empty() && self.misfits.is_empty()
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, misfits: Vec::new(), given: true }
    }
}

impl<T, const N: usize> From<[T; N]> for List<T> {
    fn from(items: [T; N]) -> Self {
        Vec::from(items).into()
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Vec::from_iter(items).into()
    }
}

impl<T> Deref for List<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.items
    }
}

impl<T> DerefMut for List<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.items
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        list.entries(&self.items);
        if !self.misfits.is_empty() {
            list.entry(&format_args!("{} not understood", self.misfits.len()));
        }
        list.finish()
    }
}

impl<T: Read> Read for List<T> {
    const SHAPELESS: bool = T::SHAPELESS;

    fn read_str(text: &str) -> Option<Self> {
        T::read_str(text).map(|item| [item].into())
    }

    fn read_bool(flag: bool) -> Option<Self> {
        T::read_bool(flag).map(|item| [item].into())
    }

    fn read_number(number: &serde_json::Number) -> Option<Self> {
        T::read_number(number).map(|item| [item].into())
    }

    fn read_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Fit<Self>, A::Error> {
        // A size hint is a stranger's promise: trust it only so far.
        let mut list = Self {
            items: Vec::with_capacity(seq.size_hint().unwrap_or(0).min(1024)),
            misfits: Vec::new(),
            given: true,
        };
        let mut position = 0;
        while let Some(fit) = T::read_next(&mut seq, &mut list.items)? {
            match fit {
                Fit::Value(()) => {}
                Fit::Null => list.misfits.push((position, Value::Null)),
                Fit::Misfit(value) => list.misfits.push((position, value)),
            }
            position += 1;
        }
        Ok(Fit::Value(list))
    }

    fn read_map<'de, A: MapAccess<'de>>(map: A) -> Result<Fit<Self>, A::Error> {
        Ok(T::read_map(map)?.map(|item| [item].into()))
    }
}

impl<'de, T: Read> serde::Deserialize<'de> for List<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Self::read(deserializer)? {
            Fit::Value(list) => Ok(list),
            Fit::Null => Ok(Self::new()),
            // A single element of no known kind is still a list with a misfit in it.
            Fit::Misfit(value) => Ok(Self { items: Vec::new(), misfits: vec![(0, value)], given: true }),
        }
    }
}

impl<T: serde::Serialize> serde::Serialize for List<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.items.len() + self.misfits.len()))?;
        let mut misfits = self.misfits.iter().peekable();
        let mut position = 0;
        for item in &self.items {
            while let Some((_, value)) = misfits.next_if(|(at, _)| *at <= position) {
                seq.serialize_element(value)?;
                position += 1;
            }
            seq.serialize_element(item)?;
            position += 1;
        }
        for (_, value) in misfits {
            seq.serialize_element(value)?;
        }
        seq.end()
    }
}

impl<T: Check> Check for List<T> {
    fn check(&self) -> Result<(), Invalid> {
        if !self.misfits.is_empty() {
            return Err(Invalid::new("holds elements that were not understood"));
        }
        self.items.iter().enumerate().try_for_each(|(i, item)| item.check().map_err(|invalid| invalid.within_item(i)))
    }
}

#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for List<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        <Vec<T>>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <Vec<T>>::json_schema(generator)
    }
}
