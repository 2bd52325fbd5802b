//! What many types here have in the same form: setters, conversions into an enum, numbers, and fields taken over.

/// Setters, each by its name, its arguments, and what it sets a field to.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($this:ident $(, $given:ident: $kind:ty)*) => $($field:ident).+ = $value:expr;)*) => {
        $($(#[$doc])*
        pub fn $name(mut $this $(, $given: $kind)*) -> Self {
            $this.$($field).+ = $value;
            $this
        })*
    };
}
pub(crate) use setters;

/// Makes an enum of what one of its variants holds.
macro_rules! variants {
    ($name:ident: $($variant:ident($held:ty))*) => {
        $(impl From<$held> for $name {
            fn from(held: $held) -> Self {
                Self::$variant(held)
            }
        })*
    };
}
pub(crate) use variants;

/// One of the document's types, with fields that another has too, and with what that one says beyond the document.
macro_rules! taken {
    ($from:ident => $to:ident { $($field:ident)* }) => {{
        let mut to = $to { $($field: $from.$field.take(),)* ..$to::default() };
        to.extra = std::mem::take(&mut $from.extra);
        to
    }};
}
pub(crate) use taken;

/// What numbers have in common: they are parsed, and not shown by `Debug`.
macro_rules! numbers {
    ($($name:ident)*) => {
        $(impl $name {
            /// The number without blanks and hyphens.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                Self::new(text)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        })*
    };
}
pub(crate) use numbers;
