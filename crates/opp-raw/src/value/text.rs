//! Text with rules: any value is read, only one that keeps the rules can be built.
//!
//! There are about a hundred kinds of text in the document. They are one generic type, so that they are written and
//! compiled once.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;

use super::{Automaton, Fit, Plain, Read};
use crate::check::{Check, Invalid};

/// A text of one kind, such as [`Iban`](crate::types::Iban): the kinds are told apart by `K` and never mixed up.
///
/// Whatever a bank sends is read. What is to be sent is made with `try_from` or `parse`, which hold it against the
/// document's rules for the kind.
pub struct Text<K>(String, PhantomData<fn() -> K>);

/// A kind of text.
pub trait Kind: 'static {
    /// The name of its type.
    const NAME: &'static str;

    /// What the document demands of it.
    fn rule() -> &'static Rule;
}

/// A kind that may be shown: no number of an account, nothing of the user's.
pub trait Shown: Kind {}

/// A kind that is a day.
pub trait Dated: Kind {}

/// A kind that is an instant.
pub trait Timed: Kind {}

impl<K> Text<K> {
    fn new(text: String) -> Self {
        Self(text, PhantomData)
    }

    /// The text as it came, or as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<K: Dated> Text<K> {
    /// The day, if the text begins with one; a time behind it is passed over.
    pub fn day(&self) -> Option<NaiveDate> {
        day(&self.0)
    }
}

impl<K: Timed> Text<K> {
    /// The instant, if the text is one.
    pub fn instant(&self) -> Option<DateTime<FixedOffset>> {
        instant(&self.0)
    }
}

impl<K: Dated> From<NaiveDate> for Text<K> {
    fn from(day: NaiveDate) -> Self {
        Self::new(day.format("%Y-%m-%d").to_string())
    }
}

impl<K: Timed> From<DateTime<FixedOffset>> for Text<K> {
    fn from(instant: DateTime<FixedOffset>) -> Self {
        Self::new(instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl<K: Kind> TryFrom<String> for Text<K> {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        K::rule().check(&text)?;
        Ok(Self::new(text))
    }
}

impl<K: Kind> TryFrom<&str> for Text<K> {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        Self::try_from(text.to_owned())
    }
}

impl<K: Kind> FromStr for Text<K> {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::try_from(text)
    }
}

impl<K: Kind> Check for Text<K> {
    fn check(&self) -> Result<(), Invalid> {
        K::rule().check(&self.0)
    }
}

impl<K> Read for Text<K> {
    /// As a string is read, by the same code for every kind.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fit<Self>, D::Error> {
        Ok(String::read(deserializer)?.map(Self::new))
    }

    fn read_str(text: &str) -> Option<Self> {
        String::read_str(text).map(Self::new)
    }

    fn read_bool(flag: bool) -> Option<Self> {
        String::read_bool(flag).map(Self::new)
    }

    fn read_number(number: &Number) -> Option<Self> {
        String::read_number(number).map(Self::new)
    }
}

impl<K> Plain for Text<K> {
    fn plain(&self) -> String {
        self.0.clone()
    }
}

impl<'de, K: Kind> Deserialize<'de> for Text<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Self::read(deserializer)? {
            Fit::Value(text) => Ok(text),
            Fit::Null | Fit::Misfit(_) => Err(D::Error::custom(format_args!("this is no {}", K::NAME))),
        }
    }
}

impl<K> Serialize for Text<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<K: Shown> fmt::Display for Text<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Shows the value of kinds that may be shown alone.
impl<K: Kind> fmt::Debug for Text<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        K::rule().show(&self.0, f)
    }
}

// By hand, since `derive` would ask the same of `K`.

impl<K> Clone for Text<K> {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl<K> PartialEq for Text<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K> Eq for Text<K> {}

impl<K> Hash for Text<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<K> PartialOrd for Text<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Text<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

#[cfg(feature = "schemars")]
impl<K: Kind> schemars::JsonSchema for Text<K> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        K::NAME.into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        K::rule().schema()
    }
}

/// What the document demands of a kind of text.
#[derive(Debug)]
pub struct Rule {
    min: usize,
    max: usize,
    /// A pattern, which has to match the whole text, and what takes the texts that it matches.
    pattern: Option<(&'static str, Automaton)>,
    format: Format,
    secret: bool,
}

/// The formats that are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "not every document has every format")]
pub(crate) enum Format {
    Any,
    Date,
    DateTime,
    Uuid,
}

#[allow(dead_code, reason = "not every document has every rule")]
impl Rule {
    /// No rule at all.
    pub(crate) const fn any() -> Self {
        Self { min: 0, max: usize::MAX, pattern: None, format: Format::Any, secret: false }
    }

    pub(crate) const fn min(mut self, min: usize) -> Self {
        self.min = min;
        self
    }

    pub(crate) const fn max(mut self, max: usize) -> Self {
        self.max = max;
        self
    }

    pub(crate) const fn pattern(mut self, pattern: &'static str, automaton: Automaton) -> Self {
        self.pattern = Some((pattern, automaton));
        self
    }

    pub(crate) const fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// The text is never shown.
    pub(crate) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    fn show(&self, text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.secret { f.write_str("[redacted]") } else { fmt::Debug::fmt(text, f) }
    }

    /// Refuses a text that breaks the rule.
    fn check(&self, text: &str) -> Result<(), Invalid> {
        let length = text.chars().count();
        if length < self.min {
            return Err(Invalid::new(format!("is shorter than {} characters", self.min)));
        }
        if length > self.max {
            return Err(Invalid::new(format!("is longer than {} characters", self.max)));
        }
        match self.format {
            Format::Date if day(text).is_none() || text.len() != 10 => {
                return Err(Invalid::new("is no date of the form yyyy-MM-dd"));
            }
            Format::DateTime if instant(text).is_none() => {
                return Err(Invalid::new("is no time of the form yyyy-MM-ddTHH:mm:ss+01:00"));
            }
            Format::Uuid if uuid::Uuid::try_parse(text).is_err() => return Err(Invalid::new("is no UUID")),
            Format::Any | Format::Date | Format::DateTime | Format::Uuid => {}
        }
        match &self.pattern {
            Some((pattern, automaton)) if !automaton.takes(text) => {
                Err(Invalid::new(format!("does not match {pattern}")))
            }
            _ => Ok(()),
        }
    }

    /// The rule as JSON Schema.
    #[cfg(feature = "schemars")]
    fn schema(&self) -> schemars::Schema {
        let mut schema = serde_json::Map::from_iter([("type".to_owned(), "string".into())]);
        if self.min > 0 {
            schema.insert("minLength".into(), self.min.into());
        }
        if self.max < usize::MAX {
            schema.insert("maxLength".into(), self.max.into());
        }
        if let Some((pattern, _)) = &self.pattern {
            // Patterns of the document are often not anchored, and mean the whole text nevertheless.
            schema.insert("pattern".into(), format!("^(?:{pattern})$").into());
        }
        let format = match self.format {
            Format::Any => None,
            Format::Date => Some("date"),
            Format::DateTime => Some("date-time"),
            Format::Uuid => Some("uuid"),
        };
        if let Some(format) = format {
            schema.insert("format".into(), format.into());
        }
        schema.into()
    }
}

/// The day that a text begins with: a date may come with a time behind it.
fn day(text: &str) -> Option<NaiveDate> {
    let head = text.get(..10)?;
    let rest = text.get(10..)?;
    if !(rest.is_empty() || rest.starts_with(['T', ' '])) {
        return None;
    }
    NaiveDate::parse_from_str(head, "%Y-%m-%d").ok()
}

/// The instant that a text names.
fn instant(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).ok()
}

/// A kind of text with its rules, and what else is true of it.
macro_rules! kind {
    ($name:ident $(, $rule:ident ( $($value:expr),* ))* $(; $special:ident)*) => {
        #[doc = concat!("Tells [`", stringify!($name), "`](super::", stringify!($name), ") from other texts.")]
        pub enum $name {}

        impl $crate::value::Kind for $name {
            const NAME: &'static str = stringify!($name);

            #[inline]
            fn rule() -> &'static $crate::value::Rule {
                static RULE: $crate::value::Rule = $crate::value::Rule::any()$( .$rule($($value),*) )*;
                &RULE
            }
        }

        $( impl $crate::value::$special for $name {} )*
    };
}
pub(crate) use kind;
