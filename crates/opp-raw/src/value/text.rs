//! Text and integers with rules: any value is read, only one that keeps the rules can be built.

use std::sync::OnceLock;

use crate::check::Invalid;

/// What the document demands of a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) min: usize,
    pub(crate) max: usize,
    /// A pattern that ECMAScript and `regex_lite` read alike; it has to match the whole text.
    pub(crate) pattern: Option<&'static str>,
    pub(crate) format: Format,
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

impl Rule {
    /// No rule at all.
    pub(crate) const ANY: Self = Self { min: 0, max: usize::MAX, pattern: None, format: Format::Any };

    /// Refuses a text that breaks the rule; the compiled pattern is kept by the type.
    pub(crate) fn check(&self, text: &str, compiled: &OnceLock<Option<regex_lite::Regex>>) -> Result<(), Invalid> {
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
        if let Some(pattern) = self.pattern {
            // Patterns of the document are often not anchored, and mean the whole text nevertheless.
            let regex = compiled.get_or_init(|| regex_lite::Regex::new(&format!("^(?:{pattern})$")).ok());
            if regex.as_ref().is_some_and(|regex| !regex.is_match(text)) {
                return Err(Invalid::new(format!("does not match {pattern}")));
            }
        }
        Ok(())
    }
}

/// The day that a text begins with: a date may come with a time behind it.
pub(crate) fn day(text: &str) -> Option<chrono::NaiveDate> {
    let head = text.get(..10)?;
    let rest = text.get(10..)?;
    if !(rest.is_empty() || rest.starts_with(['T', ' '])) {
        return None;
    }
    chrono::NaiveDate::parse_from_str(head, "%Y-%m-%d").ok()
}

/// The instant that a text names.
pub(crate) fn instant(text: &str) -> Option<chrono::DateTime<chrono::FixedOffset>> {
    chrono::DateTime::parse_from_rfc3339(text).ok()
}

/// What every text type has, whatever its rule.
macro_rules! text {
    ($name:ident $(, $rule:ident = $value:expr)* $(; $special:ident)*) => {
        impl $name {
            #[allow(clippy::needless_update)]
            const RULE: $crate::value::Rule = $crate::value::Rule { $( $rule: $value, )* ..$crate::value::Rule::ANY };

            /// The text as it came, or as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            $( $crate::value::text_of!(@method $special $name); )*
        }

        $( $crate::value::text_of!(@from $special $name); )*

        $crate::value::text_of!(@debug $name $($special)*);

        impl $crate::check::Check for $name {
            fn check(&self) -> Result<(), $crate::check::Invalid> {
                static PATTERN: std::sync::OnceLock<Option<regex_lite::Regex>> = std::sync::OnceLock::new();
                Self::RULE.check(&self.0, &PATTERN)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::check::Invalid;

            fn try_from(text: String) -> Result<Self, $crate::check::Invalid> {
                let value = Self(text);
                $crate::check::Check::check(&value)?;
                Ok(value)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::check::Invalid;

            fn try_from(text: &str) -> Result<Self, $crate::check::Invalid> {
                Self::try_from(text.to_owned())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::check::Invalid;

            fn from_str(text: &str) -> Result<Self, $crate::check::Invalid> {
                Self::try_from(text)
            }
        }

        impl $crate::value::Read for $name {
            /// As a string is read, by the same code for every type of text.
            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<$crate::value::Fit<Self>, D::Error> {
                Ok(<String as $crate::value::Read>::read(deserializer)?.map(Self))
            }

            fn read_str(text: &str) -> Option<Self> {
                Some(Self(text.to_owned()))
            }

            fn read_bool(flag: bool) -> Option<Self> {
                <String as $crate::value::Read>::read_bool(flag).map(Self)
            }

            fn read_number(number: &serde_json::Number) -> Option<Self> {
                <String as $crate::value::Read>::read_number(number).map(Self)
            }
        }

        impl $crate::value::Plain for $name {
            fn plain(&self) -> String {
                self.as_str().to_owned()
            }
        }

        $crate::value::deserialize_by_reading!($name);

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        #[cfg(feature = "schemars")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::value::schema_of(Self::RULE)
            }
        }
    };
}
pub(crate) use text;

/// The parts of [`text!`] that only some types have.
macro_rules! text_of {
    (@method date $name:ident) => {
        /// The day, if the text begins with one; a time behind it is passed over.
        pub fn day(&self) -> Option<chrono::NaiveDate> {
            $crate::value::day(&self.0)
        }
    };
    (@method instant $name:ident) => {
        /// The instant, if the text is one.
        pub fn instant(&self) -> Option<chrono::DateTime<chrono::FixedOffset>> {
            $crate::value::instant(&self.0)
        }
    };
    (@method secret $name:ident) => {};
    (@from date $name:ident) => {
        impl From<chrono::NaiveDate> for $name {
            fn from(day: chrono::NaiveDate) -> Self {
                Self(day.format("%Y-%m-%d").to_string())
            }
        }
    };
    (@from instant $name:ident) => {
        impl From<chrono::DateTime<chrono::FixedOffset>> for $name {
            fn from(instant: chrono::DateTime<chrono::FixedOffset>) -> Self {
                Self(instant.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
            }
        }
    };
    (@from secret $name:ident) => {};
    (@debug $name:ident $($special:ident)* ) => {
        $crate::value::text_of!(@choose $name [$($special)*]);
    };
    (@choose $name:ident [secret $($rest:ident)*]) => {
        /// Never shows the value.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("[redacted]")
            }
        }
    };
    (@choose $name:ident [$($rest:ident)*]) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&self.0, f)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use text_of;

/// The rule as JSON Schema.
#[cfg(feature = "schemars")]
pub(crate) fn schema_of(rule: Rule) -> schemars::Schema {
    let mut schema = serde_json::Map::from_iter([("type".to_owned(), "string".into())]);
    if rule.min > 0 {
        schema.insert("minLength".into(), rule.min.into());
    }
    if rule.max < usize::MAX {
        schema.insert("maxLength".into(), rule.max.into());
    }
    if let Some(pattern) = rule.pattern {
        schema.insert("pattern".into(), format!("^(?:{pattern})$").into());
    }
    let format = match rule.format {
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

/// An integer within bounds.
macro_rules! integer {
    ($name:ident, $min:expr, $max:expr) => {
        impl $name {
            /// The number as it came, or as it was given.
            pub fn get(self) -> i64 {
                self.0
            }
        }

        impl $crate::check::Check for $name {
            fn check(&self) -> Result<(), $crate::check::Invalid> {
                if self.0 < $min {
                    return Err($crate::check::Invalid::new(concat!("is less than ", stringify!($min))));
                }
                if self.0 > $max {
                    return Err($crate::check::Invalid::new(concat!("is more than ", stringify!($max))));
                }
                Ok(())
            }
        }

        impl TryFrom<i64> for $name {
            type Error = $crate::check::Invalid;

            fn try_from(number: i64) -> Result<Self, $crate::check::Invalid> {
                let value = Self(number);
                $crate::check::Check::check(&value)?;
                Ok(value)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl $crate::value::Read for $name {
            fn read_str(text: &str) -> Option<Self> {
                <i64 as $crate::value::Read>::read_str(text).map(Self)
            }

            fn read_number(number: &serde_json::Number) -> Option<Self> {
                <i64 as $crate::value::Read>::read_number(number).map(Self)
            }
        }

        impl $crate::value::Plain for $name {
            fn plain(&self) -> String {
                self.0.to_string()
            }
        }

        $crate::value::deserialize_by_reading!($name);

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.0)
            }
        }

        #[cfg(feature = "schemars")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "integer", "minimum": $min, "maximum": $max })
            }
        }
    };
}
pub(crate) use integer;
