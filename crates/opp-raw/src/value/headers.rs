//! Headers: objects like any other, and texts when they are sent or come.

use super::{Extra, Plain, Read, Slot};

/// Gives the struct of the request headers what every object has, and the text of each.
macro_rules! request_headers {
    ($name:ident { $( $field:ident: $wire:literal ),* $(,)? }) => {
        $crate::value::object! { $name { $( $field: $wire ),* } private true }

        impl $name {
            /// Every header by its name, with its text if it is set.
            #[inline]
            pub(crate) fn texts(&self) -> Vec<(&'static str, Option<&dyn $crate::value::Plain>)> {
                vec![$( ($wire, $crate::value::text_of(&self.$field)) ),*]
            }
        }
    };
}
pub(crate) use request_headers;

/// The text of a header, not made yet.
#[allow(clippy::ref_option, reason = "called for a field of each type, so all is done in here")]
pub(crate) fn text_of<T: Plain>(field: &Option<T>) -> Option<&dyn Plain> {
    match field {
        Some(value) => Some(value),
        None => None,
    }
}

/// Gives the struct of the response headers what every object has, and its reading from the text of each.
macro_rules! response_headers {
    ($name:ident { $( $field:ident: $wire:literal ),* $(,)? }) => {
        $crate::value::object! { $name { $( $field: $wire ),* } }

        impl $name {
            /// Asks for each header by its name.
            #[allow(unused_mut, unused_variables)]
            pub(crate) fn from_texts(text: &dyn Fn(&str) -> Option<String>) -> Self {
                let mut headers = Self::default();
                $( $crate::value::read_text_of(&mut headers.$field, $wire, text($wire), &mut headers.extra); )*
                headers
            }
        }
    };
}
pub(crate) use response_headers;

/// Reads a header from its text.
pub(crate) fn read_text_of<S: Slot>(field: &mut S, name: &'static str, text: Option<String>, extra: &mut Extra) {
    let Some(text) = text else { return };
    match S::Value::read_str(&text) {
        Some(value) => *field = S::of(value),
        None => extra.insert(name, text),
    }
}
