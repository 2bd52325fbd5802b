//! What many types here have in the same form: setters, and conversions into an enum.

/// Setters, each by its name, its argument, and what it sets a field to.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($this:ident $(, $given:ident: $kind:ty)?) => $($field:ident).+ = $value:expr;)*) => {
        $($(#[$doc])*
        pub fn $name(mut $this $(, $given: $kind)?) -> Self {
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
