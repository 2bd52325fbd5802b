//! Two macros: types of our own around what the raw client read, and words that may grow.

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

/// A set of words that the platform uses, and may add to.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_doc])* $variant,)*
            /// A word that this edition does not know.
            Other(String),
        }

        impl $name {
            /// The platform's word for it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }

            /// Reads the platform's word for it.
            pub fn read(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)*
                    _ => Self::Other(word.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;
