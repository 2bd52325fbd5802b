//! What goes wrong with this API, a page for each: what happens, what one does wrong by hand, what this crate does.
//!
//! The snippets are tests. Sources are named by the sections of the project's collection of facts about the platform.

/// A module for each page, by the name of its file.
macro_rules! pages {
    ($($name:ident)*) => {
        $(#[doc = include_str!(concat!("../docs/traps/", stringify!($name), ".md"))]
        pub mod $name {})*
    };
}

pages! {
    actc_is_not_paid answers_as_they_are bank_bodies challenge_data context_scope floats frequency_per_day
    hosts methods_by_position next_address polling redirect_placeholders repeated_payments request_id
    sticky_headers tokens unknown_words
}
