//! Enums that know their values and keep the others, and bodies that are one of several types.

use serde::Deserializer;
use serde_json::Value;

use super::{Fit, Read};
use crate::check::Invalid;

/// Reads an enum as a string is read.
pub(crate) fn read_text<'de, T: Read, D: Deserializer<'de>>(deserializer: D) -> Result<Fit<T>, D::Error> {
    Ok(match String::read(deserializer)? {
        Fit::Value(text) => T::read_str(&text).map_or(Fit::Misfit(Value::String(text)), Fit::Value),
        Fit::Null => Fit::Null,
        Fit::Misfit(value) => Fit::Misfit(value),
    })
}

/// The value of an enum that a text names, if the document knows it.
pub(crate) fn known<T: Read>(text: &str, is_known: fn(&T) -> bool) -> Result<T, Invalid> {
    let value = T::read_str(text).filter(is_known);
    value.ok_or_else(|| Invalid::new("is none of the values that the document knows"))
}

/// Gives a generated enum its text. A value that is not among those known is kept as `Unknown`.
macro_rules! open_enum {
    ($name:ident { $( $variant:ident = $wire:literal ),* $(,)? }) => {
        impl $name {
            /// Every value that the document knows.
            pub const KNOWN: &'static [Self] = &[$( Self::$variant ),*];

            /// The value as it stands on the wire.
            #[inline]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $wire, )*
                    Self::Unknown(text) => text,
                }
            }

            /// Whether the document knows the value.
            #[inline]
            pub fn is_known(&self) -> bool {
                !matches!(self, Self::Unknown(_))
            }
        }

        impl std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        /// Strict: a value that the document does not know is refused. Name it as `Unknown` to send it all the same.
        impl std::str::FromStr for $name {
            type Err = $crate::check::Invalid;

            #[inline]
            fn from_str(text: &str) -> Result<Self, $crate::check::Invalid> {
                $crate::value::known(text, Self::is_known)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::check::Invalid;

            #[inline]
            fn try_from(text: &str) -> Result<Self, $crate::check::Invalid> {
                text.parse()
            }
        }

        impl $crate::check::Check for $name {}

        impl $crate::value::Read for $name {
            /// As a string is read, by the same code for every enum.
            #[inline]
            fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<$crate::value::Fit<Self>, D::Error> {
                $crate::value::read_text(deserializer)
            }

            #[inline]
            fn read_str(text: &str) -> Option<Self> {
                Some(match text {
                    $( $wire => Self::$variant, )*
                    _ => Self::Unknown(text.to_owned()),
                })
            }

            #[inline]
            fn read_bool(flag: bool) -> Option<Self> {
                Self::read_str(if flag { "true" } else { "false" })
            }

            #[inline]
            fn read_number(number: &serde_json::Number) -> Option<Self> {
                Self::read_str(&number.to_string())
            }
        }

        impl $crate::value::Plain for $name {
            #[inline]
            fn plain(&self) -> String {
                self.as_str().to_owned()
            }
        }

        $crate::value::deserialize_by_reading!($name);

        impl serde::Serialize for $name {
            #[inline]
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg(feature = "schemars")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let known: &[&str] = &[$( $wire ),*];
                schemars::json_schema!({ "type": "string", "examples": known })
            }
        }
    };
}
pub(crate) use open_enum;

/// Gives a body that is one of several types its writing and reading. Whichever type has a place for most of the
/// fields is the one that is read; the first wins a tie.
macro_rules! choice {
    ($name:ident { $( $variant:ident ),* $(,)? }) => {
        $(
            impl From<$variant> for $name {
                #[inline]
                fn from(value: $variant) -> Self {
                    Self::$variant(value)
                }
            }
        )*

        impl $crate::check::Check for $name {
            #[inline]
            fn check(&self) -> Result<(), $crate::check::Invalid> {
                match self { $( Self::$variant(value) => value.check(), )* }
            }
        }

        impl $crate::value::Read for $name {
            #[inline]
            fn read_map<'de, A: serde::de::MapAccess<'de>>(map: A) -> Result<$crate::value::Fit<Self>, A::Error> {
                let fields = serde::Deserialize::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                let value = serde_json::Value::Object(fields);
                let mut best: Option<(usize, Self)> = None;
                $(
                    if let $crate::value::Fit::Value(read) = $crate::value::read_value::<$variant>(&value) {
                        let left = read.extra.iter().count();
                        let broken = usize::from($crate::check::Check::check(&read).is_err());
                        let cost = 2 * left + broken;
                        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                            best = Some((cost, Self::$variant(read)));
                        }
                    }
                )*
                Ok(best.map_or($crate::value::Fit::Misfit(value), |(_, read)| $crate::value::Fit::Value(read)))
            }
        }

        $crate::value::deserialize_by_reading!($name);

        impl serde::Serialize for $name {
            #[inline]
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self { $( Self::$variant(value) => value.serialize(serializer), )* }
            }
        }
    };
}
pub(crate) use choice;
