//! Integers with bounds: any is read, only one within them can be built.

/// An integer within bounds.
macro_rules! integer {
    ($name:ident, $min:expr, $max:expr) => {
        impl $name {
            /// The number as it came, or as it was given.
            #[inline]
            pub fn get(self) -> i64 {
                self.0
            }
        }

        impl $crate::check::Check for $name {
            #[inline]
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

            #[inline]
            fn try_from(number: i64) -> Result<Self, $crate::check::Invalid> {
                let value = Self(number);
                $crate::check::Check::check(&value)?;
                Ok(value)
            }
        }

        impl std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl $crate::value::Read for $name {
            #[inline]
            fn read_str(text: &str) -> Option<Self> {
                <i64 as $crate::value::Read>::read_str(text).map(Self)
            }

            #[inline]
            fn read_number(number: &serde_json::Number) -> Option<Self> {
                <i64 as $crate::value::Read>::read_number(number).map(Self)
            }
        }

        impl $crate::value::Plain for $name {
            #[inline]
            fn plain(&self) -> String {
                self.0.to_string()
            }
        }

        $crate::value::deserialize_by_reading!($name);

        impl serde::Serialize for $name {
            #[inline]
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
