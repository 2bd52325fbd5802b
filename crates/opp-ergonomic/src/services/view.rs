//! Types of our own around what the raw client read.

/// A type of our own around a raw one, with its texts by name.
macro_rules! view {
    ($(#[$doc:meta])* $name:ident($raw:ident) { $($(#[$text_doc:meta])* $method:ident: $field:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq)]
        pub struct $name(pub(crate) opp_raw::types::$raw);

        impl $name {
            $($(#[$text_doc])*
            pub fn $method(&self) -> Option<&str> {
                self.0.$field.as_ref().map(|text| text.as_str())
            })*

            /// All that the platform said.
            pub fn raw(&self) -> &opp_raw::types::$raw {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}
pub(crate) use view;
